package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.EnvironmentProxies;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;

/** A gateway in this process, on a port of its own, and a client for it. */
final class GatewayFixture implements AutoCloseable {
  static final Secret TOKEN = new Secret("token-of-the-tests");

  private final HttpClient http = HttpClient.newHttpClient();
  private final Jobs jobs;
  private final GatewayServer server;
  private final Secret token;

  /** What discovery tells; tests change it as they like. */
  static final class Cluster implements ClusterView {
    volatile Optional<String> master = Optional.empty();
    volatile Optional<String> uri = Optional.empty();
    volatile Optional<HostAndPort> thrift = Optional.empty();
    volatile Optional<HostAndPort> connect = Optional.empty();
    volatile List<HostAndPort> masters = List.of();
    volatile List<HostAndPort> historyServers = List.of();
    volatile int masterUiPort = 1;

    @Override
    public Optional<String> aliveMasterAddress() {
      return master;
    }

    @Override
    public Optional<String> masterUri() {
      return uri;
    }

    @Override
    public Optional<HostAndPort> connectServer() {
      return connect;
    }

    @Override
    public Optional<HostAndPort> thriftServer() {
      return thrift;
    }
  }

  /**
   * Starts one.
   *
   * @param data its data directory
   * @param sparkHome its Spark distribution
   * @param cluster what it tells
   * @param more variables beside those
   */
  GatewayFixture(Path data, Path sparkHome, Cluster cluster, Map<String, String> more)
      throws IOException {
    this(data, sparkHome, cluster, more, TOKEN);
  }

  /** Starts one that has less patience. */
  GatewayFixture(
      Path data, Path sparkHome, Cluster cluster, Map<String, String> more, Doors.Limits limits)
      throws IOException {
    this(data, sparkHome, cluster, more, TOKEN, limits);
  }

  /**
   * Starts one whose token a thrift server knows.
   *
   * @param token of the gateway and the thrift server
   */
  GatewayFixture(Path data, Path sparkHome, Cluster cluster, Map<String, String> more, Secret token)
      throws IOException {
    this(data, sparkHome, cluster, more, token, Doors.Limits.USUAL);
  }

  private GatewayFixture(
      Path data,
      Path sparkHome,
      Cluster cluster,
      Map<String, String> more,
      Secret token,
      Doors.Limits limits)
      throws IOException {
    this.token = token;
    Map<String, String> environment = new HashMap<>();
    environment.put("START_WEBAPP", "true");
    environment.put("SPARK_APPLIANCE_DATA", data.toString());
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.putAll(more);
    Settings settings = SettingsReader.read(environment, Files::readString).settings();
    Credentials credentials = new Credentials(token, token, Optional.empty());
    jobs = Jobs.open(settings, credentials, cluster, "testhost", System.getenv(), () -> {});
    server =
        new GatewayServer(
            settings,
            credentials,
            jobs,
            cluster,
            new ClusterSurvey(
                Members.named(cluster.masters),
                cluster.masterUiPort,
                new MasterClient(SparkPages.client(Optional.empty()))),
            () -> cluster.historyServers,
            new EnvironmentProxies(more),
            limits);
    server.start(Optional.of("127.0.0.1"), 0);
  }

  GatewayServer server() {
    return server;
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  /** A request with the token. */
  HttpRequest.Builder request(String path) {
    return open(path).header("Authorization", "Bearer " + token.reveal());
  }

  /** A request without. */
  HttpRequest.Builder open(String path) {
    return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(30));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    }
  }

  /** The same for an answer that is no text. */
  HttpResponse<byte[]> bytes(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    }
  }

  HttpResponse<String> get(String path) throws IOException {
    return send(request(path));
  }

  HttpResponse<String> post(String path, Form form) throws IOException {
    return send(form.in(request(path)));
  }

  /** Polls until the job is over, as clients do; every answer on the way has to be 200. */
  HttpResponse<String> awaitEnd(String id) {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(30))
        .until(() -> get("/get_job_status/" + id), answer -> answer.statusCode() != 200);
  }

  static JsonNode json(HttpResponse<String> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body());
  }

  @Override
  public void close() {
    server.close();
    jobs.close();
  }

  /** A multipart body. */
  static final class Form {
    private static final String BOUNDARY = "----boundary-of-the-tests";
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    Form field(String name, String value) {
      part("name=\"" + name + "\"", value.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    Form file(String fileName, String content) {
      return file(fileName, content.getBytes(StandardCharsets.UTF_8));
    }

    Form file(String fileName, byte[] content) {
      return file("file", fileName, content);
    }

    Form file(String name, String fileName, byte[] content) {
      part("name=\"" + name + "\"; filename=\"" + fileName + "\"", content);
      return this;
    }

    private void part(String disposition, byte[] content) {
      String head =
          "--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n";
      body.writeBytes(head.getBytes(StandardCharsets.UTF_8));
      body.writeBytes(content);
      body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }

    byte[] bytes() {
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      whole.writeBytes(body.toByteArray());
      whole.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
      return whole.toByteArray();
    }

    HttpRequest.Builder in(HttpRequest.Builder request) {
      return in(request, HttpRequest.BodyPublishers.ofByteArray(bytes()));
    }

    HttpRequest.Builder in(HttpRequest.Builder request, HttpRequest.BodyPublisher publisher) {
      return request
          .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
          .POST(publisher);
    }
  }
}
