package io.sparkappliance.settings;

import static io.sparkappliance.settings.BadEnvironmentTest.environmentOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sparkappliance.settings.SecretReference.Keeper;
import io.sparkappliance.settings.SecretSource.Answer;
import io.sparkappliance.settings.SecretSource.Failed;
import io.sparkappliance.settings.SecretSource.Found;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretReferenceTest {
  private static final String ARN =
      "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

  private final Map<String, Answer> kept = new HashMap<>();
  private final List<Set<SecretReference>> asked = new ArrayList<>();

  @Test
  void itsPartsAreReadAndWrittenAgain() {
    assertThat(SecretReference.parse(" ssm:/spark/token:prod\n"))
        .contains(
            new SecretReference(Keeper.PARAMETER_STORE, "/spark/token:prod", Optional.empty()));
    assertThat(SecretReference.parse("secretsmanager:" + ARN + "#password"))
        .contains(new SecretReference(Keeper.SECRETS_MANAGER, ARN, Optional.of("password")))
        .get()
        .hasToString("secretsmanager:" + ARN + "#password")
        .extracting(SecretReference::region)
        .isEqualTo(Optional.of("eu-west-1"));
    assertThat(
            SecretReference.parse(
                    "ssm:arn:aws-cn:ssm:cn-north-1:123456789012:parameter/spark/token")
                .flatMap(SecretReference::region))
        .contains("cn-north-1");
    assertThat(SecretReference.parse("ssm:token").orElseThrow().region()).isEmpty();
    // As RDS names those that it makes.
    assertThat(SecretReference.parse("secretsmanager:rds!db-0123#password"))
        .contains(
            new SecretReference(Keeper.SECRETS_MANAGER, "rds!db-0123", Optional.of("password")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ssm:",
        "ssm:/a b",
        "ssm:/a#b",
        "ssm:a:b:c",
        "ssm:arn:aws:s3:::bucket/x",
        "secretsmanager:",
        "secretsmanager:#field",
        "secretsmanager:a#",
        "secretsmanager:a#b#c",
        "secretsmanager:arn:aws:ssm:eu-west-1:123456789012:parameter/x"
      })
  void whatNoKeeperTakesIsMeantButNone(String text) {
    assertThat(SecretReference.isMeant(text)).isTrue();
    assertThat(SecretReference.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ssm", "SSM:/a", "x ssm:/a", "https://ssm:a@host/"})
  void otherTextsAreNotMeant(String text) {
    assertThat(SecretReference.isMeant(text)).isFalse();
    assertThat(SecretReference.parse(text)).isEmpty();
  }

  @Test
  void everySecretVariableTakesOneAndAllAreAskedForAtOnce() {
    StringBuilder variables = new StringBuilder("START_MASTER=true START_WORKER=true");
    List<Variable<?>> secrets = new Catalogue().all().stream().filter(Variable::isSecret).toList();
    for (Variable<?> variable : secrets) {
      variables.append(' ').append(variable.name()).append("=ssm:/").append(variable.name());
      kept.put("ssm:/" + variable.name(), new Found(new Secret("name:" + variable.name())));
    }
    SettingsReader.Result read = read(variables.toString());

    assertThat(secrets).hasSizeGreaterThan(7);
    assertThat(asked).singleElement().satisfies(all -> assertThat(all).hasSameSizeAs(secrets));
    assertThat(read.settings().access().apiToken()).contains(new Secret("name:API_TOKEN"));
    assertThat(read.settings().access().rpcSecret())
        .contains(new Secret("name:SPARK_RPC_AUTHENTICATION_SECRET"));
    assertThat(read.resolved())
        .contains(new Resolved("API_TOKEN", "******", "environment, from ssm:/API_TOKEN"));
    assertThat(read.toString()).doesNotContain("name:");
  }

  @Test
  void aFileHoldsTheSecretItself() {
    Map<String, String> environment =
        environmentOf("START_MASTER=true START_WORKER=true API_TOKEN_FILE=/run/token");
    SettingsReader.Result read =
        SettingsReader.read(environment, any -> "ssm:/not-looked-up\n", this::resolve);

    assertThat(read.settings().access().apiToken()).contains(new Secret("ssm:/not-looked-up"));
    assertThat(asked).containsExactly(Set.of());
  }

  @Test
  void whatIsFoundIsNotLookedUpAgain() {
    kept.put("ssm:/a", new Found(new Secret("ssm:/another-one")));
    assertThat(read("START_MASTER=true START_WORKER=true API_TOKEN=ssm:/a").settings().access())
        .extracting(Settings.Access::apiToken)
        .isEqualTo(Optional.of(new Secret("ssm:/another-one")));
    assertThat(asked).hasSize(1);
  }

  @Test
  void everyFailureIsAProblemOfItsOwnBesideTheOthers() {
    kept.put("ssm:/gone", new Failed("there is no such parameter", "Create it."));
    kept.put("secretsmanager:db#x", new Failed("it may not be read", "Allow it."));
    kept.put("ssm:/short", new Found(new Secret("short")));
    ConfigurationException failure =
        catchThrowableOfType(
            ConfigurationException.class,
            () ->
                read(
                    "START_WORKERS=true API_TOKEN=ssm:/gone NOTEBOOK_TOKEN=ssm:/short"
                        + " SPARK_RPC_AUTHENTICATION_SECRET=secretsmanager:db#x"
                        + " SPARK_RPC_AUTHENTICATION_ENABLED=true START_MASTER=true"));

    assertThat(failure)
        .hasMessage(
            """
            4 problems with the configuration:
            1. API_TOKEN=ssm:/gone: there is no such parameter.
               Create it.
            2. NOTEBOOK_TOKEN=ssm:/short: what is kept there must be at least 8 printable ASCII characters without spaces.
               Store another value there, and start again.
            3. SPARK_RPC_AUTHENTICATION_SECRET=secretsmanager:db#x: it may not be read.
               Allow it.
            4. START_WORKERS=true: no variable of this name is known; did you mean START_WORKER?
               Rename it, or remove it.""");
  }

  @Test
  void commandsThatStartNothingAskNobody() {
    SettingsReader.Result read =
        SettingsReader.read(
            environmentOf(
                "START_MASTER=true START_WORKER=true API_TOKEN=ssm:/a API_TOKEN_FILE=/run/token"
                    + " ZOOKEEPER_AUTH=secretsmanager:zk#login"),
            any -> "the-token-in-the-file",
            SecretSource.NOT_ASKED);
    assertThat(read.resolved())
        .contains(
            new Resolved("ZOOKEEPER_AUTH", "******", "environment, from secretsmanager:zk#login"));
  }

  private SettingsReader.Result read(String variables) {
    return SettingsReader.read(
        environmentOf(variables),
        path -> {
          throw new java.nio.file.NoSuchFileException(path.toString());
        },
        this::resolve);
  }

  private Map<SecretReference, Answer> resolve(Set<SecretReference> references) {
    asked.add(references);
    return SecretSource.each(references, reference -> kept.get(reference.toString()));
  }
}
