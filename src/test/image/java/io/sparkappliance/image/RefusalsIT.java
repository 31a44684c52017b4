package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A node that can't do what it is asked says why and ends; it never goes on regardless. */
@ExtendWith(LabExtension.class)
final class RefusalsIT {
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  private static Docker.Output launch(Container.Plan plan) {
    return plan.option("--memory", "3g").runToEnd(DEADLINE);
  }

  private static Container.Plan master() {
    return Container.of(Lab.SLIM).roles("MASTER");
  }

  private static void assertRefused(Docker.Output output, String... texts) {
    assertThat(output.exitCode()).as(output.all()).isEqualTo(78);
    assertThat(output.all()).contains(texts);
    assertThat(output.all()).as("no stack traces").doesNotContain("\tat ");
  }

  @Test
  void withoutARoleItShowsHowToStart() {
    Docker.Output output = launch(Container.of(Lab.SLIM));
    assertRefused(output, "START_MASTER");
    assertThat(output.all().split("docker run", -1)).as("examples").hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void everyProblemIsToldAtOnce() {
    assertRefused(
        launch(
            Container.of(Lab.SLIM)
                .env("START_MASTER", "perhaps")
                .env("START_WORKERS", "true")
                .env("GATEWAY_PORT", "70000")),
        "1.",
        "2.",
        "3.",
        "START_MASTER",
        "perhaps",
        "START_WORKERS",
        "START_WORKER",
        "GATEWAY_PORT",
        "70000");
  }

  @Test
  void checkStartsNothingAndMasksSecrets() {
    Docker.Output output = launch(master().env("API_TOKEN", "very-secret-token").command("check"));
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.all())
        .contains("API_TOKEN = ******   (environment)", "START_MASTER = true   (environment)")
        .contains("GATEWAY_PORT = 8000   (default)", "spark.master.ui.port = 8080")
        .contains("Daemons, in the order of their start\n  master\n", "spark.StandaloneMaster")
        .doesNotContain("very-secret-token");
    assertThat(launch(master().env("API_AUTH", "sometimes").command("check")).exitCode())
        .isEqualTo(78);
  }

  @Test
  void theSlimImageHasNoNotebook() {
    assertRefused(
        launch(Container.of(Lab.SLIM).roles("MASTER", "NOTEBOOK")), "START_NOTEBOOK", "slim");
  }

  @Test
  void aConfigurationThatCanNotBeFetchedStopsTheStart() {
    assertRefused(
        launch(master().env("HIVE_SITE_XML", "http://127.0.0.1:9/hive-site.xml")),
        "HIVE_SITE_XML",
        "http://127.0.0.1:9/hive-site.xml");
    assertRefused(
        launch(master().env("EXT_CONF", "/no/such/file.conf")), "EXT_CONF", "/no/such/file.conf");
    assertRefused(
        launch(master().env("EXT_JARS", "/no/such/udf.jar")), "EXT_JARS", "/no/such/udf.jar");
  }

  @Test
  void s3WithoutCredentialsStopsTheStart() {
    assertRefused(
        launch(
            master()
                .option("--network", "none")
                .env("AWS_REGION", "eu-central-1")
                .env("EXT_CONF", "s3://a-bucket/spark.conf")),
        "EXT_CONF",
        "s3://a-bucket/spark.conf",
        "no AWS credentials were found");
  }

  @Test
  void aPythonPackageThatCanNotBeInstalledStopsTheStart() {
    assertRefused(
        launch(
            master()
                .option("--network", "none")
                .env("PYTHON_LIBS", "no-such-package-anywhere==1.0")),
        "PYTHON_LIBS",
        "no-such-package-anywhere");
  }

  @Test
  void anInitialisationScriptThatFailsStopsTheStart() throws Exception {
    Path directory = Lab.directory("failing-initdb");
    Path script = directory.resolve("20-fails.sh");
    Files.writeString(script, "#!/bin/sh\necho the disk is full >&2\nexit 5\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    Docker.Output output = launch(master().mount(directory, "/docker-entrypoint-initdb.d"));
    assertThat(output.exitCode()).as(output.all()).isNotZero();
    assertThat(output.all()).contains("20-fails.sh", "the disk is full", "5");
  }

  @Test
  void memoryThatDoesNotFitIsRefusedWithTheSums() {
    assertRefused(
        launch(Container.of(Lab.SLIM).roles("MASTER", "WORKER").env("SPARK_WORKER_MEMORY", "64g")),
        "SPARK_WORKER_MEMORY",
        "64g",
        "memory of this node=3072m",
        "what is asked for needs at least");
  }

  @Test
  void aDaemonThatKeepsDyingEndsTheContainerWithTheReason() {
    Path conf = Lab.file("broken.conf", "spark.serializer no.such.Serializer\n");
    Container node =
        Container.of(Lab.SLIM)
            .roles("MASTER", "THRIFTSERVER")
            .option("--memory", "3g")
            .mount(conf, "/broken.conf")
            .env("EXT_CONF", "/broken.conf")
            .env("MAX_RESTARTS", "4")
            .start("dying");
    await("the health check tells that it is broken")
        .atMost(DEADLINE)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () ->
                node.exec("health-check")
                    .out()
                    .contains("\"summary\":\"broken: thriftserver backing_off"));
    assertThat(node.awaitEnd(Duration.ofMinutes(5))).as(node.logs()).isEqualTo(1);
    assertThat(node.logs()).contains("keeps failing", "no.such.Serializer");
    node.remove();
  }

  @Test
  void aGatewayWithoutAThriftServerSaysHowToStartOne() {
    String network = Lab.network("lonely");
    Container node =
        Container.of(Lab.SLIM)
            .network(network, "lonely")
            .option("--memory", "3g", "--user", "4711", "--read-only")
            .option("--tmpfs", "/tmp", "--tmpfs", SharedNode.DATA)
            .roles("MASTER", "WEBAPP")
            .env("API_TOKEN", "a-token-for-this-test")
            .publish(8000)
            .start("lonely")
            .awaitReady(DEADLINE);
    GatewayClient gateway = new GatewayClient(node, Optional.of("a-token-for-this-test"));
    Http.Answer answer = gateway.sendQuery("select 1", Map.of());
    assertThat(answer.code()).as(answer.text()).isEqualTo(503);
    assertThat(answer.text()).contains("START_THRIFTSERVER");
    assertThat(gateway.get("/get_thrift_server_uri").code()).isEqualTo(404);
    Lab.removeContainersOf(network);
  }
}
