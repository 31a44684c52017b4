package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.AwsException;
import io.sparkappliance.cluster.StackDirectory;
import io.sparkappliance.testing.MotoServer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is in a stack, asked of what answers as AWS does. */
final class StackDirectoryIT {
  private static final int PORT = 7077;

  private static MotoServer moto;
  private static AwsApi aws;

  @BeforeAll
  static void start() throws IOException {
    moto = MotoServer.start("127.0.0.1");
    aws =
        new AwsApi(
            "eu-central-1",
            Map.of(
                "AWS_ENDPOINT_URL",
                moto.endpoint(),
                "AWS_ACCESS_KEY_ID",
                "test",
                "AWS_SECRET_ACCESS_KEY",
                "test"),
            line -> {});
  }

  @AfterAll
  static void stop() {
    if (aws != null) {
      aws.close();
    }
    if (moto != null) {
      moto.close();
    }
  }

  @ParameterizedTest(name = "by {0}")
  @ValueSource(strings = {"balancer", "targets", "group", "tag"})
  void membersAreThoseInService(String kind) throws Exception {
    JsonNode made = make(kind, "spark-" + kind);

    assertThat(new StackDirectory(aws).members("spark-" + kind, PORT).present())
        .hasSize(2)
        .isEqualTo(texts(made.path("members")));
  }

  @Test
  void anInstanceFindsItsOwnStack() throws Exception {
    String instance = texts(make("instance", "spark-own").path("instances")).getFirst();
    StackDirectory directory = new StackDirectory(aws);

    assertThat(directory.stackOf(instance)).contains("spark-own");
    assertThat(directory.stackOf("i-00000000000000000")).isEmpty();
  }

  @Test
  void aNameThatNothingHasIsMissing() {
    AwsException failure =
        catchThrowableOfType(
            AwsException.class, () -> new StackDirectory(aws).members("nobody", PORT));

    assertThat(failure.kind()).isEqualTo(AwsException.Kind.MISSING);
    assertThat(failure)
        .hasMessage(
            "there is no load balancer, target group on port 7077, auto-scaling group or tagged"
                + " instance of a stack nobody");
  }

  private static JsonNode make(String kind, String stack) throws IOException {
    return new ObjectMapper()
        .readTree(
            HostPython.okWithAws(
                "stacks.py", moto.endpoint(), kind, stack, Integer.toString(PORT)));
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
