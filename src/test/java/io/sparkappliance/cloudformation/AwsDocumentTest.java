package io.sparkappliance.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.testing.SparkProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/aws.md tells people to paste, pasted in its order, with a fake AWS on loopback. It has
 * no network balancers, hooks and rules, and its machines run nothing: stacks are made, changed and
 * deleted, no more.
 */
@Tag("long")
class AwsDocumentTest {
  private static final Path DOCUMENT = Path.of("docs/aws.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
  static final Pattern ROW =
      Pattern.compile("\\| `([a-z0-9]+\\.[a-z0-9]+)` \\| (\\d+) \\| (\\d+) \\| (\\d+|–) \\|");

  @TempDir private Path folder;

  private Process aws;
  private Map<String, String> environment;

  @BeforeEach
  void startAws() throws IOException {
    int port = SparkProcess.freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
            Programs.of("aws", "python").toString(),
            "src/test/aws/fake_aws.py",
            Integer.toString(port));
    // A certificate is issued as soon as somebody looks.
    builder.environment().put("MOTO_ACM_VALIDATION_WAIT", "1");
    Path log = folder.resolve("aws.log");
    aws = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    await("the fake AWS")
        .atMost(Duration.ofMinutes(2))
        .failFast(() -> !aws.isAlive())
        .until(() -> listens(port));
    environment = new LinkedHashMap<>();
    environment.put("PATH", Programs.of("aws", "aws").getParent() + ":" + System.getenv("PATH"));
    // By this name, for only so the fake takes a bucket's name from the path.
    environment.put("AWS_ENDPOINT_URL", "http://localhost:" + port);
    environment.put("AWS_ACCESS_KEY_ID", "test");
    environment.put("AWS_SECRET_ACCESS_KEY", "test");
    environment.put("AWS_CONFIG_FILE", folder.resolve("config").toString());
    environment.put("AWS_SHARED_CREDENTIALS_FILE", folder.resolve("credentials").toString());
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    environment.put("AWS_PAGER", "");
    environment.put("no_proxy", "localhost");
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @AfterEach
  void stopAws() throws InterruptedException {
    aws.destroyForcibly().waitFor();
  }

  private String bash(String script) throws IOException, InterruptedException {
    Programs.Output output =
        Programs.run(
            Duration.ofMinutes(8), environment, List.of("bash", "-euo", "pipefail", "-c", script));
    assertThat(output.exitCode())
        .as("%s%n%s", output.text(), Files.readString(folder.resolve("aws.log")))
        .isZero();
    return output.text();
  }

  @Test
  void from_nothing_to_a_cluster_and_back() throws IOException, InterruptedException {
    List<String> blocks =
        BLOCK.matcher(Files.readString(DOCUMENT)).results().map(block -> block.group(1)).toList();
    assertThat(blocks).hasSizeGreaterThanOrEqualTo(14);
    String beforeTheEnd =
        """
        aws cloudformation describe-stacks --query 'Stacks[].[StackName,StackStatus]' --output text
        """;
    StringBuilder script =
        new StringBuilder(
            "aws --region us-east-1 route53 create-hosted-zone --name example.org --caller-reference test\n");
    for (String block : blocks) {
      if (block.contains("delete-stack")) {
        script.append(beforeTheEnd);
      }
      script.append(block);
    }
    String printed = bash(script + leftBehind());
    assertThat(printed)
        .contains("spark-network\tCREATE_COMPLETE")
        .contains("spark-zookeeper\tCREATE_COMPLETE")
        .contains("spark-masters\tCREATE_COMPLETE")
        .contains("spark-gateway\tCREATE_COMPLETE")
        .contains("spark-workers\tUPDATE_COMPLETE")
        .contains("spark-history\tCREATE_COMPLETE")
        .contains("https://spark-gateway.example.org/")
        .contains("https://spark-history.example.org/")
        .contains("sc://spark-masters.example.org:443/;use_ssl=true")
        .endsWith("left: 0 0 0 0 0 0\n");
    List<String> table =
        ROW.matcher(Files.readString(DOCUMENT)).results().map(AwsDocumentTest::size).toList();
    assertThat(table).hasSizeGreaterThanOrEqualTo(8);
    assertThat(printed.lines().collect(Collectors.toSet())).containsAll(table);
  }

  private static String size(MatchResult row) {
    return "%s\t%s\t%d\t%s"
        .formatted(
            row.group(1),
            row.group(2),
            Integer.parseInt(row.group(3)) * 1024,
            row.group(4).equals("–") ? "None" : row.group(4));
  }

  /** Counts what could still be there; disks and log groups the fake keeps by itself. */
  private static String leftBehind() {
    return """
    count() { aws "$@" --output text --query "length($query)"; }
    echo left: \
      $(query='Stacks' count cloudformation describe-stacks) \
      $(query='AutoScalingGroups' count autoscaling describe-auto-scaling-groups) \
      $(query='Reservations[].Instances[] | [?State.Name!=`terminated`]' count ec2 describe-instances) \
      $(query='LoadBalancers' count elbv2 describe-load-balancers) \
      $(query='Parameters' count ssm get-parameters-by-path --path /spark) \
      $(query='Buckets' count s3api list-buckets)
    """;
  }
}
