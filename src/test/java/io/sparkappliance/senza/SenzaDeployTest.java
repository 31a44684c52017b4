package io.sparkappliance.senza;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.senza.SenzaCloud.Ended;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code senza/deploy} against AWS on loopback. The token endpoint, the service that gives keys,
 * the nodes and the gateway are one real HTTP server.
 */
@Tag("long")
class SenzaDeployTest {
  private static final int FAILED = 1;
  private static final int NO_ANSWER = 75;
  private static final int NO_CREDENTIALS = 77;
  private static final int BAD_INPUT = 78;

  private static final String ROLE = "arn:aws:iam::123456789012:role/deploy-spark";
  private static final String IMAGE = "DockerImage=registry.example.org/team/spark:0.1.0";
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(\\./deploy .*?)^```$");

  /** None of these may be printed, or be on a command line. */
  private static final List<String> SECRETS =
      List.of(
          "robot-secret",
          "robot-password",
          "robot-token",
          "short-lived-secret",
          "session-of-robot");

  @TempDir static Path directory;

  private static SenzaCloud cloud;
  private static HttpServer server;
  private static final Map<String, String> HEARD = new ConcurrentHashMap<>();
  private static final AtomicInteger LOOKS = new AtomicInteger();

  @BeforeAll
  static void start() throws IOException {
    cloud = SenzaCloud.start(directory);
    Files.writeString(
        directory.resolve("client.json"),
        "{\"client_id\": \"robot\", \"client_secret\": \"robot-secret\"}");
    Files.writeString(
        directory.resolve("user.json"),
        "{\"application_username\": \"robot-user\", \"application_password\": \"robot-password & more\"}");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/token", SenzaDeployTest::token);
    server.createContext("/keys", SenzaDeployTest::keys);
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().add("Location", address("/token"));
          answer(exchange, 307, "");
        });
    server.createContext(
        "/node/readyz",
        exchange -> {
          boolean ready = LOOKS.incrementAndGet() > 2;
          answer(exchange, ready ? 200 : 503, "{\"summary\": \"the worker waits for its master\"}");
        });
    server.createContext(
        "/readyz",
        e ->
            answer(
                e,
                503,
                "{\"summary\": \"asked as " + e.getRequestHeaders().getFirst("Host") + "\"}"));
    server.createContext("/lame/readyz", e -> answer(e, 503, "{\"summary\": \"no master\"}"));
    server.createContext("/gateway/get_master_uri", e -> answer(e, 200, "spark://10.0.0.1:7077"));
    server.createContext(
        "/gateway/get_thrift_server_uri", e -> answer(e, 200, "jdbc:hive2://10.0.0.1:10000/"));
    server.start();
  }

  @AfterAll
  static void stop() {
    if (cloud != null) {
      cloud.close();
    }
    if (server != null) {
      server.stop(0);
    }
    HEARD.clear();
  }

  private static void token(HttpExchange exchange) throws IOException {
    HEARD.put("login", exchange.getRequestHeaders().getFirst("Authorization"));
    HEARD.put("form", new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    answer(exchange, 200, "{\"access_token\": \"robot-token\", \"expires_in\": 3600}");
  }

  private static void keys(HttpExchange exchange) throws IOException {
    boolean known =
        "Bearer robot-token".equals(exchange.getRequestHeaders().getFirst("Authorization"));
    answer(
        exchange,
        known ? 200 : 401,
        "{\"AccessKeyId\": \"ASIAROBOT\", \"SecretAccessKey\": \"short-lived-secret\","
            + " \"SessionToken\": \"session-of-robot\"}");
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static String address(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private static Ended deploy(String... arguments) {
    List<String> command = new ArrayList<>(List.of("./deploy"));
    command.addAll(List.of(arguments));
    Ended ended = cloud.run(environment(), command);
    assertThat(ended.all()).doesNotContain(SECRETS);
    assertThat(String.join(" ", command)).doesNotContain(SECRETS);
    return ended;
  }

  private static Map<String, String> environment() {
    Map<String, String> variables = cloud.environment();
    variables.put("CREDENTIALS_DIR", directory.toString());
    variables.put("ROLE", ROLE);
    variables.put("TOKEN_URL", address("/token"));
    variables.put("CREDENTIALS_URL", address("/keys"));
    return variables;
  }

  @Test
  void theReadmesCommandsWorkInTurn() throws IOException {
    Matcher matcher = BLOCK.matcher(Files.readString(SenzaCloud.FOLDER.resolve("README.md")));
    List<Ended> all = new ArrayList<>();
    while (matcher.find()) {
      Ended ended = cloud.run(environment(), List.of("bash", "-eu", "-c", matcher.group(1)));
      assertThat(ended.code()).as(ended.all()).isZero();
      all.add(ended);
    }
    assertThat(all).hasSize(2);
    assertThat(all.get(0).out()).isEqualTo("stack spark-robot1\n");
    assertThat(all.get(1).out())
        .contains(
            "would update stack spark-robot1",
            "  DockerImage=registry.example.org/team/spark:0.1.1\n",
            "  ~ Nodes ")
        .doesNotContain("  + ", "  - ");
  }

  @Test
  void aClusterThatAnswersIsReported() {
    LOOKS.set(0);
    Ended made =
        deploy(
            "--node",
            address("/node"),
            "--gateway",
            address("/gateway"),
            "answers",
            IMAGE,
            "StartMaster=true");
    assertThat(made.code()).as(made.all()).isZero();
    assertThat(made.out())
        .isEqualTo(
            "stack spark-answers\ngateway %s\nmaster spark://10.0.0.1:7077\njdbc jdbc:hive2://10.0.0.1:10000/\n"
                .formatted(address("/gateway")));
    assertThat(made.error())
        .contains(
            "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "the worker waits for its master", ": ready");
  }

  @Test
  void aStackThatIsThereIsUpdated() {
    assertThat(deploy("--no-answers", "again", IMAGE, "StartMaster=true").code()).isZero();
    Ended updated =
        deploy(
            "--no-answers",
            "again",
            IMAGE,
            "StartMaster=true",
            "StartWorker=true",
            "ClusterSize=2");
    assertThat(updated.code()).as(updated.all()).isZero();
    assertThat(updated.error()).contains("updates stack spark-again", "UPDATE_COMPLETE");
    assertThat(cloud.stacks().get("spark-again").resource("Nodes").path("MaxSize").asText())
        .isEqualTo("2");
  }

  @Test
  void aDryRunChangesNothing() {
    Ended dry = deploy("--dry-run", "dry", IMAGE, "StartMaster=true");
    assertThat(dry.code()).as(dry.all()).isZero();
    assertThat(dry.out())
        .contains(
            "would make stack spark-dry in eu-central-1",
            "  StartMaster=true\n",
            "  + Nodes AWS::AutoScaling::AutoScalingGroup\n");
    assertThat(cloud.stacks()).doesNotContainKey("spark-dry");
  }

  @Test
  void aStackThatFailsSaysWhereAndWhatToDo() {
    cloud.failAt("Nodes");
    Ended failed = deploy("--no-answers", "fails", IMAGE, "StartMaster=true");
    assertThat(failed.code()).isEqualTo(FAILED);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.error())
        .contains(
            "stack spark-fails ended as ROLLBACK_COMPLETE:",
            "  Nodes (AWS::AutoScaling::AutoScalingGroup): Received 0 SUCCESS signal(s) out of 1.",
            "senza delete spark fails");
    Ended next = deploy("--no-answers", "fails", IMAGE, "StartMaster=true");
    assertThat(next.code()).isEqualTo(FAILED);
    assertThat(next.error()).contains("can't be updated (ROLLBACK_COMPLETE)", "senza delete");
  }

  @Test
  void anUpdateThatFailsTellsOfItsOwnEventsAlone() {
    assertThat(deploy("--no-answers", "worse", IMAGE, "StartMaster=true").code()).isZero();
    cloud.failAt("NodesRole");
    assertThat(deploy("--no-answers", "worse", IMAGE, "StartWorker=true").error())
        .contains("NodesRole (AWS::IAM::Role)", "what was before is back");
    cloud.failAt("Nodes");
    Ended second = deploy("--no-answers", "worse", IMAGE, "StartWorker=true", "ClusterSize=2");
    assertThat(second.code()).isEqualTo(FAILED);
    assertThat(second.error()).contains("Nodes (AWS::AutoScaling").doesNotContain("NodesRole (");
  }

  @Test
  void whatSenzaRefusesIsTold() {
    Ended refused = deploy("--no-answers", "refused", IMAGE, "NoSuchParameter=1");
    assertThat(refused.code()).isEqualTo(FAILED);
    assertThat(refused.error()).contains("senza create was refused", "NoSuchParameter");
  }

  @Test
  void aRoleIsAssumed() {
    Ended made = deploy("--role", ROLE, "--dry-run", "assumed", IMAGE, "StartMaster=true");
    assertThat(made.code()).as(made.all()).isZero();
    assertThat(made.error()).contains("credentials: role " + ROLE);
    assertThat(cloud.calls()).contains("sts:AssumeRole");
    assertThat(cloud.keysOf("cloudformation"))
        .anyMatch(key -> key.startsWith("ASIA") && !key.equals("ASIAROBOT"));
  }

  @Test
  void aRobotsLoginBecomesKeysThatEnd() {
    Ended made =
        deploy(
            "--token-url",
            address("/token"),
            "--credentials-url",
            address("/keys"),
            "--scope",
            "uid deploy",
            "--no-answers",
            "robot",
            IMAGE,
            "StartMaster=true");
    assertThat(made.code()).as(made.all()).isZero();
    String login =
        Base64.getEncoder().encodeToString("robot:robot-secret".getBytes(StandardCharsets.UTF_8));
    assertThat(HEARD)
        .containsEntry("login", "Basic " + login)
        .containsEntry(
            "form",
            "grant_type=password&username=robot-user&password=robot-password+%26+more&scope=uid+deploy");
    assertThat(cloud.keysOf("cloudformation")).contains("ASIAROBOT");
    assertThat(cloud.stacks()).containsKey("spark-robot");
  }

  @Test
  void refusedLoginsSayWhoRefused() {
    Ended unknown =
        deploy(
            "--token-url", address("/nobody"), "--credentials-url", address("/keys"), "no1", IMAGE);
    assertThat(unknown.code()).isEqualTo(NO_CREDENTIALS);
    assertThat(unknown.error()).contains("/nobody answered 404", "client.json");
    Ended missing =
        deploy(
            "--token-url",
            address("/token"),
            "--credentials-url",
            address("/keys"),
            "--credentials-dir",
            "/nowhere",
            "no2",
            IMAGE);
    assertThat(missing.code()).isEqualTo(NO_CREDENTIALS);
    assertThat(missing.error()).contains("/nowhere/client.json can't be read", "mint");
  }

  @Test
  void secretsDoNotFollowARedirection() {
    HEARD.clear();
    Ended moved =
        deploy(
            "--token-url", address("/moved"), "--credentials-url", address("/keys"), "no3", IMAGE);
    assertThat(moved.code()).isEqualTo(NO_CREDENTIALS);
    assertThat(moved.error()).contains("answered 307");
    assertThat(HEARD).isEmpty();
  }

  @Test
  void aClusterThatDoesNotAnswerInTimeIsTold() {
    Ended late =
        deploy("--timeout", "0.2", "--node", address("/lame"), "late", IMAGE, "StartMaster=true");
    assertThat(late.code()).isEqualTo(NO_ANSWER);
    assertThat(late.error())
        .contains("are not ready in time", address("/lame") + ": no master", "NodeCidr");
  }

  /** What is asked of their private addresses reaches this test's server as a proxy. */
  @Test
  void nodesAreFoundByTheirGroup() {
    Map<String, String> variables = environment();
    variables.put("http_proxy", address(""));
    Ended late =
        cloud.run(
            variables,
            List.of(
                "./deploy",
                "--timeout",
                "0.2",
                "found",
                IMAGE,
                "StartMaster=true",
                "ClusterSize=2"));
    assertThat(late.code()).as(late.all()).isEqualTo(NO_ANSWER);
    assertThat(
            late.error()
                .lines()
                .filter(line -> line.matches("  http://[0-9.]+:8090: asked as [0-9.]+:8090")))
        .hasSize(2);
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    Ended bad =
        deploy(
            "--role",
            "deployer",
            "--token-url",
            "http://token.example.org",
            "--node",
            "10.0.0.1",
            "--timeout",
            "0",
            "not a version",
            "StartMaster",
            "ScalyrKey=a-key");
    assertThat(bad.code()).isEqualTo(BAD_INPUT);
    assertThat(bad.error())
        .contains(
            "VERSION=not a version",
            "--role deployer",
            "--token-url and --credentials-url belong together",
            "https is accepted",
            "--node 10.0.0.1",
            "--timeout 0",
            "'StartMaster': parameters are given as Name=value",
            "ScalyrKey is a secret",
            "DockerImage is missing")
        .doesNotContain("a-key");
    assertThat(cloud.run(environment(), List.of("./deploy", "--no-such-option")).code())
        .isEqualTo(BAD_INPUT);
  }

  @Test
  void secretParametersComeFromAFileAndAreNotShown() throws IOException {
    Path file = directory.resolve("parameters.yaml");
    Files.writeString(
        file,
        "DockerImage: registry.example.org/team/spark:0.1.0\nScalyrKey: robot-secret\nStartMaster: true\n");
    Ended dry = deploy("--parameter-file", file.toString(), "--dry-run", "secret");
    assertThat(dry.code()).as(dry.all()).isZero();
    assertThat(dry.out()).contains("  ScalyrKey=******\n", "  StartMaster=true\n");
    Ended made = deploy("--parameter-file", file.toString(), "--no-answers", "secret");
    assertThat(made.code()).as(made.all()).isZero();
    assertThat(cloud.stacks().get("spark-secret").at("NodesConfig", "/LaunchTemplateData/UserData"))
        .contains("scalyr_account_key: 'robot-secret'");
  }

  @Test
  void theHelpHasTheExitCodes() {
    Ended help = deploy("--help");
    assertThat(help.code()).isZero();
    assertThat(help.out())
        .contains("exit codes: 0 ", "; 75 ", "; 77 ", "; 78 ", "--dry-run", "--role ARN");
  }
}
