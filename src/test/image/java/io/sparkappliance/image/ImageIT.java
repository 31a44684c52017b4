package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The images themselves: what they say about themselves, and what is and is not in them. */
@ExtendWith(LabExtension.class)
final class ImageIT {
  private static final String LABEL = "org.opencontainers.image.";

  /** Prints those of its arguments that are commands. */
  private static final String COMMANDS = "for c; do command -v $c; done; true";

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void saysWhatItIsAndWhereItCameFrom(boolean slim) {
    JsonNode labels = configuration(slim).path("Labels");
    assertThat(labels.path(LABEL + "title").asText()).isEqualTo("spark-appliance");
    assertThat(labels.path(LABEL + "licenses").asText()).isEqualTo("Apache-2.0");
    assertThat(labels.path(LABEL + "description").asText()).isNotBlank();
    assertThat(labels.path(LABEL + "version").asText())
        .isNotEmpty()
        .isEqualTo(Lab.IMAGE.replaceFirst(".*:", ""));
    assertThat(labels.path(LABEL + "revision").asText()).matches("[0-9a-f]{40}|unknown");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void runsAsAUserOfItsOwnBehindAnInit(boolean slim) {
    JsonNode configuration = configuration(slim);
    assertThat(configuration.path("User").asText()).isEqualTo("spark");
    assertThat(configuration.path("Entrypoint").path(0).asText()).isEqualTo("tini");
    assertThat(configuration.path("Healthcheck").path("Test").path(1).asText())
        .isEqualTo("health-check");
    assertThat(run(image(slim), "id", "-u")).isEqualTo("185\n");
  }

  @Test
  void hasNoCompiler() {
    for (String image : List.of(Lab.IMAGE, Lab.SLIM)) {
      assertThat(
              run(
                  image,
                  "sh",
                  "-c",
                  COMMANDS,
                  "sh",
                  "gcc",
                  "cc",
                  "c++",
                  "gfortran",
                  "ld",
                  "make",
                  "javac"))
          .isEmpty();
    }
  }

  @Test
  void theHealthCheckFailsWhereNoNodeAnswers() {
    Docker.Output output =
        Container.of(Lab.SLIM)
            .option("--entrypoint", "health-check")
            .runToEnd(Duration.ofMinutes(1));
    assertThat(output.exitCode()).isEqualTo(1);
  }

  @Test
  void theHealthCheckTellsANodeThatStartsFromOneThatIsBroken() {
    Container worker =
        Container.of(Lab.SLIM)
            .roles("WORKER")
            .env("MASTER_STACK_NAME", "spark://no-such-master.invalid:7077")
            .start("waiting");
    await("what it waits for")
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () -> {
              Docker.Output health = worker.exec("health-check");
              assertThat(health.exitCode()).as(health.all()).isEqualTo(1);
              assertThat(health.out())
                  .contains("\"summary\":\"starting: worker starting (no master answers at ");
            });
    worker.remove();
  }

  @Test
  void aClientIsWellAsLongAsItRuns() {
    Container client =
        Container.of(Lab.SLIM)
            .env("SPARK_MASTER_URL", "spark://no-such-master.invalid:7077")
            .command("sleep", "600")
            .start("client");
    await("its configuration")
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () ->
                assertThat(client.exec("health-check").all()).isEqualTo("a client, not a node\n"));
    client.remove();
  }

  @Test
  void whatCanNotBeRemovedIsToldAndNoReasonNotToStart() {
    Container node =
        Container.of(Lab.SLIM)
            .roles("MASTER")
            // Where something is mounted, nothing can be removed, and here only root can write.
            .option("--user", "0", "--tmpfs", SharedNode.DATA + "/tmp/mounted")
            .start("mounted")
            .awaitReady(Duration.ofMinutes(2));
    assertThat(node.logs()).contains(SharedNode.DATA + "/tmp can't be emptied: ");
    node.remove();
  }

  @Test
  void onlyTheFullImageHasTheNotebook() {
    assertThat(run(Lab.IMAGE, "sh", "-c", COMMANDS, "sh", "jupyter-lab")).isNotEmpty();
    assertThat(run(Lab.SLIM, "sh", "-c", COMMANDS, "sh", "jupyter-lab")).isEmpty();
  }

  @Test
  void onlyTheFullImageHasR() {
    assertThat(run(Lab.SLIM, "sh", "-c", COMMANDS, "sh", "R", "Rscript")).isEmpty();
    assertThat(run(Lab.IMAGE, "Rscript", "-e", "cat(reticulate::import('pyspark')$`__version__`)"))
        .isNotEmpty()
        .isEqualTo(
            run(Lab.IMAGE, "python3", "-c", "import pyspark; print(pyspark.__version__, end='')"));
  }

  private static String image(boolean slim) {
    return slim ? Lab.SLIM : Lab.IMAGE;
  }

  private static JsonNode configuration(boolean slim) {
    return SharedNode.json(Docker.ok("image", "inspect", image(slim))).path(0).path("Config");
  }

  /** The standard output of a program that runs in the image instead of everything else. */
  private static String run(String image, String program, String... arguments) {
    Docker.Output output =
        Container.of(image)
            .option("--entrypoint", program)
            .command(arguments)
            .runToEnd(Duration.ofMinutes(1));
    assertThat(output.exitCode()).as(output.all()).isZero();
    return output.out();
  }
}
