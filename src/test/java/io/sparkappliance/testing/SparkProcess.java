package io.sparkappliance.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program among Spark's jars as a process of its own: a master, a worker, ZooKeeper, a test of
 * ours.
 */
public final class SparkProcess implements AutoCloseable {
  private final Process process;
  private final Path log;

  private SparkProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts it in a folder of its own below {@code directory}.
   *
   * @param name of the folder and of the log in it
   * @param properties system properties
   */
  public static SparkProcess start(
      Path directory,
      String name,
      Map<String, String> properties,
      String mainClass,
      List<String> arguments)
      throws IOException {
    Path own = Files.createDirectories(directory.resolve(name));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Djava.io.tmpdir=" + own));
    properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.addAll(
        List.of(
            "-cp",
            Path.of("target/classes").toAbsolutePath()
                + ":"
                + Path.of("target/test-classes").toAbsolutePath()
                + ":"
                + SparkDistribution.home().resolve("jars")
                + "/*",
            mainClass));
    command.addAll(arguments);
    Path log = own.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(own.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("SPARK_HOME", SparkDistribution.home().toString());
    builder.environment().put("SPARK_CONF_DIR", own.toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    return new SparkProcess(builder.start(), log);
  }

  /** A port of the loopback address that nobody uses now. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Sends {@code KILL}, {@code TERM}, {@code STOP} or {@code CONT}. */
  public void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for its end; its exit code. */
  public int awaitExit() throws InterruptedException {
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("still runs, log in " + log);
    }
    return process.exitValue();
  }

  /** Its exit code, when it has ended. */
  public int exitCode() {
    return process.exitValue();
  }

  /** What it has written so far. */
  public String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
