package io.sparkappliance.image;

import static org.awaitility.Awaitility.await;

import io.sparkappliance.testing.SparkDistribution;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.core.ConditionTimeoutException;
import org.awaitility.core.TerminalFailureException;

/** A container and what can be seen of it from outside. */
final class Container {
  private static final int MANAGEMENT = 8090;
  private final String id;
  private final String label;

  private Container(String id, String label) {
    this.id = id;
    this.label = label;
  }

  /** Says what is to run; nothing happens before {@link Plan#start} or {@link Plan#runToEnd}. */
  static Plan of(String image) {
    Plan plan = new Plan(image);
    // What people do with the image is tested without these, in ReadmeIT and MakeRunIT.
    if (image.equals(Lab.IMAGE) || image.equals(Lab.SLIM)) {
      plan.env("SPARK_CONF_spark_driver_extraJavaOptions", SparkDistribution.ONE_COMPILER)
          .env("SPARK_CONF_spark_executor_extraJavaOptions", SparkDistribution.ONE_COMPILER)
          // Whatever machine tests run on: none asks for the metadata of that.
          .env("AWS_EC2_METADATA_DISABLED", "true");
    }
    return plan;
  }

  /** The words after {@code docker run}, in the order people write them. */
  static final class Plan {
    private final String image;
    private final List<String> options = new ArrayList<>();
    private List<String> command = List.of();

    private Plan(String image) {
      this.image = image;
    }

    /** Sets a variable. */
    Plan env(String name, String value) {
      return option("--env", name + "=" + value);
    }

    /** Makes it believe it is on the EC2 instance that this service describes. */
    Plan instanceMetadata(String endpoint) {
      return env("AWS_EC2_METADATA_DISABLED", "false")
          .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
    }

    /** Turns roles on: {@code role("MASTER")} is {@code START_MASTER=true}. */
    Plan roles(String... names) {
      for (String name : names) {
        env("START_" + name, "true");
      }
      return this;
    }

    /** Makes ports reachable from this machine, each at a port that is free. */
    Plan publish(int... ports) {
      for (int port : ports) {
        option("--publish", "127.0.0.1::" + port);
      }
      return this;
    }

    /** Joins a network under a name that other containers resolve. */
    Plan network(String network, String alias) {
      return option("--network", network)
          .option("--network-alias", alias)
          .option("--hostname", alias);
    }

    /** Mounts a named volume. */
    Plan volume(String volume, String path) {
      return option("--volume", volume + ":" + path);
    }

    /** Mounts a file or directory of this machine, read-only. */
    Plan mount(Path source, String path) {
      return option("--volume", source.toAbsolutePath() + ":" + path + ":ro");
    }

    /** Any option of {@code docker run}. */
    Plan option(String... words) {
      options.addAll(List.of(words));
      return this;
    }

    /** What follows the image's name. */
    Plan command(String... words) {
      command = List.of(words);
      return this;
    }

    /** Starts it in the background. */
    Container start(String name) {
      String management = "127.0.0.1::" + MANAGEMENT;
      String id =
          Docker.ok(
              words(
                  List.of("run", "--detach", "--name", Lab.unique(name), "--publish", management)));
      Container container = new Container(id.lines().reduce((a, b) -> b).orElseThrow(), name);
      Lab.started(container);
      return container;
    }

    /** Runs it in the foreground until it ends, and removes it. */
    Docker.Output runToEnd(Duration deadline) {
      String name = Lab.unique("once");
      try {
        return Docker.run(deadline, words(List.of("run", "--rm", "--name", name)));
      } catch (AssertionError e) {
        Docker.run(Duration.ofMinutes(1), "rm", "--force", "--volumes", name);
        throw e;
      }
    }

    private String[] words(List<String> start) {
      List<String> words = new ArrayList<>(start);
      words.add("--label");
      words.add(Lab.LABEL + "=" + Lab.RUN);
      words.addAll(options);
      words.add(image);
      words.addAll(command);
      return words.toArray(String[]::new);
    }
  }

  /** Short name for messages and log files. */
  String label() {
    return label;
  }

  /** Everything it printed so far, both streams in the order they came. */
  String logs() {
    // One stream keeps the order: the command itself would sort them apart.
    List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 2>&1", "logs"));
    command.addAll(Docker.words("logs", id));
    return Docker.Commands.run(Duration.ofMinutes(1), command).out();
  }

  /** The lines printed since a moment, as {@code docker logs --since} takes it. */
  String logsSince(String moment) {
    return Docker.run(Duration.ofMinutes(1), "logs", "--since", moment, id).all();
  }

  /**
   * What the image's own health check found: {@code starting}, {@code healthy} or {@code
   * unhealthy}.
   */
  String health() {
    return inspect("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}");
  }

  /** Whether it still runs. */
  boolean running() {
    return Boolean.parseBoolean(inspect("{{.State.Running}}"));
  }

  /** Whether somebody removed it. */
  boolean isGone() {
    return Docker.run(Duration.ofMinutes(1), "inspect", id).exitCode() != 0;
  }

  /** The exit code of a container that has ended. */
  int exitCode() {
    return Integer.parseInt(inspect("{{.State.ExitCode}}"));
  }

  String inspect(String format) {
    return Docker.ok("inspect", "--format", format, id);
  }

  /** Where a port of the container answers on this machine. */
  int port(int port) {
    String address = Docker.ok("port", id, port + "/tcp").lines().findFirst().orElseThrow();
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  /** An address on this machine for a port of the container. */
  URI http(int port, String path) {
    return URI.create("http://127.0.0.1:" + port(port) + path);
  }

  /** Waits until every role says that it is ready. */
  Container awaitReady(Duration deadline) {
    AtomicReference<String> last = new AtomicReference<>("");
    try {
      await(label + " is ready")
          .atMost(deadline)
          .pollInterval(Duration.ofMillis(300))
          .failFast(() -> !running())
          .ignoreExceptions()
          .until(
              () -> {
                Http.Answer answer = Http.get(http(MANAGEMENT, "/readyz"));
                last.set(answer.text());
                return answer.code() == 200;
              });
    } catch (ConditionTimeoutException | TerminalFailureException notReady) {
      throw new AssertionError(
          label
              + " is not ready"
              + (running() ? ": " + last : ", it ended with " + exitCode())
              + "\n"
              + tail(),
          notReady);
    }
    return this;
  }

  /** Waits until it has ended by itself; answers its exit code. */
  int awaitEnd(Duration deadline) {
    await(label + " ends")
        .atMost(deadline)
        .pollInterval(Duration.ofMillis(300))
        .until(() -> !running());
    return exitCode();
  }

  /** Runs a program in the container; what it left behind, whatever its exit code. */
  Docker.Output exec(String... command) {
    return exec(Duration.ofMinutes(3), command);
  }

  Docker.Output exec(Duration deadline, String... command) {
    List<String> words = new ArrayList<>(List.of("exec", id));
    words.addAll(List.of(command));
    return Docker.run(deadline, words.toArray(String[]::new));
  }

  /** Runs a shell line in the container, as root, that must succeed; answers what it printed. */
  String shell(String line) {
    return Docker.ok("exec", "--user", "0", id, "sh", "-c", line);
  }

  /** Copies a file of this machine into the container. */
  void copy(Path source, String target) {
    Docker.ok("cp", source.toString(), id + ":" + target);
  }

  /** {@code docker stop}: SIGTERM, and SIGKILL when it has not ended after so many seconds. */
  void stop(int seconds) {
    Docker.ok("stop", "--time", Integer.toString(seconds), id);
  }

  /** {@code docker kill --signal}: sends a signal to its first process. */
  void signal(String name) {
    Docker.ok("kill", "--signal", name, id);
  }

  /** Ends it at once; what it printed can still be read. */
  void kill() {
    Docker.run(Duration.ofMinutes(1), "kill", id);
  }

  /** Starts it again after it ended. */
  void startAgain() {
    Docker.ok("start", id);
  }

  /** Removes it, running or not. */
  void remove() {
    Docker.ok("rm", "--force", "--volumes", id);
    Lab.removed(this);
  }

  /** The last lines it printed. */
  String tail() {
    List<String> lines = logs().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
  }

  @Override
  public String toString() {
    return label;
  }
}
