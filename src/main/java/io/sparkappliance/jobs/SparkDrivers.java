package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers;
import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.cluster.ClusterDrivers.LogText;
import io.sparkappliance.settings.HostAndPort;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A real cluster's. To start and end drivers takes Spark's own protocol, which a short-lived
 * process with Spark's classes speaks; what can be read is read from web pages.
 */
final class SparkDrivers implements Drivers {
  /** {@code ClusterDriver}, which the package of Spark's classes has. */
  private static final String CLIENT = "io.sparkappliance.spark.ClusterDriver";

  /** Longer than any request of that process takes. */
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private static final Duration LOOK = Duration.ofMillis(200);

  /** A process that asks for a driver may be left by its gateway, and be seen by the next one. */
  private static final Duration PATIENCE = Duration.ofSeconds(150);

  /** Many jobs may be ended at the same time. */
  private static final int CLIENTS = 4;

  private static final int LONGEST_OUTPUT = 1 << 16;

  /** How lines of that process begin; a virtual machine may have something to say as well. */
  private static final Set<String> ANSWERS =
      Set.of("asking", "accepted", "refused", "unknown", "told", "silent", "trouble", "none");

  private final Path sparkHome;
  private final Map<String, String> environment;
  private final ClusterDrivers pages;
  private final Supplier<Optional<HostAndPort>> masterPage;
  private final Semaphore clients = new Semaphore(CLIENTS);

  /**
   * Those of a cluster.
   *
   * @param environment of the process, with the node's configuration of Spark
   * @param masterPage the web page of the master that leads
   */
  SparkDrivers(
      Path sparkHome,
      Map<String, String> environment,
      ClusterDrivers pages,
      Supplier<Optional<HostAndPort>> masterPage) {
    this.sparkHome = sparkHome;
    this.environment = Map.copyOf(environment);
    this.pages = pages;
    this.masterPage = masterPage;
  }

  @Override
  public Optional<Answer> submit(Properties program, Path log, CountDownLatch leaving)
      throws IOException, InterruptedException {
    Process client = start(log, List.of("submit"));
    try (OutputStream stdin = client.getOutputStream()) {
      StringWriter text = new StringWriter();
      program.store(text, null);
      stdin.write(text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException gone) {
      client.destroyForcibly();
      throw gone;
    }
    if (!hasEnded(client, leaving)) {
      return Optional.empty();
    }
    String answer;
    try {
      answer = answer(client);
    } catch (IOException unread) {
      return Optional.of(new Unknown("its answer can't be read: " + unread));
    }
    String[] words = answer.split(" ", 2);
    String rest = words.length == 2 ? words[1] : "";
    return Optional.of(
        switch (words[0]) {
          case "accepted" -> new Accepted(rest);
          case "refused" -> new Refused(rest);
          case "unknown" -> new Unknown(rest);
          case "asking" -> new Unknown("what asked for it ended without an answer");
          default ->
              new Refused(
                  "what would ask for it ended with exit code "
                      + client.exitValue()
                      + ", see submission.log in the job's folder");
        });
  }

  @Override
  public void kill(String id) throws IOException, InterruptedException {
    String answer = ask("kill", id);
    if (!answer.equals("told")) {
      throw new IOException("no master that leads answers");
    }
  }

  @Override
  public Optional<String> trouble(String id) throws IOException, InterruptedException {
    String answer = ask("trouble", id);
    return answer.startsWith("trouble ")
        ? Optional.of(answer.substring("trouble ".length()))
        : Optional.empty();
  }

  private String ask(String what, String id) throws IOException, InterruptedException {
    clients.acquire();
    try {
      Process client = start(Path.of("/dev/null"), List.of(what, id));
      client.getOutputStream().close();
      hasEnded(client, new CountDownLatch(1));
      return answer(client);
    } finally {
      clients.release();
    }
  }

  /** Without an answer after all that time it never gives one. */
  private static boolean hasEnded(Process client, CountDownLatch leaving)
      throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!client.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
      if (leaving.getCount() == 0) {
        return false;
      }
      if (System.nanoTime() > deadline) {
        client.destroyForcibly().waitFor();
      }
    }
    return true;
  }

  private static String answer(Process client) throws IOException {
    try (InputStream stdout = client.getInputStream()) {
      return answer(new String(stdout.readNBytes(LONGEST_OUTPUT), StandardCharsets.UTF_8));
    }
  }

  /** The last line that is one of its answers; empty when none is. */
  static String answer(String output) {
    return output
        .lines()
        .map(String::strip)
        .filter(line -> ANSWERS.contains(line.split(" ", 2)[0]))
        .reduce("", (_, later) -> later);
  }

  private Process start(Path log, List<String> arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(environment.get("JAVA_HOME"), "bin", "java").toString(),
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp",
                classPath(),
                CLIENT));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  private String classPath() {
    return Stream.of(
            environment.getOrDefault("SPARK_CONF_DIR", ""),
            sparkHome.resolve("jars") + "/*",
            environment.getOrDefault("SPARK_DIST_CLASSPATH", ""),
            ownClasses())
        .filter(element -> !element.isEmpty())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The class that it runs comes with this one. */
  private static String ownClasses() {
    try {
      return Path.of(SparkDrivers.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (URISyntaxException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  public Optional<List<Driver>> now() {
    return masterPage.get().flatMap(pages::of);
  }

  @Override
  public Optional<LogText> log(Driver driver, String stream, long offset, int length) {
    return masterPage.get().flatMap(page -> pages.log(page, driver, stream, offset, length));
  }

  @Override
  public Duration patience() {
    return PATIENCE;
  }
}
