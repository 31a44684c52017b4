package io.sparkappliance.testing;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Moto, which answers as AWS does, on this machine: a process of the tests' own Python. */
public final class MotoServer implements AutoCloseable {
  /** An environment of its own: {@code src/test/aws/requirements.txt}. */
  private static final Path PROGRAMS = Path.of("build/aws/bin");

  private final Process process;
  private final String endpoint;

  private MotoServer(Process process, String endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /**
   * Starts one, and waits until it answers.
   *
   * @param address where it listens
   */
  public static MotoServer start(String address) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      port = free.getLocalPort();
    }
    Path log = Files.createTempFile("moto", ".log");
    log.toFile().deleteOnExit();
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    PROGRAMS.resolve("moto_server").toString(),
                    "-H",
                    address,
                    "-p",
                    Integer.toString(port)))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(new File("/dev/null"));
    // Whatever it is asked for, it must not ask anybody else.
    builder.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    Process process = builder.start();
    MotoServer server = new MotoServer(process, "http://" + address + ":" + port);
    try {
      await("moto, which logs to " + log)
          .atMost(Duration.ofMinutes(2))
          .failFast(() -> !process.isAlive())
          .until(server::answers);
      return server;
    } catch (RuntimeException | Error notStarted) {
      server.close();
      throw notStarted;
    }
  }

  private boolean answers() throws IOException {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(endpoint + "/moto-api/data.json").toURL().openConnection();
      connection.setReadTimeout(5_000);
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** The Python that speaks with it by AWS's own library. */
  public static Path python() {
    return PROGRAMS.resolve("python");
  }

  /** Its address, as {@code AWS_ENDPOINT_URL} takes it. */
  public String endpoint() {
    return endpoint;
  }

  @Override
  public void close() {
    Processes.end(process);
  }
}
