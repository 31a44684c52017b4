package io.sparkappliance.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.regions.Region;

class AwsApiTest {
  private static final String THROTTLED =
      "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
          + "</Error></ErrorResponse>";

  private final Deque<Map.Entry<Integer, String>> answers = new ArrayDeque<>();
  private final List<String> bodies = new ArrayList<>();
  private final List<String> signatures = new ArrayList<>();
  private final List<String> targets = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private long time;
  private boolean goesOn = true;
  private HttpServer server;
  private AwsApi aws;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    aws =
        new AwsApi(
            "eu-central-1",
            Map.of(
                "AWS_ENDPOINT_URL", "http://127.0.0.1:" + server.getAddress().getPort(),
                "AWS_ACCESS_KEY_ID", "AKIATEST",
                "AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
            said::add,
            pause -> {
              pauses.add(pause);
              // Answers take a second.
              time += pause.plusSeconds(1).toNanos();
              return goesOn;
            },
            () -> time);
  }

  @AfterEach
  void stop() {
    aws.close();
    server.stop(0);
  }

  @Test
  void aQueryIsSignedForItsServiceAndRegion() throws AwsException {
    will(200, "<R><Result><member><Id>1</Id></member><member><Id>2</Id></member></Result></R>");

    Xml answer =
        aws.query(AwsService.AUTO_SCALING, "Describe", Map.of("Names.member.1", "a b&c=d"));

    assertThat(answer.all("Result/member")).hasSize(2);
    assertThat(answer.text("Result/member/Id")).contains("1");
    assertThat(answer.text("Result/nothing")).isEmpty();
    assertThat(bodies)
        .containsExactly("Action=Describe&Version=2011-01-01&Names.member.1=a+b%26c%3Dd");
    assertThat(signatures.getFirst())
        .startsWith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
        .contains("/eu-central-1/autoscaling/aws4_request");
  }

  @Test
  void aJsonCallNamesItsTarget() throws AwsException {
    will(200, "{\"SecretString\": \"x\"}");

    assertThat(
            aws.json(AwsService.SECRETS_MANAGER, "GetSecretValue", Map.of("SecretId", "a"))
                .path("SecretString")
                .asText())
        .isEqualTo("x");
    assertThat(bodies).containsExactly("{\"SecretId\":\"a\"}");
    assertThat(targets).containsExactly("secretsmanager.GetSecretValue");
  }

  @Test
  void whatIsThrottledIsAskedAgainLaterAndLater() throws AwsException {
    for (int i = 0; i < 3; i++) {
      will(400, THROTTLED);
    }
    will(503, "");
    will(200, "<R/>");

    aws.query(AwsService.EC2, "DescribeInstances", Map.of());

    assertThat(pauses).hasSize(4);
    assertThat(pauses.get(0)).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
    assertThat(pauses.get(3)).isBetween(Duration.ofMillis(1600), Duration.ofMillis(3200));
  }

  @Test
  void credentialsThatAreNotKnownEverywhereYetAreTriedAgain() throws AwsException {
    will(401, "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>");
    will(200, "<R/>");
    aws.query(AwsService.EC2, "DescribeInstances", Map.of());
    will(400, "{\"__type\": \"UnrecognizedClientException\", \"message\": \"invalid token\"}");
    will(200, "{}");
    aws.json(AwsService.SYSTEMS_MANAGER, "GetParameters", Map.of());

    assertThat(pauses).hasSize(2);
  }

  @Test
  void credentialsThatAreNeverTakenAreARefusalInTheEnd() {
    for (String code :
        List.of(
            "AuthFailure",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException")) {
      pauses.clear();
      for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
        will(403, "<R><Error><Code>" + code + "</Code></Error></R>");
      }
      AwsException failure = failure(AwsService.EC2, "DescribeInstances");

      assertThat(failure.kind()).isEqualTo(AwsException.Kind.DENIED);
      assertThat(failure)
          .hasMessage(
              "AWS does not take this node's credentials for ec2:DescribeInstances (403 %s)"
                  .formatted(code));
      assertThat(failure.remedy().orElseThrow()).contains("AWS_SECRET_ACCESS_KEY", "clock");
      assertThat(pauses).as("they may not have spread yet").hasSize(AwsApi.ATTEMPTS - 1);
    }
  }

  @Test
  void aRegionThatIsNewerThanTheSdkHasAnAddress() {
    assertThat(AwsService.EC2.endpoint(Region.of("eu-nowhere-7")))
        .isEqualTo("https://ec2.eu-nowhere-7.amazonaws.com");
    assertThat(AwsService.EC2.endpoint(Region.of("cn-nowhere-1"))).endsWith(".amazonaws.com.cn");
  }

  @Test
  void itGivesUpInTheEnd() {
    for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
      will(400, THROTTLED);
    }

    AwsException failure = failure(AwsService.EC2, "DescribeInstances");

    assertThat(failure.kind()).isEqualTo(AwsException.Kind.THROTTLED);
    assertThat(failure).hasMessage("ec2:DescribeInstances failed (400 Throttling: Rate exceeded)");
  }

  @Test
  void whoIsInterruptedMakesNoOtherAttempt() {
    goesOn = false;
    will(400, THROTTLED);

    assertThat(failure(AwsService.EC2, "DescribeInstances").kind())
        .isEqualTo(AwsException.Kind.THROTTLED);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void aPauseEndsWithAnInterrupt() throws Exception {
    CompletableFuture<Boolean> end = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  boolean whole = Pauses.pause(Duration.ofHours(1));
                  end.complete(!whole && Thread.currentThread().isInterrupted());
                });
    thread.interrupt();

    assertThat(end.get(1, TimeUnit.MINUTES)).isTrue();
    assertThat(Pauses.pause(Duration.ofMillis(1))).isTrue();
  }

  @Test
  void pausesGrowToAnEndAndAreAtRandom() {
    Set<Duration> first = new HashSet<>();
    for (int call = 0; call < 20; call++) {
      for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
        will(429, "");
      }
      pauses.clear();
      assertThat(failure(AwsService.EC2, "DescribeInstances").kind())
          .isEqualTo(AwsException.Kind.THROTTLED);
      assertThat(pauses).hasSize(AwsApi.ATTEMPTS - 1);
      assertThat(pauses)
          .allMatch(pause -> pause.compareTo(Duration.ofSeconds(15)) <= 0)
          .last()
          .matches(pause -> pause.compareTo(Duration.ofMillis(6400)) >= 0);
      first.add(pauses.getFirst());
    }
    assertThat(first).as("nodes that begin together don't go on together").hasSizeGreaterThan(1);
  }

  @Test
  void aCallThatTakesLongIsSaidOnceUntilItIsAnswered() throws AwsException {
    will(400, THROTTLED);
    will(200, "<R/>");
    aws.query(AwsService.EC2, "DescribeInstances", Map.of());
    assertThat(said).as("a hiccup").isEmpty();

    for (int i = 0; i < 2 * AwsApi.ATTEMPTS; i++) {
      will(400, THROTTLED);
    }
    time = 0;
    assertThat(failure(AwsService.EC2, "DescribeInstances")).isNotNull();
    assertThat(failure(AwsService.EC2, "DescribeInstances")).isNotNull();
    assertThat(said)
        .singleElement()
        .asString()
        .matches(
            "AWS is asked again and again, for 1\\d seconds by now:"
                + " ec2:DescribeInstances failed \\(400 Throttling: Rate exceeded\\)");

    will(200, "<R/>");
    aws.query(AwsService.EC2, "DescribeInstances", Map.of());
    for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
      will(503, "");
    }
    assertThat(failure(AwsService.EC2, "DescribeInstances")).isNotNull();
    assertThat(said).hasSize(2);
  }

  @Test
  void aRefusalWithoutWordsNamesTheActionToo() {
    will(403, "");
    AwsException failure = failure(AwsService.LOAD_BALANCING, "DescribeTargetHealth");
    assertThat(failure.kind()).isEqualTo(AwsException.Kind.DENIED);
    assertThat(failure)
        .hasMessage(
            "the role of this node may not call elasticloadbalancing:DescribeTargetHealth (403)");
  }

  @Test
  void aServiceThatCanNotBeReachedIsAskedAgainAndNamed() {
    server.stop(0);
    AwsException failure = failure(AwsService.AUTO_SCALING, "DescribeAutoScalingGroups");
    assertThat(failure.kind()).isEqualTo(AwsException.Kind.UNAVAILABLE);
    assertThat(failure)
        .hasMessageStartingWith(
            "autoscaling:DescribeAutoScalingGroups can't be asked at http://127.0.0.1:");
    assertThat(pauses).hasSize(AwsApi.ATTEMPTS - 1);
  }

  @Test
  void aMissingPermissionIsNamedAndNotAskedAgain() {
    will(
        403,
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized"
            + "</Message></Error></Errors></Response>");

    AwsException failure = failure(AwsService.EC2, "DescribeInstances");

    assertThat(failure.kind()).isEqualTo(AwsException.Kind.DENIED);
    assertThat(failure)
        .hasMessageContaining("the role of this node may not call ec2:DescribeInstances (403");
    assertThat(pauses).isEmpty();
  }

  @Test
  void aJsonServicesRefusalIsReadToo() {
    will(400, "{\"__type\": \"com.amazonaws#AccessDeniedException\", \"Message\": \"no\"}");
    assertThatThrownBy(
            () -> aws.json(AwsService.SYSTEMS_MANAGER, "GetParameter", Map.of("Name", "/x")))
        .isInstanceOf(AwsException.class)
        .hasMessage(
            "the role of this node may not call ssm:GetParameter (400 AccessDeniedException: no)");
  }

  @Test
  void whatIsNotThereIsToldApart() {
    will(
        400,
        "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id x does not exist"
            + "</Message></Error></ErrorResponse>");
    assertThat(failure(AwsService.CLOUD_FORMATION, "ListStackResources").kind())
        .isEqualTo(AwsException.Kind.MISSING);
  }

  @Test
  void anAnswerOfSomethingElseIsNoAnswer() {
    for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
      will(200, "<html><body>Sign in<br></body></html>");
    }
    assertThat(failure(AwsService.EC2, "DescribeInstances"))
        .hasMessageContaining("ec2:DescribeInstances can't be asked at http://127.0.0.1");
  }

  @Test
  void externalEntitiesAreNotRead() {
    for (int i = 0; i < AwsApi.ATTEMPTS; i++) {
      will(200, "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>");
    }
    assertThat(failure(AwsService.EC2, "DescribeInstances"))
        .hasMessageContaining("the answer is no XML");
  }

  private AwsException failure(AwsService service, String action) {
    return catchThrowableOfType(AwsException.class, () -> aws.query(service, action, Map.of()));
  }

  private void will(int status, String body) {
    answers.add(Map.entry(status, body));
  }

  private void answer(HttpExchange exchange) throws IOException {
    bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    targets.add(exchange.getRequestHeaders().getFirst("X-Amz-Target"));
    signatures.add(exchange.getRequestHeaders().getFirst("Authorization"));
    Map.Entry<Integer, String> next = answers.remove();
    byte[] bytes = next.getValue().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(next.getKey(), bytes.length == 0 ? -1 : bytes.length);
    try (var body = exchange.getResponseBody()) {
      body.write(bytes);
    }
  }
}
