package io.sparkappliance.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretReference;
import io.sparkappliance.settings.SecretSource.Answer;
import io.sparkappliance.settings.SecretSource.Failed;
import io.sparkappliance.settings.SecretSource.Found;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SecretKeepersTest {
  private final List<Duration> pauses = new ArrayList<>();
  private final List<AwsApi> opened = new ArrayList<>();
  private FakeSecrets server;
  private SecretKeepers keepers;

  @BeforeEach
  void start() throws IOException {
    server = new FakeSecrets();
    keepers =
        new SecretKeepers(
            region -> {
              opened.add(
                  new AwsApi(
                      region.orElse("eu-central-1"),
                      server.environment(),
                      line -> {},
                      pauses::add,
                      System::nanoTime));
              return opened.getLast();
            });
  }

  @AfterEach
  void stop() {
    opened.forEach(AwsApi::close);
    server.close();
  }

  @Test
  void parametersComeDecryptedTenAtATime() {
    List<String> references =
        IntStream.range(0, 23).mapToObj(i -> "ssm:/spark/%02d".formatted(i)).toList();
    IntStream.range(0, 23).forEach(i -> server.parameter("/spark/%02d".formatted(i), "value" + i));

    Map<String, Answer> answers = resolve(references);

    assertThat(answers).hasSize(23).containsEntry("ssm:/spark/22", found("value22"));
    assertThat(server.calls()).hasSize(3).allMatch(call -> call.contains(" eu-central-1 "));
  }

  @Test
  void aVersionAndAnArnAreNamesToo() {
    server.parameter("/a", "old and new");
    String arn = "ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/a";
    String here = "ssm:arn:aws:ssm:eu-central-1:123456789012:parameter/a";

    assertThat(resolve(List.of("ssm:/a:3", here)))
        .containsEntry("ssm:/a:3", found("old and new"))
        .containsEntry(here, found("old and new"));
    assertThat(resolve(List.of(arn)).get(arn)).isInstanceOf(Failed.class);
    assertThat(server.calls().getLast()).contains("GetParameters eu-west-1 ");
  }

  @Test
  void aSecretIsFetchedOnceForAllItsFields() {
    server.secret("db", "{\"username\": \"spark\", \"password\": \"hidden-1\", \"port\": 5432}");
    server.secret("plain", " hidden-2\n");

    assertThat(
            resolve(
                List.of(
                    "secretsmanager:db#username",
                    "secretsmanager:db#password",
                    "secretsmanager:db#port",
                    "secretsmanager:plain")))
        .containsEntry("secretsmanager:db#username", found("spark"))
        .containsEntry("secretsmanager:db#password", found("hidden-1"))
        .containsEntry("secretsmanager:db#port", found("5432"))
        .containsEntry("secretsmanager:plain", found("hidden-2"));
    assertThat(server.calls()).hasSize(2);
  }

  @Test
  void oneThatIsMissingOrForbiddenDoesNotSpoilTheOthers() {
    server.parameter("/good", "hidden-1").parameter("/closed", "x").deny("/closed");
    server.secret("closed", "x").deny("closed");

    Map<String, Answer> answers =
        resolve(
            List.of(
                "ssm:/good",
                "ssm:/gone",
                "ssm:/closed",
                "secretsmanager:closed",
                "secretsmanager:gone"));

    assertThat(answers).containsEntry("ssm:/good", found("hidden-1"));
    assertThat(failed(answers, "ssm:/gone").what())
        .isEqualTo("Parameter Store has no such parameter (ssm:GetParameters)");
    assertThat(failed(answers, "ssm:/closed").what())
        .startsWith("the role of this node may not call ssm:GetParameters (400 AccessDenied")
        .contains("parameter/closed");
    assertThat(failed(answers, "ssm:/closed").remedy())
        .startsWith("Allow ssm:GetParameters on it, and kms:Decrypt on its key in a policy");
    assertThat(failed(answers, "secretsmanager:closed").what())
        .contains("may not call secretsmanager:GetSecretValue");
    assertThat(failed(answers, "secretsmanager:gone").what())
        .startsWith("Secrets Manager has no such secret (secretsmanager:GetSecretValue failed");
  }

  @Test
  void whatIsNoTextOrHasNoSuchFieldIsToldWithoutItsValue() {
    server.secret("json", "{\"a\": {\"b\": \"hidden\"}}").secret("plain", "hidden");
    server.secret("empty", " ");

    Map<String, Answer> answers =
        resolve(
            List.of(
                "secretsmanager:json",
                "secretsmanager:json#a",
                "secretsmanager:json#none",
                "secretsmanager:plain#field",
                "secretsmanager:empty"));

    assertThat(answers.values()).allMatch(Failed.class::isInstance);
    assertThat(answers.toString()).doesNotContain("hidden");
    assertThat(failed(answers, "secretsmanager:json").remedy())
        .isEqualTo("Write secretsmanager:json#field, with the field's name.");
  }

  @Test
  void whatIsThrottledIsAskedAgain() {
    server.parameter("/a", "hidden-1").throttle(2);

    assertThat(resolve(List.of("ssm:/a"))).containsEntry("ssm:/a", found("hidden-1"));
    assertThat(pauses).hasSize(2);
  }

  @Test
  void anAccountThatIsThrottledForLongIsNotAskedForEachOneAlone() {
    server.throttle(Integer.MAX_VALUE);

    Map<String, Answer> answers = resolve(List.of("ssm:/a", "ssm:/b", "ssm:/c"));

    assertThat(failed(answers, "ssm:/b").what())
        .isEqualTo("ssm:GetParameters failed (400 ThrottlingException: Rate exceeded)");
    assertThat(pauses).hasSize(AwsApi.ATTEMPTS - 1);
  }

  @Test
  void nothingIsAskedForNothing() {
    assertThat(keepers.resolve(Set.of())).isEmpty();
    assertThat(opened).isEmpty();
  }

  private Map<String, Answer> resolve(List<String> references) {
    return keepers
        .resolve(
            references.stream()
                .map(text -> SecretReference.parse(text).orElseThrow())
                .collect(Collectors.toSet()))
        .entrySet()
        .stream()
        .collect(Collectors.toMap(entry -> entry.getKey().toString(), Map.Entry::getValue));
  }

  private static Answer found(String secret) {
    return new Found(new Secret(secret));
  }

  private static Failed failed(Map<String, Answer> answers, String reference) {
    return Stream.of(answers.get(reference)).map(Failed.class::cast).findFirst().orElseThrow();
  }
}
