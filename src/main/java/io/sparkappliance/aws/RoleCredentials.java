package io.sparkappliance.aws;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Whose credentials the appliance uses: the container's, or the instance role's. */
public final class RoleCredentials {
  /** A request may take as long on its way. */
  private static final Duration RENEWED_BEFORE_END = Duration.ofMinutes(1);

  private RoleCredentials() {}

  /** The container's, or the role's: nobody's keys. */
  public static AwsCredentialsProviderChain ofThisMachine() {
    return AwsCredentialsProviderChain.of(
        ContainerCredentialsProvider.create(),
        InstanceProfileCredentialsProvider.builder().staleTime(RENEWED_BEFORE_END).build());
  }

  /** Whether they are the instance role's, if there is one: nobody gave others. */
  public static boolean areTheInstances(Map<String, String> environment) {
    return Stream.of(
            "AWS_ACCESS_KEY_ID",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        .allMatch(name -> environment.getOrDefault(name, "").isBlank());
  }

  /** The same, unless the environment has a key: then that one alone. */
  public static AwsCredentialsProvider of(Map<String, String> environment) {
    String key = environment.getOrDefault("AWS_ACCESS_KEY_ID", "");
    String secret = environment.getOrDefault("AWS_SECRET_ACCESS_KEY", "");
    if (key.isBlank() || secret.isBlank()) {
      return ofThisMachine();
    }
    String token = environment.getOrDefault("AWS_SESSION_TOKEN", "");
    return StaticCredentialsProvider.create(
        token.isBlank()
            ? AwsBasicCredentials.create(key, secret)
            : AwsSessionCredentials.create(key, secret, token));
  }
}
