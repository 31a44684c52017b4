package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A real ZooKeeper server on a loopback port, with ticks of half a second. */
public final class ZooKeeperProcess implements AutoCloseable {
  private final Path directory;
  private final int port;
  private final String mainClass;
  private final List<String> arguments;
  private SparkProcess process;

  private ZooKeeperProcess(Path directory, int port, String mainClass, List<String> arguments)
      throws IOException {
    this.directory = directory;
    this.port = port;
    this.mainClass = mainClass;
    this.arguments = arguments;
    startAgain();
  }

  /** Starts one; its data lives below the directory. */
  public static ZooKeeperProcess start(Path directory) throws IOException {
    int port = SparkProcess.freePort();
    return new ZooKeeperProcess(
        directory,
        port,
        "org.apache.zookeeper.server.ZooKeeperServerMain",
        List.of(Integer.toString(port), directory.resolve("zookeeper").toString(), "500"));
  }

  /**
   * Starts one as the appliance would.
   *
   * @param configuration its {@code zoo.cfg}
   * @param port the port named there
   */
  public static ZooKeeperProcess start(Path directory, Path configuration, int port)
      throws IOException {
    return new ZooKeeperProcess(
        directory,
        port,
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        List.of(configuration.toString()));
  }

  /** Starts it with the data it had, after {@link #stop}. */
  public void startAgain() throws IOException {
    process =
        SparkProcess.start(
            directory,
            "zookeeper",
            // A disk that is busy with something else must not hold a session up for longer than it
            // lives; no test cuts the power.
            Map.of("zookeeper.admin.enableServer", "false", "zookeeper.forceSync", "no"),
            mainClass,
            arguments);
  }

  /** As clients take it. */
  public String ensemble() {
    return "127.0.0.1:" + port;
  }

  /** Its port. */
  public int port() {
    return port;
  }

  /** Ends it at once; its data stays. */
  public void stop() {
    process.close();
  }

  @Override
  public void close() {
    stop();
  }
}
