package io.sparkappliance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.AwsException;
import io.sparkappliance.testing.ClockByHand;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How often what is asked; whether AWS understands it, the tests of the image tell. */
class StackDirectoryTest {
  private static final String MISSING =
      "<ErrorResponse><Error><Code>LoadBalancerNotFound</Code></Error></ErrorResponse>";

  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final ClockByHand clock = new ClockByHand(Instant.EPOCH);
  private HttpServer server;
  private AwsApi aws;
  private StackDirectory directory;

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
            line -> {});
    directory = new StackDirectory(aws, clock);
  }

  @AfterEach
  void stop() {
    aws.close();
    server.stop(0);
  }

  @Test
  void aGroupIsFoundOnceAndThenOnlyItsMembersAreAskedFor() throws AwsException {
    resources("AWS::AutoScaling::AutoScalingGroup", "group-1");
    group(3, "i-1", "i-2");

    assertThat(members().present()).containsExactly("10.0.0.1", "10.0.0.2");
    assertThat(asked())
        .containsExactly(
            "DescribeInstanceHealth",
            "ListStackResources",
            "DescribeAutoScalingGroups",
            "DescribeInstances");
    assertThat(members()).isEqualTo(new Attendance(List.of("10.0.0.1", "10.0.0.2"), of(3)));
    assertThat(asked()).as("no address twice").containsExactly("DescribeAutoScalingGroups");

    group(3, "i-2", "i-3");
    assertThat(members().present()).containsExactly("10.0.0.2", "10.0.0.3");
    assertThat(asked()).containsExactly("DescribeAutoScalingGroups", "DescribeInstances");
  }

  @Test
  void theResourcesAreLookedAtAgainAfterTenMinutes() throws AwsException {
    resources("AWS::AutoScaling::AutoScalingGroup", "group-1");
    group(1, "i-1");
    members();
    clock.pass(Duration.ofSeconds(599));
    members();
    calls.clear();
    clock.pass(Duration.ofSeconds(1));
    members();

    assertThat(asked()).contains("ListStackResources");
  }

  @Test
  void whatIsEmptyOrGoneIsLookedForAnew() throws AwsException {
    resources("AWS::AutoScaling::AutoScalingGroup", "group-1");
    group(1, "i-1");
    members();
    calls.clear();
    group(1);
    assertThat(members()).isEqualTo(new Attendance(List.of(), of(1)));
    assertThat(asked()).contains("ListStackResources");

    resources("AWS::AutoScaling::AutoScalingGroup", "group-2");
    group(1, "i-2");
    members();
    calls.clear();
    answers.put("DescribeAutoScalingGroups", "<R/>");
    answers.put(
        "DescribeInstanceHealth",
        "<R><DescribeInstanceHealthResult><InstanceStates>"
            + "<member><InstanceId>i-3</InstanceId><State>InService</State></member>"
            + "<member><InstanceId>i-4</InstanceId><State>OutOfService</State></member>"
            + "</InstanceStates></DescribeInstanceHealthResult></R>");
    assertThat(members()).isEqualTo(new Attendance(List.of("10.0.0.3"), of(2)));
  }

  @Test
  void targetGroupsOfThePortAreFoundOnce() throws AwsException {
    resources("AWS::ElasticLoadBalancingV2::TargetGroup", "arn:1");
    answers.put(
        "DescribeTargetGroups",
        "<R><DescribeTargetGroupsResult><TargetGroups><member><Port>2181</Port></member>"
            + "</TargetGroups></DescribeTargetGroupsResult></R>");
    answers.put(
        "DescribeTargetHealth",
        "<R><DescribeTargetHealthResult><TargetHealthDescriptions>"
            + target("i-1", "healthy")
            + target("i-2", "initial")
            + target("i-3", "draining")
            + target("10.0.0.9", "healthy")
            + "</TargetHealthDescriptions></DescribeTargetHealthResult></R>");

    assertThat(members()).isEqualTo(new Attendance(List.of("10.0.0.1", "10.0.0.9"), of(3)));
    calls.clear();
    members();
    assertThat(asked()).containsExactly("DescribeTargetHealth");
  }

  @Test
  void whatIsNowhereIsAskedForAgainAtEachLook() {
    for (int look = 0; look < 2; look++) {
      assertThatThrownBy(this::members)
          .isInstanceOf(AwsException.class)
          .hasMessageContaining("there is no load balancer, target group on port 2181");
    }
    assertThat(asked().stream().filter("ListStackResources"::equals)).hasSize(2);
  }

  private static OptionalInt of(int number) {
    return OptionalInt.of(number);
  }

  private Attendance members() throws AwsException {
    return directory.members("zk", 2181);
  }

  private List<String> asked() {
    List<String> asked = List.copyOf(calls);
    calls.clear();
    return asked;
  }

  private void resources(String type, String name) {
    answers.put(
        "ListStackResources",
        "<R><ListStackResourcesResult><StackResourceSummaries><member><ResourceType>%s</ResourceType><PhysicalResourceId>%s</PhysicalResourceId></member></StackResourceSummaries></ListStackResourcesResult></R>"
            .formatted(type, name));
  }

  private void group(int desired, String... instances) {
    answers.put(
        "DescribeAutoScalingGroups",
        Stream.of(instances)
            .map(
                id ->
                    "<member><InstanceId>%s</InstanceId><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus></member>"
                        .formatted(id))
            .collect(
                Collectors.joining(
                    "",
                    "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><DesiredCapacity>"
                        + desired
                        + "</DesiredCapacity><Instances>",
                    "</Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>")));
  }

  private static String target(String id, String state) {
    return "<member><Target><Id>%s</Id></Target><TargetHealth><State>%s</State></TargetHealth></member>"
        .formatted(id, state);
  }

  /** Instance {@code i-N} has the address 10.0.0.N. */
  private static String instances(Map<String, String> call) {
    return call.entrySet().stream()
        .filter(parameter -> parameter.getKey().startsWith("Filter.1.Value."))
        .map(Map.Entry::getValue)
        .filter(id -> id.startsWith("i-"))
        .map(
            id ->
                "<item><instanceId>%s</instanceId><instanceState><name>running</name></instanceState><privateIpAddress>10.0.0.%s</privateIpAddress></item>"
                    .formatted(id, id.substring(2)))
        .collect(
            Collectors.joining(
                "",
                "<R><reservationSet><item><instancesSet>",
                "</instancesSet></item></reservationSet></R>"));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> call =
        Arrays.stream(body.split("&", -1))
            .map(pair -> pair.split("=", 2))
            .collect(
                Collectors.toMap(
                    pair -> pair[0],
                    pair -> URLDecoder.decode(pair[1], StandardCharsets.UTF_8),
                    (first, second) -> second,
                    TreeMap::new));
    String action = call.get("Action");
    calls.add(action);
    String text =
        action.equals("DescribeInstances")
            ? instances(call)
            : answers.getOrDefault(
                action, action.equals("DescribeInstanceHealth") ? MISSING : "<R/>");
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(text.equals(MISSING) ? 400 : 200, bytes.length);
    try (var stream = exchange.getResponseBody()) {
      stream.write(bytes);
    }
  }
}
