package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** {@code make run-ha}, as somebody at a terminal uses it. */
@Tag("long")
@Isolated
final class MakeRunHaIT {
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "^  (try JDBC|who leads|who serves SQL|try a failover) +(.+)$", Pattern.MULTILINE);

  @Test
  void printsCommandsThatWorkWhenPastedAndStopsEverythingAtCtrlC() throws Exception {
    String name = Lab.unique("ha").replaceAll("[^a-z0-9-]", "-");
    Path log = Files.createDirectories(Lab.TARGET).resolve("make-run-ha.log");
    // As in MakeRunIT.
    ProcessBuilder builder =
        new ProcessBuilder("setsid", "env", "--default-signal=INT", "make", "run-ha")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("RUN_NAME", name);
    builder.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    Process make = builder.start();
    Thread orphans = new Thread(() -> remove(make, name), "remove-" + name);
    Runtime.getRuntime().addShutdownHook(orphans);
    try {
      await("the cluster is ready, log in " + log)
          .atMost(Duration.ofMinutes(9))
          .pollInterval(Duration.ofSeconds(1))
          .failFast("it ended", () -> !make.isAlive())
          .until(() -> text(log).contains("try a failover"));
      Map<String, String> examples =
          EXAMPLE
              .matcher(text(log))
              .results()
              .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
      assertThat(paste(examples.get("try JDBC")).out()).contains("42");
      assertThat(paste(examples.get("who leads")).out()).matches("node[123]");
      assertThat(paste(examples.get("who serves SQL")).out())
          .matches("jdbc:hive2://node[123]:10000/");
      assertThat(paste(examples.get("try a failover")).exitCode()).isZero();
      await("there is a leader, and SQL")
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () ->
                  paste(examples.get("who leads")).out().matches("node[123]")
                      && paste(examples.get("try JDBC")).out().contains("42"));

      Docker.Output interrupted =
          Docker.Commands.run(
              Duration.ofSeconds(10), List.of("bash", "-c", "kill -INT -- -" + make.pid()));
      assertThat(interrupted.exitCode()).as(interrupted.err()).isZero();
      await("the end after Ctrl-C, log in " + log)
          .atMost(Duration.ofMinutes(3))
          .until(() -> !make.isAlive());
      assertThat(containers(name)).isEmpty();
    } finally {
      remove(make, name);
      Runtime.getRuntime().removeShutdownHook(orphans);
    }
  }

  private static Docker.Output paste(String command) {
    return Docker.Commands.run(Duration.ofMinutes(2), List.of("sh", "-c", command));
  }

  private static List<String> containers(String name) {
    return Docker.ok(
            "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=" + name)
        .lines()
        .toList();
  }

  private static void remove(Process make, String name) {
    List<ProcessHandle> tree = make.descendants().toList();
    make.destroyForcibly();
    tree.forEach(ProcessHandle::destroyForcibly);
    make.onExit().join();
    containers(name)
        .forEach(id -> Docker.run(Duration.ofMinutes(1), "rm", "--force", "--volumes", id));
    Docker.run(Duration.ofMinutes(1), "volume", "rm", "--force", name + "_events");
    Docker.run(Duration.ofMinutes(1), "network", "rm", name + "_default");
    Docker.Commands.run(Duration.ofMinutes(1), List.of("rm", "-rf", "build/" + name));
  }

  private static String text(Path log) throws IOException {
    return new String(Files.readAllBytes(log), UTF_8);
  }
}
