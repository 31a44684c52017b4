package io.sparkappliance.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.sparkconf.Preparation;
import io.sparkappliance.testing.Certificates;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What counts as ready, and what is said of a daemon that is not. */
@ExtendWith(ThriftServerProcess.Shared.class)
class ProbesTest {
  private static final String HOST = "127.0.0.1";
  private static final String REGISTERED = "{\"id\":\"worker-1\",\"masterwebuiurl\":\"http://m\"}";

  @TempDir Path directory;

  /** What the server answers, by the host that it was asked as and the path. */
  private final Map<String, String> pages = new TreeMap<>();

  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer server;

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String host = exchange.getRequestHeaders().getFirst("Host").replaceFirst(":.*", "");
          String page = pages.get(host + exchange.getRequestURI().getPath());
          byte[] bytes = String.valueOf(page).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(page == null ? 503 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
    http.close();
  }

  @Test
  void aPageIsReadyWhenItAnswers200() {
    pages.put(HOST + "/healthz", "ok");
    HostAndPort here = here();
    assertThat(new HttpProbe(http, here, "/healthz", Map.of()).missing()).isEmpty();
    assertThat(new HttpProbe(http, here, "/else", Map.of()).missing())
        .contains("/else answers 503");
    server.stop(0);
    assertThat(new HttpProbe(http, here, "/healthz", Map.of()).missing())
        .contains("port " + here.port() + " does not answer");
  }

  @Test
  void aGatewayWithACertificateIsAskedByTls() throws Exception {
    Certificates.makePem(directory, "gateway");
    HttpsServer secure =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    secure.setHttpsConfigurator(
        new HttpsConfigurator(context(directory.resolve("gateway-key.p12"))));
    secure.createContext("/healthz", exchange -> exchange.sendResponseHeaders(200, -1));
    secure.start();
    try {
      Probe gateway =
          probes(
                  Map.of(
                      "GATEWAY_PORT",
                      Integer.toString(secure.getAddress().getPort()),
                      "GATEWAY_TLS_KEYSTORE_FILE",
                      "/tls/gateway.p12"))
              .gateway();
      assertThat(gateway.missing()).isEmpty();
    } finally {
      secure.stop(0);
    }
  }

  private static SSLContext context(Path keyStore) throws Exception {
    char[] password = Certificates.PASSWORD.toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(KeyStore.getInstance(keyStore.toFile(), password), password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  @Test
  void aMasterIsReadyWhenItLeads() {
    Probe master = master("spark://127.0.0.1:7077");
    assertThat(master.missing()).contains("its web page does not answer");
    pages.put(HOST + "/json/", master("RECOVERING", ""));
    assertThat(master.missing()).contains("it still recovers");
    pages.put(HOST + "/json/", master("ALIVE", ""));
    assertThat(master.missing()).isEmpty();
  }

  @Test
  void aMasterThatStandsByIsReadyWhenAnotherLeads() {
    Probe master = master("spark://127.0.0.1:7077,localhost:7077");
    pages.put(HOST + "/json/", master("STANDBY", ""));
    pages.put("localhost/json/", master("STANDBY", ""));
    assertThat(master.missing()).contains("no master leads yet");
    pages.put("localhost/json/", master("ALIVE", ""));
    assertThat(master.missing()).isEmpty();
  }

  @Test
  void anApplicationIsLostWhenALeaderDoesNotKnowIt() {
    Probe known = probes("spark://127.0.0.1:7077,localhost:7077").isKnown("sql");
    assertThat(known.missing()).as("no master answers").isEmpty();
    pages.put(HOST + "/json/", master("STANDBY", ""));
    pages.put("localhost/json/", master("RECOVERING", ""));
    assertThat(known.missing()).as("nobody leads yet").isEmpty();
    pages.put("localhost/json/", master("ALIVE", "", application("another")));
    assertThat(known.missing()).contains("the leading master doesn't know the application sql");
    pages.put("localhost/json/", master("ALIVE", "", application("sql")));
    assertThat(known.missing()).isEmpty();
  }

  @Test
  void aWorkerIsReadyWhenTheMasterThatLeadsCountsOnIt() {
    Probe worker =
        new WorkerProbe(
            http,
            new MasterClient(http),
            () -> List.of(new HostAndPort("localhost", here().port())),
            here());
    pages.put(HOST + "/json/", "{\"id\":\"worker-1\",\"masterwebuiurl\":\"\"}");
    assertThat(worker.missing()).contains("no master has registered it yet");
    pages.put("localhost/json/", master("ALIVE", ""));
    assertThat(worker.missing().orElseThrow())
        .as("one could")
        .startsWith("no master has registered it yet, though one leads")
        .contains("SPARK_RPC_AUTHENTICATION_SECRET");
    pages.remove("localhost/json/");

    String missing = "its master does not count it as alive";
    pages.put(HOST + "/json/", REGISTERED);
    assertThat(worker.missing()).as("the master is away").contains(missing);
    pages.put("localhost/json/", master("ALIVE", worker("worker-0", "ALIVE")));
    assertThat(worker.missing()).as("it knows another worker").contains(missing);
    pages.put("localhost/json/", master("ALIVE", worker("worker-1", "DEAD")));
    assertThat(worker.missing()).as("it takes it for dead").contains(missing);
    pages.put("localhost/json/", master("STANDBY", worker("worker-1", "ALIVE")));
    assertThat(worker.missing()).as("it does not lead").contains(missing);
    pages.put("localhost/json/", master("ALIVE", worker("worker-1", "ALIVE")));
    assertThat(worker.missing()).isEmpty();
  }

  @Test
  void aThriftServerIsReadyWhenALoginAndAStatementWork(ThriftServerProcess thrift) {
    Secret token = ThriftServerProcess.TOKEN;
    assertThat(probe(thrift.address(), Optional.of(token), "select 1").missing()).isEmpty();
    assertThat(probe(thrift.address(), Optional.of(token), "select nonsense").missing().orElse(""))
        .startsWith("select nonsense fails: ");
    assertThat(probe(thrift.address(), Optional.of(new Secret("guessed")), "select 1").missing())
        .as("a refused login")
        .isPresent();
    assertThat(probe(thrift.address(), Optional.empty(), "select 1").missing())
        .as("who has no token for it sees that it asks for a login")
        .isEmpty();
    HostAndPort listens = here();
    server.stop(0);
    assertThat(probe(listens, Optional.of(token), "select 1").missing())
        .contains("port " + listens.port() + " does not answer");
  }

  private HostAndPort here() {
    return new HostAndPort(HOST, server.getAddress().getPort());
  }

  private static ThriftProbe probe(HostAndPort server, Optional<Secret> token, String statement) {
    return new ThriftProbe(
        () -> HiveJdbc.load(SparkDistribution.home()), server, "readiness", token, statement);
  }

  /** The probe of a master of this node whose pages are those of the server. */
  private Probe master(String masters) {
    return probes(masters).master();
  }

  private Probes probes(String masters) {
    return probes(Map.of("SPARK_MASTER_URL", masters));
  }

  private Probes probes(Map<String, String> more) {
    Map<String, String> environment =
        new TreeMap<>(
            Map.of(
                "START_WORKER", "true",
                "SPARK_MASTER_URL", "spark://127.0.0.1:7077",
                "SPARK_MASTER_WEBUI_PORT", Integer.toString(here().port()),
                "SPARK_APPLIANCE_HOME", directory.toString(),
                "SPARK_APPLIANCE_DATA", directory.toString(),
                "SPARK_HOME", directory.toString()));
    environment.putAll(more);
    Settings settings = SettingsReader.read(environment, Files::readString).settings();
    Credentials credentials =
        new Credentials(new Secret("token"), new Secret("notebook"), Optional.empty());
    return new Probes(
        settings,
        credentials,
        Preparation.plan(settings, credentials, HOST, MemorySize.ofMebibytes(8192), environment),
        Members.named(settings.cluster().masters()));
  }

  private static String master(String status, String worker) {
    return master(status, worker, "");
  }

  private static String master(String status, String worker, String application) {
    return "{\"url\":\"spark://m:7077\",\"workers\":[%s],\"activeapps\":[%s],\"status\":\"%s\"}"
        .formatted(worker, application, status);
  }

  private static String application(String name) {
    return "{\"id\":\"app-1\",\"name\":\"%s\",\"cores\":1,\"state\":\"WAITING\"}".formatted(name);
  }

  private static String worker(String id, String state) {
    return ("{\"id\":\"%s\",\"host\":\"h\",\"port\":1,\"cores\":1,\"coresused\":0,\"memory\":1,"
            + "\"memoryused\":0,\"state\":\"%s\"}")
        .formatted(id, state);
  }
}
