package io.sparkappliance.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What docs/aws.md says that no run of its commands shows. That AWS knows the types of its tables
 * is {@link AwsDocumentTest}'s.
 */
class AwsDocumentFactsTest {
  private static final Pattern TYPE = Pattern.compile("\\b[a-z][a-z0-9]*\\.[0-9]*x?large\\b");
  private static final Pattern NODES = Pattern.compile("(\\d+) × `([a-z0-9.]+)`");

  /** A type with what an hour of it costs. */
  private static final Pattern PRICE =
      Pattern.compile("(?m)^\\| `([a-z0-9]+\\.[a-z0-9]+)` \\|.*\\| ([0-9]+\\.[0-9]{4}) \\|$");

  private static final BigDecimal HOURS = new BigDecimal(730);

  private String document;
  private Map<String, List<Integer>> types;

  @BeforeEach
  void read() throws IOException {
    document = Files.readString(Path.of("docs/aws.md"));
    types =
        AwsDocumentTest.ROW
            .matcher(document)
            .results()
            .collect(
                Collectors.toMap(
                    row -> row.group(1),
                    row ->
                        List.of(number(row.group(2)), number(row.group(3)), number(row.group(4))),
                    (first, second) -> first,
                    TreeMap::new));
    assertThat(types).hasSizeGreaterThanOrEqualTo(8);
  }

  private static int number(String text) {
    return text.equals("–") ? 0 : Integer.parseInt(text);
  }

  private String command(String stack) {
    Matcher command =
        Pattern.compile("(?m)^aws cloudformation deploy --stack-name " + stack + " (.*\\\\\\n)+.*$")
            .matcher(document);
    assertThat(command.find()).as(stack).isTrue();
    return command.group();
  }

  @Test
  void the_gateway_is_one_node_and_nobody_else_has_one() {
    assertThat(command("spark-gateway")).contains("StartWebApp=true ClusterSize=1 ");
    for (String stack : List.of("spark-masters", "spark-workers", "spark-history")) {
      assertThat(command(stack)).doesNotContain("StartWebApp");
    }
  }

  @Test
  void every_node_that_serves_tables_is_given_the_same_metastore() {
    for (String stack : List.of("spark-masters", "spark-gateway")) {
      assertThat(command(stack))
          .contains(
              "HiveSite=\"s3://$bucket/spark/conf/hive-site.xml\"",
              "MetastorePassword=ssm:/spark/metastore");
    }
  }

  @Test
  void every_balancer_has_a_name() {
    for (String stack : List.of("spark-masters", "spark-gateway", "spark-history")) {
      assertThat(command(stack))
          .contains("SSLCertificateId=\"$certificate\"", "HostedZone=\"$zone\"");
    }
  }

  @Test
  void who_looks_for_the_reason_of_a_failure_is_told_where_it_is() {
    assertThat(document)
        .contains(
            "aws ec2 get-console-output", "INSTANCE-first-start", "aws logs filter-log-events");
  }

  @Test
  void every_type_that_the_document_names_is_in_its_table() {
    assertThat(TYPE.matcher(document).results().map(found -> found.group()).distinct())
        .isSubsetOf(types.keySet());
  }

  @Test
  void a_cluster_has_and_costs_what_its_nodes_do() {
    Map<String, BigDecimal> prices =
        PRICE
            .matcher(document)
            .results()
            .collect(Collectors.toMap(row -> row.group(1), row -> new BigDecimal(row.group(2))));
    assertThat(prices).containsOnlyKeys(types.keySet());
    List<List<String>> clusters =
        document
            .lines()
            .filter(line -> line.startsWith("| ") && NODES.matcher(line).find())
            .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toList())
            .toList();
    assertThat(clusters).hasSizeGreaterThanOrEqualTo(3);
    for (List<String> cluster : clusters) {
      int[] sums = new int[3];
      BigDecimal money = BigDecimal.ZERO;
      for (MatchResult nodes : NODES.matcher(String.join(" ", cluster)).results().toList()) {
        int count = number(nodes.group(1));
        for (int i = 0; i < sums.length; i++) {
          sums[i] += count * types.get(nodes.group(2)).get(i);
        }
        money = money.add(prices.get(nodes.group(2)).multiply(new BigDecimal(count)));
      }
      assertThat(cluster.subList(cluster.size() - 4, cluster.size() - 1))
          .as(cluster.get(1))
          .extracting(AwsDocumentFactsTest::number)
          .containsExactly(sums[0], sums[1], sums[2]);
      assertThat(cluster.getLast())
          .as(cluster.get(1))
          .isEqualTo(
              String.format(
                  Locale.ROOT,
                  "%,d",
                  money.multiply(HOURS).setScale(0, RoundingMode.HALF_UP).longValueExact()));
    }
  }
}
