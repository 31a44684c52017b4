package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code make run}, as somebody at a terminal uses it. Its ports are those that people expect. */
@ResourceLock(Lab.HOST_PORTS)
final class MakeRunIT {
  private static final Pattern EXAMPLE = Pattern.compile("\\| +(try \\w+) +(.+)");
  private static final Pattern PAGE = Pattern.compile("\\| {3}[a-z ]+ +(http://\\S+)\\s");
  private static final Pattern CONNECT = Pattern.compile("\\| +Connect +(sc://\\S+)");
  private static final List<Integer> PORTS =
      List.of(7077, 8000, 8080, 8081, 8090, 8888, 10_000, 15_002, 18_080);

  @ParameterizedTest
  @ValueSource(strings = {"container", "host"})
  void printsCommandsThatWorkWhenPastedAndStopsEverythingAtCtrlC(String runner) throws Exception {
    assertThat(PORTS)
        .as("ports that have to be free on this machine, and are not")
        .noneMatch(MakeRunIT::answers);
    String name = Lab.unique("run").replaceAll("[^a-z0-9-]", "-");
    Path log = Files.createDirectories(Lab.TARGET).resolve("make-run-" + runner + ".log");
    // A session of its own: the terminal sends Ctrl-C to all processes of the group. Who started
    // this test in the background may have told its children to ignore it.
    ProcessBuilder builder =
        new ProcessBuilder("setsid", "env", "--default-signal=INT", "make", "run")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("RUNNER", runner);
    builder.environment().put("RUN_NAME", name);
    builder.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    Process make = builder.start();
    // Whoever ends the tests early does not wait for `finally`.
    Thread orphans = new Thread(() -> remove(make, name), "remove-" + name);
    Runtime.getRuntime().addShutdownHook(orphans);
    try {
      await("the node is ready, log in " + log)
          .atMost(Duration.ofMinutes(5))
          .pollInterval(Duration.ofMillis(300))
          .failFast("it ended", () -> !make.isAlive())
          .until(() -> text(log).contains("try Connect"));
      List<MatchResult> examples = EXAMPLE.matcher(text(log)).results().toList();
      assertThat(examples)
          .extracting(example -> example.group(1))
          .containsExactly("try REST", "try JDBC", "try Connect");
      for (MatchResult example : examples) {
        Docker.Output output =
            Docker.Commands.run(Duration.ofMinutes(2), List.of("sh", "-c", example.group(2)));
        assertThat(output.out())
            .as("%s: %s%n%s", runner, example.group(1), output.err())
            .contains("42");
      }
      List<String> pages =
          PAGE.matcher(text(log)).results().map(page -> page.group(1)).distinct().toList();
      assertThat(pages).hasSize(6);
      assertThat(pages)
          .allSatisfy(page -> assertThat(Http.get(URI.create(page)).code()).isBetween(200, 302));
      String lab =
          pages.stream().filter(page -> page.contains("/lab?token=")).findFirst().orElseThrow();
      assertThat(Http.get(URI.create(lab.replace("/lab?", "/api/kernelspecs?"))).code())
          .as("the notebook by its token")
          .isEqualTo(200);
      Matcher connect = CONNECT.matcher(text(log));
      assertThat(connect.find()).as("an address for Connect").isTrue();
      assertThat(HostPython.ok("connect_sum.py", connect.group(1))).isEqualTo("499500\n");

      interrupt(make);
      await("the end after Ctrl-C, log in " + log)
          .atMost(Duration.ofSeconds(90))
          .until(() -> !make.isAlive());
      assertThat(PORTS).as("ports that still answer").noneMatch(MakeRunIT::answers);
      assertThat(Docker.ok("ps", "--all", "--quiet", "--filter", "name=^" + name + "$")).isEmpty();
    } finally {
      remove(make, name);
      Runtime.getRuntime().removeShutdownHook(orphans);
    }
  }

  private static void remove(Process make, String name) {
    List<ProcessHandle> tree = make.descendants().toList();
    Docker.run(Duration.ofMinutes(1), "rm", "--force", name);
    make.destroyForcibly();
    tree.forEach(ProcessHandle::destroyForcibly);
    make.onExit().join();
    Docker.run(Duration.ofMinutes(1), "volume", "rm", "--force", name);
    Docker.Commands.run(Duration.ofMinutes(1), List.of("rm", "-rf", "build/" + name));
  }

  private static void interrupt(Process leader) {
    Docker.Output output =
        Docker.Commands.run(
            Duration.ofSeconds(10), List.of("bash", "-c", "kill -INT -- -" + leader.pid()));
    assertThat(output.exitCode()).as(output.err()).isZero();
  }

  private static String text(Path log) throws IOException {
    return new String(Files.readAllBytes(log), UTF_8);
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException closed) {
      return false;
    }
  }
}
