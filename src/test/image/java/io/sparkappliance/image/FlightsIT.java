package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Every way to ask gives the answer that plain Python computes from the raw data. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class FlightsIT {
  private static final String ARGUMENTS =
      SharedNode.WAREHOUSE_FLIGHTS + " " + Flights.ORIGIN + " " + Flights.LAST_MONTH;
  private static SharedNode node;
  private static List<String> expected;

  @BeforeAll
  static void load() {
    node = SharedNode.get().withFlights();
    expected = Flights.expected();
    assertThat(expected).hasSizeGreaterThan(5);
  }

  @Test
  void allFlightsAreInTheTable() {
    assertThat(node.gateway().query("select count(*) as flights from flights", ""))
        .contains("| " + Flights.COUNT + " ");
  }

  @Test
  void functionsOfAnAddedJarRunOnExecutors() {
    String script =
        "create temporary function reversed as 'Reversed';"
            + " select distinct reversed(origin) as origin from flights order by origin";
    assertThat(node.gateway().query(script, "")).containsSubsequence("| AGL ", "| KFJ ", "| RWE ");
  }

  @Test
  void theGatewayRunsASqlScriptWithVariables() {
    String output =
        node.gateway().query(SharedNode.example("sql/flights-report.sql"), Flights.VARIABLES);
    assertThat(Flights.rows(output)).isEqualTo(expected);
  }

  @Test
  void theGatewayAnswersTheSameAsCsv() {
    GatewayClient gateway = node.gateway();
    String job =
        GatewayClient.jobId(
            gateway.sendQuery(
                SharedNode.example("sql/flights-report.sql"),
                Map.of("hive_vars", Flights.VARIABLES)));
    gateway.output(job);
    assertThat(gateway.get("/get_job_output/" + job + "?format=csv").text().lines())
        .containsExactlyElementsOf(
            java.util.stream.Stream.concat(
                    java.util.stream.Stream.of("carrier,flights,departed,miles,delay"),
                    expected.stream())
                .toList());
  }

  @Test
  void beelineRunsTheSameScriptFromAnotherContainer() {
    Path password = Lab.file("token", node.token());
    Docker.Output output =
        Container.of(Lab.SLIM)
            .network(node.network(), "client")
            .mount(password, "/run/token")
            .mount(Path.of("examples/sql"), "/sql")
            .command(
                "beeline",
                "-u",
                "jdbc:hive2://node:10000/",
                "-n",
                "somebody",
                "-w",
                "/run/token",
                "--hivevar",
                "origin=" + Flights.ORIGIN,
                "--hivevar",
                "last_month=" + Flights.LAST_MONTH,
                "-f",
                "/sql/flights-report.sql")
            .runToEnd(Duration.ofMinutes(2));
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(Flights.rows(output.out())).isEqualTo(expected);
  }

  @Test
  void aConnectClientOutsideGetsTheSame() {
    String output =
        HostPython.ok(
            "connect_report.py", node.connectAddress(), Flights.ORIGIN, Flights.LAST_MONTH);
    assertThat(Flights.rows(output)).isEqualTo(expected);
  }

  @Test
  void aPythonApplicationGetsTheSame() {
    assertThat(reportOf("pyspark", "flights_report.py")).isEqualTo(expected);
  }

  @Test
  void anRApplicationGetsTheSame() {
    assertThat(reportOf("r", "flights_report.R")).isEqualTo(expected);
  }

  private static List<String> reportOf(String folder, String program) {
    GatewayClient gateway = node.gateway();
    String job =
        GatewayClient.jobId(
            gateway.submit(
                program,
                SharedNode.exampleBytes(folder + "/" + program),
                Map.of("job_args", ARGUMENTS)));
    return Flights.rows(gateway.output(job));
  }

  @Test
  void aJavaApplicationGetsTheSame() {
    GatewayClient gateway = node.gateway();
    String job =
        GatewayClient.jobId(
            gateway.submit(
                "flights-report.jar",
                Artifacts.jar(Path.of("examples/java/FlightsReport.java")),
                Map.of(
                    "main_class",
                    "FlightsReport",
                    "job_args",
                    ARGUMENTS,
                    "job_settings",
                    "--conf 'spark.app.name=Flights of 2013' --executor-memory 1g")));
    assertThat(Flights.rows(gateway.output(job))).isEqualTo(expected);
  }
}
