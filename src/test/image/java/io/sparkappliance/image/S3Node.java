package io.sparkappliance.image;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A node that has S3, and its credentials from the metadata service of a {@link Cloud}. */
final class S3Node {
  private static final int HISTORY = 18080;
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private S3Node() {}

  /**
   * Says what is to run.
   *
   * @param endpoint of S3, as the node reaches it
   * @param history folder of the event log, as a URI
   */
  static Container.Plan in(String network, String endpoint, String history) {
    return Container.of(Lab.SLIM)
        .network(network, "node")
        .roles("MASTER", "WORKER", "HISTORYSERVER")
        .publish(HISTORY)
        .instanceMetadata(Cloud.METADATA)
        .env("AWS_ENDPOINT_URL_S3", endpoint)
        .env("SPARK_CONF_spark_hadoop_fs_s3a_endpoint", endpoint)
        .env("SPARK_CONF_spark_hadoop_fs_s3a_path_style_access", "true")
        .env("EVENT_LOG_DIR", history)
        .env("DRIVER_MEMORY", "1g")
        .env("EXECUTOR_MEMORY", "1g")
        .mount(Path.of("src/test/image/cloud/writes.py"), "/writes.py");
  }

  /** Runs a program with {@code spark-submit}, to its end. */
  static Docker.Output submit(Container node, String... programAndArguments) {
    return submit(node, LONGEST, programAndArguments);
  }

  private static Docker.Output submit(
      Container node, Duration longest, String... programAndArguments) {
    String[] words = new String[programAndArguments.length + 1];
    words[0] = "spark-submit";
    System.arraycopy(programAndArguments, 0, words, 1, programAndArguments.length);
    return node.exec(longest, words);
  }

  /**
   * Writes in every way that is named, and reads it back.
   *
   * @param cases {@code scheme:format:way}
   * @param generations of credentials, until which it goes on
   * @param folder bucket and path
   */
  static Docker.Output write(Container node, List<String> cases, int generations, String folder) {
    return submit(
        node,
        LONGEST.plusMinutes(cases.size()),
        "/writes.py",
        String.join(",", cases),
        Integer.toString(generations),
        Cloud.METADATA,
        folder);
  }

  /** Waits until the history server shows {@link #write}'s application as ended. */
  static void awaitHistory(Container node) {
    await("the history of it, from S3")
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                Http.get(node.http(HISTORY, "/api/v1/applications?status=completed"))
                    .text()
                    .contains("\"name\" : \"writes\""));
  }
}
