package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tables are in the metastore that HIVE_SITE_XML names, and outlive the container. */
@ExtendWith(LabExtension.class)
final class MetastoreIT {
  private static final Duration DEADLINE = Duration.ofMinutes(3);
  private static final Path SITES = Path.of("examples/metastore");

  private String network;

  @AfterEach
  void remove() {
    Lab.removeContainersOf(network);
  }

  @Test
  void aTableInPostgresqlSurvivesANewContainer() {
    network = Lab.network("postgresql");
    start(network, "postgresql", "pg_isready --host 127.0.0.1 --dbname metastore");
    survives(network, "/sites/hive-site-postgresql.xml");
  }

  @Test
  void aTableInMariadbSurvivesANewContainerWithItsConfigurationFetchedByHttp() {
    network = Lab.network("mariadb");
    start(
        network,
        "mariadb",
        "mariadb-admin --host 127.0.0.1 --user hive --password=hive-secret ping");
    Container sites =
        Container.of(Lab.SLIM)
            .network(network, "sites")
            .mount(SITES, "/sites")
            .option("--entrypoint", "python3")
            .command("-m", "http.server", "--directory", "/sites", "8000")
            .start("sites");
    await("the web server answers")
        .atMost(DEADLINE)
        .until(
            () ->
                sites
                        .exec(
                            "python3",
                            "-c",
                            "import urllib.request; urllib.request.urlopen('http://sites:8000/')")
                        .exitCode()
                    == 0);
    survives(network, "http://sites:8000/hive-site-mariadb.xml");
  }

  private static void survives(String network, String site) {
    String warehouse = Lab.volume("warehouse");
    Container first =
        plan(network, warehouse, site, "first")
            .roles("MASTER", "WORKER", "THRIFTSERVER")
            .env("THRIFT_AUTH", "none")
            .start("first")
            .awaitReady(SharedNode.START);
    Docker.Output created =
        first.exec(
            "beeline",
            "-u",
            "jdbc:hive2://localhost:10000/",
            "--silent=true",
            "-e",
            "create table kept using parquet as select id, concat('row ', id) as text from range(10);"
                + " select count(*) as n from kept");
    assertThat(created.out()).as(created.all()).contains("| 10 ");
    first.remove();

    Docker.Output read =
        plan(network, warehouse, site, "second")
            .command(
                "spark-sql", "--master", "local[1]", "-e", "select text from kept where id = 7")
            .runToEnd(DEADLINE);
    assertThat(read.out()).as(read.all()).contains("row 7");
  }

  private static Container.Plan plan(String network, String warehouse, String site, String name) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .option("--memory", "4g")
        .mount(SITES, "/sites")
        // Data that outlives a container is on a volume; here everything else is not.
        .volume(warehouse, "/warehouse")
        .option("--user", "0")
        .env("SPARK_CONF_spark_sql_warehouse_dir", "file:///warehouse")
        .env("HIVE_SITE_XML", site);
  }

  private static void start(String network, String service, String probe) {
    Container database =
        Container.of(Lab.serviceImage(service)).network(network, service).start(service);
    await(service + " answers")
        .atMost(DEADLINE)
        .pollInterval(Duration.ofMillis(300))
        .until(() -> database.exec("sh", "-c", probe).exitCode() == 0);
  }
}
