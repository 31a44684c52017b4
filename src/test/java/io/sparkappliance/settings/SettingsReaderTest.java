package io.sparkappliance.settings;

import static io.sparkappliance.settings.BadEnvironmentTest.environmentOf;
import static io.sparkappliance.settings.BadEnvironmentTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.LogFormat;
import io.sparkappliance.settings.Settings.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsReaderTest {
  private static final String SINGLE = "START_MASTER=true START_WORKER=true ";

  private static Settings settings(String environment) {
    return read(environmentOf(environment.strip())).settings();
  }

  @Test
  void a_node_that_says_only_its_role_gets_the_documented_defaults() {
    Settings settings = settings("START_MASTER=true");
    assertThat(settings.roles()).containsExactly(Role.MASTER);
    assertThat(settings.application()).isEqualTo(new Settings.Application("spark", ""));
    assertThat(settings.cluster())
        .isEqualTo(new Settings.Cluster(1, MasterNames.NONE, Optional.empty()));
    assertThat(settings.network().ports())
        .isEqualTo(
            new Ports(
                7077,
                8080,
                Optional.empty(),
                8081,
                7337,
                10000,
                15002,
                18080,
                8000,
                8888,
                8090,
                7078,
                7079,
                4040));
    assertThat(settings.memory().driver()).isEmpty();
    assertThat(settings.access().api()).isEqualTo(AuthMode.TOKEN);
    assertThat(settings.access().apiToken()).isEmpty();
    assertThat(settings.gateway().maxUpload()).isEqualTo(MemorySize.ofMebibytes(512));
    assertThat(settings.gateway().jobsDir()).isEqualTo(Path.of("/var/lib/spark-appliance/jobs"));
    assertThat(settings.supervision().gracePeriod()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.supervision().logFormat()).isEqualTo(LogFormat.TEXT);
    assertThat(settings.draining())
        .isEqualTo(
            new Settings.Draining(
                Set.of(NoticeKind.SPOT, NoticeKind.LIFECYCLE),
                Duration.ofMinutes(10),
                Optional.empty()));
    assertThat(settings.paths().confDir()).isEqualTo(Path.of("/var/lib/spark-appliance/conf"));
    assertThat(settings.paths().eventLogDir()).isEqualTo("/var/lib/spark-appliance/events");
    assertThat(settings.paths().logs()).isEqualTo(Path.of("/var/lib/spark-appliance/logs"));
    assertThat(settings.logShipping()).isEmpty();
    assertThat(settings.sparkProperties()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "s3://bucket, ''",
    "s3://bucket/, ''",
    "s3a://bucket/some/prefix, ''",
    "S3N://bucket/some/prefix=1/, LOG_SHIP_INTERVAL=30s",
  })
  void logs_are_sent_to_s3_and_stay_where_they_were(String folder, String more) {
    Settings settings = settings(SINGLE + ("LOG_DIR=" + folder + " " + more).strip());
    Duration interval = more.isEmpty() ? Duration.ofMinutes(5) : Duration.ofSeconds(30);
    assertThat(settings.logShipping()).contains(new Settings.LogShipping(folder, interval));
    assertThat(settings.paths().logs()).isEqualTo(Path.of("/var/lib/spark-appliance/logs"));
  }

  @Test
  void logs_are_written_to_another_directory() {
    Settings settings = settings(SINGLE + "LOG_DIR=/mnt/logs/../node1/");
    assertThat(settings.logShipping()).isEmpty();
    assertThat(settings.paths().logs()).isEqualTo(Path.of("/mnt/node1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "logs",
        "file:/logs",
        "hdfs://namenode/logs",
        "https://bucket/logs",
        "s3:bucket",
        "s3:///logs",
        "s3://b/logs",
        "s3://key:secret@bucket/logs",
        "s3://bucket/logs?x=y",
        "s3://bucket//logs",
        "s3://bucket/../logs",
        "s3://bucket/logs/.",
        "s3://bucket/lögs",
      })
  void logs_go_nowhere_else(String place) {
    assertThatThrownBy(() -> settings(SINGLE + "LOG_DIR=" + place))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("LOG_DIR=")
        .hasMessageContaining("must be an absolute path on this machine or s3://bucket[/prefix]")
        .hasMessageContaining("for example, LOG_DIR=s3://bucket/logs, or leave it out")
        .hasMessageNotContaining("key:secret");
  }

  @Test
  void a_prefix_in_s3_has_an_end() {
    String longest = "s3://bucket/" + "x".repeat(512);
    assertThat(settings(SINGLE + "LOG_DIR=" + longest).logShipping()).isPresent();
    assertThatThrownBy(() -> settings(SINGLE + "LOG_DIR=" + longest + "x"))
        .hasMessageContaining("a prefix of up to 512");
  }

  @Test
  void every_value_that_is_given_arrives() {
    Settings settings =
        settings(
            "START_WORKER=on START_WEBAPP=YES APPLICATION_ID=shop APPLICATION_VERSION=7"
                + " CLUSTER_SIZE=3 MASTER_STACK_NAME=spark://b:7078,a EXECUTOR_MEMORY=3g"
                + " DRIVER_MEMORY=1536 SPARK_WORKER_CORES=2 DEFAULT_CORES=4"
                + " EXT_JARS=/a.jar,s3://b/c.jar PYTHON_LIBS=a[x,y]>=1,<2,s3://c/d.txt,b"
                + " INIT_SCRIPTS=s3://c/1.sh,/2.sh API_AUTH=none"
                + " ZOOKEEPER_CONNECT=zk1,zk2:2182/shop/spark"
                + " API_TOKEN=token-number-1 MAX_UPLOAD_SIZE=1g STOP_GRACE_PERIOD=2m"
                + " DRAIN_ON=Rebalance,,lifecycle DRAIN_TIMEOUT=1h LIFECYCLE_HOOK=a/b-c_1"
                + " LOG_FORMAT=json THRIFT_SERVER=sql SPARK_LOCAL_DIRS=/d1,/d2"
                + " SPARK_CONF_spark_hadoop_fs_s3a_bucket_my__data_x___y=1 SPARK_CONF_spark_x=");
    assertThat(settings.roles()).containsExactlyInAnyOrder(Role.WORKER, Role.GATEWAY);
    assertThat(settings.application().sqlUser("node1")).isEqualTo("shop-7-node1");
    assertThat(settings.cluster())
        .isEqualTo(
            new Settings.Cluster(
                3,
                MasterNames.of(List.of(new HostAndPort("b", 7078), new HostAndPort("a", 7077))),
                Optional.of(
                    new ZooKeeperEnsemble(
                        List.of(new HostAndPort("zk1", 2181), new HostAndPort("zk2", 2182)),
                        "/shop/spark"))));
    assertThat(settings.memory().executor()).contains(MemorySize.ofMebibytes(3072));
    assertThat(settings.memory().driver()).contains(MemorySize.ofMebibytes(1536));
    assertThat(settings.sources().extJars()).containsExactly("/a.jar", "s3://b/c.jar");
    assertThat(settings.sources().requirements()).containsExactly("a[x,y]>=1,<2", "b");
    assertThat(settings.sources().requirementFiles()).containsExactly("s3://c/d.txt");
    assertThat(settings.sources().initScripts()).containsExactly("s3://c/1.sh", "/2.sh");
    assertThat(settings.access().api()).isEqualTo(AuthMode.NONE);
    assertThat(settings.access().apiToken()).contains(new Secret("token-number-1"));
    assertThat(settings.gateway().maxUpload().bytes()).isEqualTo(1L << 30);
    assertThat(settings.gateway().thriftServer()).contains(new HostAndPort("sql", 10_000));
    assertThat(settings.supervision().gracePeriod()).isEqualTo(Duration.ofMinutes(2));
    assertThat(settings.draining())
        .isEqualTo(
            new Settings.Draining(
                Set.of(NoticeKind.REBALANCE, NoticeKind.LIFECYCLE),
                Duration.ofHours(1),
                Optional.of("a/b-c_1")));
    assertThat(settings.paths().localDirs()).containsExactly(Path.of("/d1"), Path.of("/d2"));
    assertThat(settings.sparkProperties())
        .isEqualTo(
            Map.of(
                "spark.worker.cores", "2",
                "spark.deploy.defaultCores", "4",
                "spark.hadoop.fs.s3a.bucket.my-data.x_y", "1"));
  }

  @Test
  void notices_can_be_left_to_others() {
    assertThat(settings("START_MASTER=true DRAIN_ON=None").draining().on()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "TRUE", "True", "1", "yes", "on", "ON"})
  void a_role_is_on_for_every_accepted_word(String word) {
    assertThat(settings("START_MASTER=" + word).runs(Role.MASTER)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "false", "FALSE", "0", "no", "off", " "})
  void a_role_is_off_for_every_accepted_word(String word) {
    Map<String, String> environment = Map.of("START_MASTER", "true", "START_WORKER", word);
    assertThat(read(environment).settings().runs(Role.WORKER)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "SPARK_MODE=worker SPARK_MASTER_URL=spark://m:7077, WORKER",
    "SPARK_MODE=master, MASTER",
    "SPARK_MODE=gateway, GATEWAY",
    "SPARK_MODE=HistoryServer, HISTORYSERVER",
    "SPARK_MODE=webapp, GATEWAY",
  })
  void the_mode_of_other_images_means_one_role(String environment, Role role) {
    assertThat(settings(environment).roles()).containsExactly(role);
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "CLUSTER_SIZE=2, false",
    "MASTER_STACK_NAME=spark://m:7077, false",
  })
  void a_single_node_is_master_and_worker_of_a_cluster_of_one(String more, boolean single) {
    assertThat(settings(SINGLE + more).isSingleNode()).isEqualTo(single);
  }

  @Test
  void a_secret_from_a_file_is_read_without_the_white_space_around_it() {
    Settings settings = settings(SINGLE + "API_TOKEN_FILE=/run/secrets/token");
    assertThat(settings.access().apiToken()).contains(new Secret("token-number-2"));
  }

  @Test
  void each_value_knows_where_it_came_from_and_secrets_are_masked() {
    var resolved =
        read(environmentOf(
                "START_WORKER=1 SPARK_MASTER_URL=spark://m:7077"
                    + " SPARK_RPC_AUTHENTICATION_SECRET_FILE=/run/secrets/token"))
            .resolved();
    assertThat(resolved)
        .contains(
            new Resolved("START_WORKER", "1", "environment"),
            new Resolved("START_MASTER", "", "not set"),
            new Resolved("MASTER_STACK_NAME", "spark://m:7077", "environment, as SPARK_MASTER_URL"),
            new Resolved("SPARK_RPC_AUTHENTICATION_SECRET", "******", "file /run/secrets/token"),
            new Resolved("THRIFT_PORT", "10000", "default"));
    assertThat(resolved).doesNotContainNull().hasSameSizeAs(new Catalogue().all());
  }

  @Test
  void a_service_link_is_no_port() {
    var result = read(Map.of("START_MASTER", "true", "SPARK_MASTER_PORT", "tcp://10.0.0.1:7077"));
    assertThat(result.settings().network().ports().master()).isEqualTo(7077);
    assertThat(result.warnings())
        .containsExactly(
            "SPARK_MASTER_PORT=tcp://10.0.0.1:7077 is ignored: it looks like a service link of"
                + " Kubernetes or Docker, not a port.");
  }

  @Test
  void variables_of_sparks_scripts_are_not_ignored_in_silence() {
    var result = read(Map.of("START_MASTER", "true", "SPARK_WORKER_OPTS", "-Dx=y"));
    assertThat(result.warnings()).singleElement().asString().startsWith("SPARK_WORKER_OPTS is");
    result = read(Map.of("START_WORKER", "true", "START_MASTER", "true", "EXECUTOR_CORES", "2"));
    assertThat(result.warnings())
        .singleElement()
        .asString()
        .contains("EXECUTOR_CORES is ignored", "use SPARK_CONF_spark_executor_cores");
  }

  @Test
  void a_client_needs_no_role() {
    var result =
        SettingsReader.readForClient(
            Map.of("SPARK_MASTER_URL", "spark://m:7077"), path -> "unused");
    assertThat(result.settings().roles()).isEmpty();
  }

  @Test
  void an_empty_version_leaves_no_double_dash() {
    assertThat(new Settings.Application("spark", "").sqlUser("h")).isEqualTo("spark-h");
  }

  @ParameterizedTest
  @CsvSource({
    "/mnt/jobs, /mnt/jobs",
    "/mnt/../jobs/, /jobs",
    "file:/mnt/jobs, /mnt/jobs",
    "FILE:///mnt/jobs, /mnt/jobs"
  })
  void jobs_are_in_a_folder(String place, String folder) {
    Settings.Gateway gateway = settings(SINGLE + "JOBS_DIR=" + place).gateway();
    assertThat(gateway.jobsDir()).isEqualTo(Path.of(folder));
    assertThat(gateway.jobsInS3()).isEmpty();
  }

  @Test
  void jobs_in_s3_have_a_directory_of_their_own_here() {
    Settings.Gateway gateway = settings(SINGLE + "JOBS_DIR=s3a://bucket/some/jobs").gateway();
    assertThat(gateway.jobsInS3()).contains("s3a://bucket/some/jobs");
    assertThat(gateway.jobsDir().getParent())
        .isEqualTo(Path.of("/var/lib/spark-appliance/jobs-in-s3"));
    assertThat(settings(SINGLE + "JOBS_DIR=S3://bucket/some/jobs/").gateway().jobsDir())
        .as("the same place")
        .isEqualTo(gateway.jobsDir());
    assertThat(settings(SINGLE + "JOBS_DIR=s3://bucket/jobs").gateway().jobsDir())
        .isNotEqualTo(gateway.jobsDir());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jobs",
        "s3a://",
        "s3a:/bucket",
        "s3a://b/../c",
        "https://host/x",
        "file://host/x"
      })
  void jobs_are_nowhere_else(String place) {
    assertThatThrownBy(() -> settings(SINGLE + "JOBS_DIR=" + place))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("JOBS_DIR=" + place + ": must be an absolute path on this machine")
        .hasMessageContaining("for example, JOBS_DIR=s3a://bucket/jobs, or leave it out");
  }

  @Test
  void gateways_that_share_a_database_say_where_their_jobs_are() {
    String database = "START_WEBAPP=1 JOBS_DATABASE=jdbc:postgresql://db/spark";
    assertThatThrownBy(() -> settings(database))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("needs a folder that all gateways see")
        .hasMessageContaining("(NFS, EFS) or to s3a://bucket/prefix");
    assertThat(settings(database + " JOBS_DIR=s3n://bucket").gateway().jobsInS3())
        .contains("s3n://bucket");
  }

  @Test
  void tls_of_the_web_pages_is_read_whole() {
    Settings settings =
        settings(
            "START_MASTER=1 SPARK_SSL_ENABLED=1 SPARK_SSL_KEYSTORE_FILE=/k.p12"
                + " SPARK_SSL_KEYSTORE_PASSWORD=secret SPARK_SSL_PROTOCOL=TLSv1.2");
    Settings.Ssl ssl = settings.access().ssl().orElseThrow();
    assertThat(ssl.keyStore()).isEqualTo(Path.of("/k.p12"));
    assertThat(ssl.keyStorePassword()).isEqualTo(new Secret("secret"));
    assertThat(ssl.protocol()).isEqualTo("TLSv1.2");
  }
}
