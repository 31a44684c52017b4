package io.sparkappliance.image;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.nio.file.Path;

/** What an instance sees of AWS ({@code src/test/image/cloud/cloud.py}), in a container. */
final class Cloud {
  /** The role that its instances have. */
  static final String ROLE = "the-nodes-role";

  /** Where nodes of its network find S3. */
  static final String S3 = "http://cloud:9000";

  /** Where nodes of its network find the metadata service. */
  static final String METADATA = "http://cloud:1338";

  /** Where nodes of its network find auto-scaling. */
  static final String SCALING = "http://cloud:9001";

  private static final int METADATA_PORT = 1338;

  private final Container container;

  private Cloud(Container container) {
    this.container = container;
  }

  /** One without S3, whose credentials stay as they are. */
  static Cloud start(String network, String... options) {
    return start(network, 3600, "nowhere", 80, options);
  }

  /**
   * Starts one, and waits until it serves.
   *
   * @param rotation seconds after which the role has other credentials
   * @param s3Host name of the server behind its S3
   * @param options of {@code docker run}
   */
  static Cloud start(String network, int rotation, String s3Host, int s3Port, String... options) {
    Container container =
        Container.of(Lab.SLIM)
            .network(network, "cloud")
            .publish(METADATA_PORT)
            .mount(Path.of("src/test/image/cloud/cloud.py"), "/cloud.py")
            .option("--entrypoint", "python3")
            .option(options)
            .command(
                "/cloud.py", ROLE, Integer.toString(rotation), s3Host, Integer.toString(s3Port))
            .start("cloud");
    await("the cloud")
        .atMost(SharedNode.START)
        .failFast(() -> !container.running())
        .until(() -> container.logs().contains("serves"));
    return new Cloud(container);
  }

  /** What happened. */
  JsonNode state() {
    return SharedNode.json(Http.get(container.http(METADATA_PORT, "/_test/state")).text());
  }

  /**
   * Breaks something for so many seconds: {@code away}, or, from the next request on, S3: {@code
   * 503}, {@code slow}, …
   */
  void fail(String what, int seconds) {
    post(what + "/" + seconds, "");
  }

  /** The metadata service has a text at a path below {@code /latest/} from now on. */
  void put(String path, String text) {
    post("put/" + path, text);
  }

  /** The instance of an address belongs to a stack from now on. */
  void stack(String address, String name) {
    post("stack/" + address + "/" + name, "");
  }

  private void post(String what, String text) {
    Http.Answer answer =
        Http.send(
            HttpRequest.newBuilder(container.http(METADATA_PORT, "/_test/" + what))
                .POST(HttpRequest.BodyPublishers.ofString(text)));
    if (answer.code() != 204) {
      throw new AssertionError(what + ": " + answer);
    }
  }
}
