package io.sparkappliance.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretReference;
import io.sparkappliance.settings.SecretReference.Keeper;
import io.sparkappliance.settings.SecretSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Parameter Store and Secrets Manager. Parameters are asked for ten at a time, a secret once,
 * however many of its fields are wanted.
 */
public final class SecretKeepers implements SecretSource {
  /** The most that one call takes. */
  private static final int PARAMETERS_AT_ONCE = 10;

  private static final String POLICY = " in a policy of the role that this node has";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Function<Optional<String>, AwsApi> regions;

  /**
   * Asks nothing yet.
   *
   * @param regions gives the way to AWS in a region; in the node's own, for none
   */
  public SecretKeepers(Function<Optional<String>, AwsApi> regions) {
    this.regions = regions;
  }

  @Override
  public Map<SecretReference, Answer> resolve(Set<SecretReference> references) {
    Map<SecretReference, Answer> answers = new HashMap<>();
    byRegion(references, Keeper.PARAMETER_STORE)
        .forEach((region, wanted) -> answers.putAll(new Parameters(api(region)).find(wanted)));
    byRegion(references, Keeper.SECRETS_MANAGER)
        .forEach((region, wanted) -> answers.putAll(secrets(api(region), wanted)));
    return answers;
  }

  /** The empty name stands for the node's own region. */
  private static Map<String, List<SecretReference>> byRegion(
      Set<SecretReference> references, Keeper keeper) {
    return references.stream()
        .filter(reference -> reference.keeper() == keeper)
        .collect(
            Collectors.groupingBy(
                reference -> reference.region().orElse(""), TreeMap::new, Collectors.toList()));
  }

  private AwsApi api(String region) {
    return regions.apply(Optional.of(region).filter(name -> !name.isEmpty()));
  }

  /** Parameters of one region. */
  private record Parameters(AwsApi aws) {
    Map<SecretReference, Answer> find(List<SecretReference> wanted) {
      List<String> names =
          List.copyOf(new TreeSet<>(wanted.stream().map(SecretReference::id).toList()));
      Map<String, Answer> byName = new HashMap<>();
      for (int from = 0; from < names.size(); from += PARAMETERS_AT_ONCE) {
        byName.putAll(ask(names.subList(from, Math.min(names.size(), from + PARAMETERS_AT_ONCE))));
      }
      return wanted.stream()
          .collect(Collectors.toMap(Function.identity(), reference -> byName.get(reference.id())));
    }

    private Map<String, Answer> ask(List<String> names) {
      try {
        JsonNode answer =
            aws.json(
                AwsService.SYSTEMS_MANAGER,
                "GetParameters",
                Map.of("Names", names, "WithDecryption", true));
        return names.stream()
            .collect(Collectors.toMap(Function.identity(), name -> read(name, answer)));
      } catch (AwsException failure) {
        boolean isOfNames =
            failure.isAnswer() && !failure.isTemporary() && !failure.isOfCredentials();
        if (isOfNames && names.size() > 1) {
          // One name that may not be read, or that is none, spoils the whole call.
          Map<String, Answer> single = new HashMap<>();
          names.forEach(name -> single.putAll(ask(List.of(name))));
          return single;
        }
        Answer failed =
            failed(failure, "Allow ssm:GetParameters on it, and kms:Decrypt on its key" + POLICY);
        return names.stream().collect(Collectors.toMap(Function.identity(), any -> failed));
      }
    }

    private static Answer read(String name, JsonNode answer) {
      for (JsonNode parameter : answer.path("Parameters")) {
        String selector = parameter.path("Selector").asText("");
        boolean isIt =
            Stream.of("Name", "ARN")
                .map(key -> parameter.path(key).asText(""))
                .anyMatch(known -> name.equals(known + selector));
        if (isIt) {
          return found(parameter.path("Value").asText(""));
        }
      }
      return new Failed(
          "Parameter Store has no such parameter (ssm:GetParameters)",
          "Check its name and the region, or create it.");
    }
  }

  private static Map<SecretReference, Answer> secrets(AwsApi aws, List<SecretReference> wanted) {
    Map<SecretReference, Answer> answers = new HashMap<>();
    wanted.stream()
        .collect(Collectors.groupingBy(SecretReference::id, TreeMap::new, Collectors.toList()))
        .forEach((id, fields) -> answers.putAll(fields(aws, id, fields)));
    return answers;
  }

  private static Map<SecretReference, Answer> fields(
      AwsApi aws, String id, List<SecretReference> fields) {
    try {
      JsonNode text =
          aws.json(AwsService.SECRETS_MANAGER, "GetSecretValue", Map.of("SecretId", id))
              .path("SecretString");
      return SecretSource.each(
          Set.copyOf(fields),
          reference ->
              text.isTextual()
                  ? read(reference, text.asText())
                  : new Failed("it is binary, and secrets are texts", "Store it as a text."));
    } catch (AwsException failure) {
      Answer failed =
          failure.kind() == AwsException.Kind.MISSING
              ? new Failed(
                  "Secrets Manager has no such secret (" + failure.getMessage() + ")",
                  "Check its name and the region, or create it.")
              : failed(
                  failure,
                  "Allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key" + POLICY);
      return SecretSource.each(Set.copyOf(fields), any -> failed);
    }
  }

  private static Answer read(SecretReference reference, String text) {
    JsonNode json = json(text);
    if (reference.field().isEmpty()) {
      return json.isObject()
          ? new Failed(
              "it is a JSON object, of which one field is needed",
              "Write " + reference + "#field, with the field's name.")
          : found(text);
    }
    if (!json.isObject()) {
      return new Failed(
          "it is no JSON object, and so has no fields", "Leave out the number sign and the field.");
    }
    JsonNode field = json.path(reference.field().get());
    return field.isValueNode() && !field.isNull()
        ? found(field.asText())
        : new Failed(
            "it has no field of this name with a text", "Check the name, letter case counts.");
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException plainText) {
      return JSON.missingNode();
    }
  }

  private static Answer found(String text) {
    String secret = text.strip();
    return secret.isEmpty()
        ? new Failed("it is empty", "Store the secret there, and start again.")
        : new Found(new Secret(secret));
  }

  private static Failed failed(AwsException failure, String permission) {
    String remedy =
        switch (failure.kind()) {
          case DENIED ->
              failure.isAnswer()
                  ? failure.remedy().orElse(permission + ".")
                  : "Give the instance a role that its containers reach (a hop limit of 2 at the"
                      + " instance metadata service), or the container's task one.";
          case MISSING, REFUSED -> "Check its name and the region.";
          case THROTTLED, UNAVAILABLE ->
              "Start again later; in a network without a way out, give it an endpoint of the service.";
        };
    return new Failed(failure.getMessage(), remedy);
  }
}
