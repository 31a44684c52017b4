package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that are made from the API's definition, right ones and wrong ones: each answer has to
 * be one that the definition promises. A failure tells its seed ({@code -Dapi.seed=}) and a command
 * that repeats the request. {@code -Dapi.examples=} makes more random ones for each call.
 */
@ExtendWith(ThriftServerProcess.Shared.class)
class ApiFuzzTest {
  /** An environment of its own: {@code src/test/openapi/requirements.txt}. */
  private static final Path SCHEMATHESIS = Path.of("build/api/bin/schemathesis");

  private static final Path SOURCES = Path.of("src/test/openapi");

  @TempDir private static Path directory;
  private static GatewayFixture gateway;

  @BeforeAll
  static void start(ThriftServerProcess thrift) throws IOException {
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.master = Optional.of("10.0.0.7");
    cluster.uri = Optional.of("spark://10.0.0.7:7077");
    cluster.thrift = Optional.of(thrift.address());
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            harmlessSpark(),
            cluster,
            Map.of(
                "MAX_UPLOAD_SIZE",
                "2m",
                "SQL_UI_PORT",
                Integer.toString(thrift.uiPort()),
                "TRUSTED_PROXIES",
                "127.0.0.1"),
            ThriftServerProcess.TOKEN);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /** Real SQL, but nobody runs a program that chance has written. */
  private static Path harmlessSpark() throws IOException {
    Path home = directory.resolve("spark");
    Path submit = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
    Files.writeString(submit, "#!/bin/sh\necho done\n");
    Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createSymbolicLink(home.resolve("jars"), SparkDistribution.home().resolve("jars"));
    return home;
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void every_call_answers_as_its_definition_says() throws Exception {
    run("short", ThriftServerProcess.TOKEN.reveal(), "--phases", "examples,coverage");
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void a_stranger_is_answered_as_the_definition_says() throws Exception {
    run("stranger", "nobody-knows-this-token", "--phases", "examples,coverage");
  }

  @Test
  @Tag("long")
  @Timeout(value = 90, unit = TimeUnit.MINUTES)
  void so_do_many_random_requests_and_those_that_follow_from_answers() throws Exception {
    run(
        "long",
        ThriftServerProcess.TOKEN.reveal(),
        "--max-examples",
        System.getProperty("api.examples", "60"));
  }

  private static void run(String name, String token, String... more)
      throws IOException, InterruptedException {
    assertThat(SCHEMATHESIS)
        .as("made by setup/python-environments build/api")
        .matches(Files::isExecutable);
    List<String> command =
        new ArrayList<>(
            List.of(
                SCHEMATHESIS.toString(),
                "--config-file",
                SOURCES.resolve("schemathesis.toml").toString(),
                "run",
                "src/main/resources/openapi.yaml",
                "--url",
                gateway.uri("/").toString(),
                "--no-color",
                "--seed",
                System.getProperty("api.seed", "1")));
    command.addAll(List.of(more));
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("API_TOKEN", token);
    builder.environment().put("PYTHONPATH", SOURCES.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process = builder.start();
    try {
      int code = process.waitFor();
      String output = Files.readString(log);
      assertThat(code).as(output).isZero();
      assertThat(output).contains("Test cases:");
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }
}
