package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Who may use the node does not learn its secrets from it, and who may not even less. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class SecretsIT {
  /**
   * Prints the environments of all processes but executors, which Spark hands the cluster secret
   * that way, and those that the engine itself starts with what it was told: the launcher, the
   * health check, and this script.
   */
  private static final String ENVIRONMENTS =
      """
      : these lines
      for process in /proc/[0-9]*; do
        case $(tr '\\0' ' ' <$process/cmdline 2>/dev/null) in
          *': these lines'* | tr* | tini* | *'Main launch '* | *'Main health '* | *'spark-appliance health'*) ;;
          *CoarseGrainedExecutorBackend*) ;;
          *) tr '\\0' '\\n' <$process/environ 2>/dev/null ;;
        esac
      done
      true
      """;

  private static final List<String> NAMES = List.of("api-token", "rpc-secret");
  private static SharedNode node;
  private static List<String> secrets;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    secrets =
        NAMES.stream()
            .map(
                name ->
                    node.container().shell("cat " + SharedNode.DATA + "/secrets/" + name).strip())
            .toList();
    secrets = Stream.concat(secrets.stream(), Stream.of(SharedNode.NOTEBOOK_TOKEN)).toList();
    assertThat(secrets).allMatch(secret -> secret.length() >= 16);
  }

  @Test
  void sqlCanNotReadThemFromTheEnvironment() {
    String names =
        node.gateway()
            .query(
                "select '${env:API_TOKEN}' as a, '${env:API_TOKEN_FILE}' as b,"
                    + " '${env:SPARK_RPC_AUTHENTICATION_SECRET}' as c, '${env:_SPARK_AUTH_SECRET}' as d,"
                    + " '${env:NOTEBOOK_TOKEN}' as e",
                "");
    // As they were written: there is no such variable.
    assertThat(names).contains("${env:API_TOKEN} ", "${env:NOTEBOOK_TOKEN} ");
    assertNoSecret("variables", names);
    String environment =
        node.gateway()
            .query(
                "select reflect('java.lang.System','getenv','API_TOKEN') as a,"
                    + " reflect('java.lang.System','getenv','NOTEBOOK_TOKEN') as b,"
                    + " reflect('java.lang.System','getenv','SPARK_CONNECT_AUTHENTICATE_TOKEN') as c",
                "");
    assertThat(environment).contains("| null ");
    assertNoSecret("environment", environment);
  }

  @Test
  void sqlCanNotReadThemFromTheSettings() {
    assertNoSecret("SET", node.gateway().query("set", ""));
    assertNoSecret("SET -v", node.gateway().query("set -v", ""));
  }

  @Test
  void noProcessCarriesThemOnItsCommandLineOrInItsEnvironment() {
    assertNoSecret(
        "command lines",
        node.container().shell("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' || true"));
    // As the daemons' own user: root in a container may not read what others were started with.
    String environments = node.container().exec("sh", "-c", ENVIRONMENTS).out();
    assertThat(environments).contains("SPARK_CONF_DIR=", "PYSPARK_PYTHON=");
    assertNoSecret("environments", environments);
  }

  @Test
  void pagesDoNotShowThem() {
    assertNoSecret("/readyz", Http.get(node.container().http(8090, "/readyz")).text());
    assertNoSecret("/metrics", Http.get(node.container().http(8090, "/metrics")).text());
    String application = node.master().path("activeapps").path(0).path("id").asText();
    Http.Answer page =
        Http.get(node.container().http(8080, "/proxy/" + application + "/environment/"));
    assertThat(page.code()).isEqualTo(200);
    assertThat(page.text()).contains("spark.authenticate.secret");
    assertNoSecret("the environment page", page.text());
  }

  @Test
  void theHistoryDoesNotShowThem() {
    String application = node.master().path("activeapps").path(0).path("id").asText();
    await("the application is in the history")
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              Http.Answer environment =
                  Http.get(
                      node.container()
                          .http(18080, "/api/v1/applications/" + application + "/environment"));
              assertThat(environment.code()).isEqualTo(200);
              assertThat(environment.text()).contains("spark.connect.authenticate.token");
              assertNoSecret("the history", environment.text());
            });
  }

  @Test
  void filesThatHoldThemAreTheirOwners() {
    List<String> files =
        node.container()
            .shell(
                "cd "
                    + SharedNode.DATA
                    + "; for s in "
                    + String.join(" ", NAMES)
                    + "; do grep -rlF -f secrets/$s . 2>/dev/null; done | sort -u"
                    + " | while read -r f; do echo $(stat -c %a \"$(dirname \"$f\")\" \"$f\") \"$f\"; done")
            .lines()
            .toList();
    assertThat(files)
        .contains("700 600 ./secrets/api-token")
        .allMatch(file -> file.matches("1?700 .*|\\d+ 600 .*"));
  }

  @Test
  void theClusterSecretIsNotPrinted() {
    assertThat(node.container().logs()).doesNotContain(secrets.get(1));
  }

  private static void assertNoSecret(String where, String text) {
    for (int i = 0; i < secrets.size(); i++) {
      assertThat(text.contains(secrets.get(i)))
          .as("%s shows the %s", where, i < NAMES.size() ? NAMES.get(i) : "notebook's token")
          .isFalse();
    }
  }
}
