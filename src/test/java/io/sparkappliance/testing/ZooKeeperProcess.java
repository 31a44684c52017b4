package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A real ZooKeeper server on a loopback port, with ticks of half a second. */
public final class ZooKeeperProcess implements AutoCloseable {
  private final Path directory;
  private final int port;
  private SparkProcess process;

  private ZooKeeperProcess(Path directory, int port) throws IOException {
    this.directory = directory;
    this.port = port;
    startAgain();
  }

  /** Starts one; its data lives below the directory. */
  public static ZooKeeperProcess start(Path directory) throws IOException {
    return new ZooKeeperProcess(directory, SparkProcess.freePort());
  }

  /** Starts it with the data it had, after {@link #stop}. */
  public void startAgain() throws IOException {
    process =
        SparkProcess.start(
            directory,
            "zookeeper",
            Map.of("zookeeper.admin.enableServer", "false"),
            "org.apache.zookeeper.server.ZooKeeperServerMain",
            List.of(Integer.toString(port), directory.resolve("zookeeper").toString(), "500"));
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
