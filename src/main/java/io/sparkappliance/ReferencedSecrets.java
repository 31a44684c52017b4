package io.sparkappliance;

import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.SecretKeepers;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.SecretReference;
import io.sparkappliance.settings.SecretSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Secrets by reference, each looked up once a start. Without any, AWS isn't asked. */
final class ReferencedSecrets implements SecretSource {
  private final Surroundings surroundings;
  private final Map<SecretReference, Answer> known = new HashMap<>();

  /** Looks at the surroundings only when there is a reference. */
  ReferencedSecrets(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Map<SecretReference, Answer> resolve(Set<SecretReference> references) {
    Set<SecretReference> unknown =
        references.stream()
            .filter(reference -> !known.containsKey(reference))
            .collect(Collectors.toSet());
    if (!unknown.isEmpty()) {
      known.putAll(ask(unknown));
    }
    return references.stream().collect(Collectors.toMap(reference -> reference, known::get));
  }

  private Map<SecretReference, Answer> ask(Set<SecretReference> references) {
    try {
      Map<SecretReference, Answer> answers = new HashMap<>();
      boolean hasRegion = surroundings.region().isPresent();
      Map<Boolean, Set<SecretReference>> reachable =
          references.stream()
              .collect(
                  Collectors.partitioningBy(
                      reference -> hasRegion || reference.region().isPresent(),
                      Collectors.toSet()));
      answers.putAll(new SecretKeepers(this::aws).resolve(reachable.get(true)));
      answers.putAll(
          failed(
              reachable.get(false),
              "AWS keeps it, in a region that is unknown: this machine is no EC2 instance",
              "Set AWS_REGION, or give the secret itself by a file."));
      return answers;
    } catch (ConfigurationException noMetadata) {
      Problem problem = noMetadata.problems().getFirst();
      return failed(references, problem.field() + ": " + problem.accepted(), problem.remedy());
    } catch (NoClassDefFoundError noSdk) {
      return failed(
          references,
          "the AWS SDK is not installed here",
          "Put the S3 add-on into SPARK_APPLIANCE_HOME/spark-jars, or give the secret by a file.");
    }
  }

  private static Map<SecretReference, Answer> failed(
      Set<SecretReference> references, String what, String remedy) {
    return SecretSource.each(references, any -> new Failed(what, remedy));
  }

  private AwsApi aws(Optional<String> region) {
    return surroundings.aws(region.or(surroundings::region).orElseThrow());
  }
}
