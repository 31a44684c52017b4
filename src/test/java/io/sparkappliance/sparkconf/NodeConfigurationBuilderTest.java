package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeConfigurationBuilderTest {
  private static final String PLUGINS =
      "io.sparkappliance.spark.SecretGuard,io.sparkappliance.spark.Retirement,"
          + "io.sparkappliance.spark.ExecutorWishes,io.sparkappliance.spark.ApplicationNote";

  @TempDir Path directory;

  private final Problems problems = new Problems();
  private ConfigurationFixture node;

  @BeforeEach
  void singleNode() throws IOException {
    node = new ConfigurationFixture(directory);
  }

  @Test
  void defaultsOfASingleNode() {
    NodeConfiguration configuration = build(Map.of());
    String data = node.data.toString();
    assertThat(values(configuration))
        .containsOnly(
            entry("spark.authenticate", "true"),
            entry("spark.authenticate.secret", "cluster-secret"),
            entry("spark.connect.grpc.binding.port", "15002"),
            entry("spark.deploy.recoveryDirectory", data + "/recovery"),
            entry("spark.deploy.recoveryMode", "FILESYSTEM"),
            entry("spark.driver.bindAddress", "0.0.0.0"),
            entry("spark.driver.host", "10.0.0.5"),
            entry("spark.driver.memory", "2g"),
            entry("spark.eventLog.dir", "file:" + data + "/events"),
            entry("spark.executor.memory", "2g"),
            entry("spark.history.fs.logDirectory", "file:" + data + "/events"),
            entry("spark.history.ui.port", "18080"),
            entry("spark.jars.ivy", data + "/home/.ivy2"),
            entry("spark.local.dir", data + "/local"),
            entry("spark.master", "spark://10.0.0.5:7077"),
            entry("spark.master.ui.port", "8080"),
            entry("spark.metrics.conf", data + "/conf/metrics.properties"),
            entry("spark.network.crypto.enabled", "true"),
            entry("spark.plugins", PLUGINS),
            entry("spark.shuffle.service.port", "7337"),
            entry("spark.sparkappliance.tokenFile", data + "/secrets/api-token"),
            entry("spark.sql.warehouse.dir", "file:" + data + "/warehouse"),
            entry("spark.worker.ui.port", "8081"));
    assertThat(configuration.masterUrl()).isEqualTo("spark://10.0.0.5:7077");
    assertThat(configuration.bindHost()).isEqualTo("0.0.0.0");
    assertThat(configuration.ports()).isEqualTo(node.settings().network().ports());
    assertThat(configuration.notices()).isEmpty();
    assertThat(configuration.environment())
        .containsOnly(
            entry("PYSPARK_PYTHON", "python3"),
            entry("PYTHONPATH", data + "/python"),
            entry("SPARK_CONF_DIR", data + "/conf"),
            entry(
                "SPARK_DIST_CLASSPATH", node.home + "/spark-jars/*:" + node.home + "/classpath/*"),
            entry("SPARK_HOME", "/opt/spark"),
            entry("SPARK_LOG_DIR", data + "/logs"),
            entry("SPARK_WORKER_DIR", data + "/work"));
  }

  @Test
  void loopbackKeepsEverythingOnThisMachine() {
    node.host = "127.0.0.1";
    NodeConfiguration configuration = build(Map.of());
    assertThat(configuration.bindHost()).isEqualTo("127.0.0.1");
    assertThat(configuration.environment()).containsEntry("SPARK_LOCAL_IP", "127.0.0.1");
    assertThat(values(configuration))
        .containsEntry("spark.driver.bindAddress", "127.0.0.1")
        .containsEntry("spark.connect.grpc.binding.address", "127.0.0.1");
  }

  @Test
  void mastersElsewhereAreRegisteredWith() {
    node.environment.remove("START_MASTER");
    node.set("MASTER_STACK_NAME", "spark://b:7077,a:7078");
    NodeConfiguration configuration = build(Map.of("spark.master", "local[2]"));
    assertThat(configuration.masterUrl()).isIn("spark://b:7077,a:7078", "spark://a:7078,b:7077");
    assertThat(configuration.properties().get("spark.master"))
        .isEqualTo(new Property(configuration.masterUrl(), Layer.VARIABLE));
  }

  @Test
  void mastersThatZooKeeperElectsRememberThere() {
    node.set("ZOOKEEPER_STACK_NAME", "zk1:2181,zk2:2181/shop")
        .set("MASTER_STACK_NAME", "spark://10.0.0.5:7077,10.0.0.6:7077");
    assertThat(values(build(Map.of())))
        .contains(
            entry("spark.deploy.recoveryMode", "CUSTOM"),
            entry("spark.deploy.recoveryMode.factory", "io.sparkappliance.spark.ZooKeeperRecovery"),
            entry("spark.deploy.zookeeper.url", "zk1:2181,zk2:2181/shop"),
            entry("spark.deploy.recoveryTimeout", "10"),
            entry(
                "spark.sparkappliance.zookeeper.sessionFile",
                node.data + "/secrets/zookeeper-session"))
        .doesNotContainKey("spark.deploy.recoveryDirectory");
    assertThat(build(Map.of()).notices())
        .anyMatch(notice -> notice.contains("ZooKeeper at zk1:2181,zk2:2181/shop is used without"))
        .anyMatch(notice -> notice.contains("the embedded metastore belongs to this node"));
    assertThat(
            node.build(Map.of(), Map.of("hive.metastore.uris", "thrift://metastore:9083"), problems)
                .configuration()
                .notices())
        .noneMatch(notice -> notice.contains("embedded metastore"));
  }

  @Test
  void variableWinsOverExtConfAndExtConfOverTheNode() {
    node.set("EXECUTOR_MEMORY", "1g").set("SPARK_WEBUI_SSL_PORT", "8444");
    NodeConfiguration configuration =
        build(
            Map.of(
                "spark.executor.memory", "3g",
                "spark.driver.memory", "1g",
                "spark.local.dir", "/scratch",
                "spark.ssl.ui.port", "1"));
    assertThat(configuration.properties())
        .containsEntry("spark.executor.memory", new Property("1g", Layer.VARIABLE))
        .containsEntry("spark.driver.memory", new Property("1g", Layer.EXT_CONF))
        .containsEntry("spark.local.dir", new Property("/scratch", Layer.EXT_CONF))
        .containsEntry("spark.ssl.ui.port", new Property("8444", Layer.VARIABLE));
    assertThat(configuration.memory().executorMemory()).isEqualTo(MemorySize.ofMebibytes(1024));
    assertThat(configuration.memory().driverHeap()).isEqualTo(MemorySize.ofMebibytes(1024));
  }

  @Test
  void memoryThatShrankIsSaid() {
    node.total = MemorySize.ofMebibytes(3072);
    NodeConfiguration configuration = build(Map.of());
    String executor = configuration.memory().executorMemory().toJvmText();
    assertThat(configuration.properties())
        .containsEntry("spark.executor.memory", new Property(executor, Layer.NODE));
    assertThat(configuration.notices())
        .contains(
            "spark.executor.memory is "
                + executor
                + " instead of 2g: this node has 3072m for everything.");
  }

  @Test
  void memoryOfAFileThatDoesNotFitIsRefusedByName() {
    build(Map.of("spark.executor.memory", "16g"));
    assertThat(problems.list())
        .singleElement()
        .extracting(Problem::remedy)
        .asString()
        .startsWith("Lower spark.executor.memory (EXT_CONF)=16g, start fewer roles");
  }

  @Test
  void memoryThatIsNoSizeIsRefused() {
    build(Map.of("spark.driver.memory", "plenty"));
    assertThat(problems.list())
        .extracting(Problem::toString)
        .containsExactly(
            "spark.driver.memory=plenty: a size such as 512m or 2g is accepted.\n"
                + "   Correct it in the file that sets it, or leave it out.");
  }

  @Test
  void portsOfFilesAreInForceWhereNoVariableSaysOtherwise() {
    node.set("SPARK_WORKER_WEBUI_PORT", "8181").set("THRIFT_PORT", "10500");
    Map<String, String> extConf =
        Map.of(
            "spark.master.ui.port", "9090",
            "spark.worker.ui.port", "9091",
            "spark.shuffle.service.port", "7447",
            "spark.connect.grpc.binding.port", "15003",
            "spark.history.ui.port", "18081",
            "spark.driver.port", "7178",
            "spark.driver.blockManager.port", "7179",
            "spark.ui.port", "4141");
    var ports =
        node.build(extConf, Map.of("hive.server2.thrift.port", "10001"), problems)
            .configuration()
            .ports();
    assertThat(ports.masterUi()).isEqualTo(9090);
    assertThat(ports.workerUi()).isEqualTo(8181);
    assertThat(ports.shuffleService()).isEqualTo(7447);
    assertThat(ports.thrift()).isEqualTo(10_500);
    assertThat(ports.connect()).isEqualTo(15_003);
    assertThat(ports.history()).isEqualTo(18_081);
    assertThat(ports.sqlDriver()).isEqualTo(7178);
    assertThat(ports.sqlBlockManager()).isEqualTo(7179);
    assertThat(ports.sqlUi()).isEqualTo(4141);
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void pluginsOfTheOperatorComeBesideTheGuard() {
    assertThat(values(build(Map.of("spark.plugins", "org.example.Metrics"))))
        .containsEntry("spark.plugins", PLUGINS + ",org.example.Metrics");
    assertThat(values(build(Map.of("spark.plugins", " "))))
        .as("nobody can switch it off by naming none")
        .containsEntry("spark.plugins", PLUGINS);
  }

  @Test
  void aPortGivenAsItsDefaultBeatsTheFile() {
    node.set("SPARK_MASTER_WEBUI_PORT", "8080")
        .set("THRIFT_PORT", "10000")
        .set("SQL_UI_PORT", "4040");
    var ports =
        node.build(
                Map.of("spark.master.ui.port", "9090", "spark.ui.port", "4141"),
                Map.of("hive.server2.thrift.port", "10001"),
                problems)
            .configuration()
            .ports();
    assertThat(ports.masterUi()).isEqualTo(8080);
    assertThat(ports.thrift()).isEqualTo(10_000);
    assertThat(ports.sqlUi()).isEqualTo(4040);
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void thriftPortOfHiveSiteIsInForce() {
    var result = node.build(Map.of(), Map.of("hive.server2.thrift.port", "10001"), problems);
    assertThat(result.configuration().ports().thrift()).isEqualTo(10_001);
    assertThat(result.hiveSite().properties()).containsEntry("hive.server2.thrift.port", "10001");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "0", "65536", "-1", ""})
  void portsThatAreNoneAreRefused(String port) {
    build(Map.of("spark.master.ui.port", port));
    assertThat(problems.list())
        .extracting(Problem::field, Problem::value)
        .containsExactly(tuple("spark.master.ui.port", port));
  }

  @Test
  void clusterSecretOfAVariableCanNotBeReplacedByAFile() {
    node.set("SPARK_RPC_AUTHENTICATION_SECRET", "cluster-secret");
    NodeConfiguration configuration =
        build(Map.of("spark.authenticate", "false", "spark.authenticate.secret", "other"));
    assertThat(configuration.properties())
        .containsEntry("spark.authenticate", new Property("true", Layer.VARIABLE))
        .containsEntry("spark.authenticate.secret", new Property("cluster-secret", Layer.VARIABLE))
        .containsEntry("spark.network.crypto.enabled", new Property("true", Layer.NODE));
  }

  @Test
  void withoutSecretThereIsNoAuthentication() {
    node.rpcSecret = Optional.empty();
    assertThat(values(build(Map.of())))
        .doesNotContainKeys(
            "spark.authenticate", "spark.authenticate.secret", "spark.network.crypto.enabled");
  }

  @Test
  void secretOfAFileSwitchesEncryptionOnToo() {
    node.rpcSecret = Optional.empty();
    assertThat(
            values(
                build(Map.of("spark.authenticate", "true", "spark.authenticate.secret", "theirs"))))
        .containsEntry("spark.network.crypto.enabled", "true");
  }

  @Test
  void authenticationThatIsSwitchedOffStaysOff() {
    node.set("SPARK_RPC_AUTHENTICATION_ENABLED", "false");
    assertThat(values(build(Map.of())))
        .containsEntry("spark.authenticate", "false")
        .doesNotContainKeys("spark.authenticate.secret", "spark.network.crypto.enabled");
  }

  @Test
  void encryptionWithoutAuthenticationIsRefused() {
    node.rpcSecret = Optional.empty();
    build(Map.of("spark.network.crypto.enabled", "true"));
    assertThat(problems.list())
        .extracting(Problem::field)
        .containsExactly("spark.network.crypto.enabled");
  }

  @Test
  void authenticationWithoutSecretIsRefused() {
    node.rpcSecret = Optional.empty();
    build(Map.of("spark.authenticate", "true"));
    assertThat(problems.list()).extracting(Problem::field).containsExactly("spark.authenticate");
  }

  @Test
  void encryptionCanBeSwitchedOffByItsVariable() {
    node.set("SPARK_RPC_ENCRYPTION_ENABLED", "false");
    assertThat(build(Map.of()).properties())
        .containsEntry("spark.network.crypto.enabled", new Property("false", Layer.VARIABLE));
  }

  @Test
  void connectAsksForTheApiToken() {
    node.set("START_CONNECT", "true");
    assertThat(values(build(Map.of())))
        .containsEntry("spark.connect.authenticate.token", "api-token");
  }

  @Test
  void tokenOfConnectCanNotBeReplacedByAFile() {
    node.set("START_CONNECT", "true");
    build(Map.of("spark.connect.authenticate.token", "theirs"));
    assertThat(problems.list())
        .singleElement()
        .asString()
        .contains("API_TOKEN_FILE")
        .doesNotContain("theirs");
  }

  @Test
  void openConnectLeavesTheSettingToTheUser() {
    node.set("START_CONNECT", "true").set("CONNECT_AUTH", "none");
    assertThat(values(build(Map.of()))).doesNotContainKey("spark.connect.authenticate.token");
    assertThat(values(build(Map.of("spark.connect.authenticate.token", "theirs"))))
        .containsEntry("spark.connect.authenticate.token", "theirs");
  }

  @Test
  void tlsOfWebPagesIsSpelledOut() {
    node.set("SPARK_SSL_ENABLED", "yes")
        .set("SPARK_SSL_KEYSTORE_FILE", "/tls/key.p12")
        .set("SPARK_SSL_KEYSTORE_PASSWORD", "k1")
        .set("SPARK_SSL_KEY_PASSWORD", "k2")
        .set("SPARK_SSL_TRUSTSTORE_FILE", "/tls/trust.p12")
        .set("SPARK_SSL_TRUSTSTORE_PASSWORD", "t1")
        .set("SPARK_SSL_NEED_CLIENT_AUTH", "true");
    assertThat(values(build(Map.of())))
        .contains(
            entry("spark.ssl.enabled", "true"),
            entry("spark.ssl.keyStore", "/tls/key.p12"),
            entry("spark.ssl.keyStorePassword", "k1"),
            entry("spark.ssl.keyPassword", "k2"),
            entry("spark.ssl.trustStore", "/tls/trust.p12"),
            entry("spark.ssl.trustStorePassword", "t1"),
            entry("spark.ssl.needClientAuth", "true"),
            entry("spark.ssl.protocol", "TLSv1.3"));
  }

  @Test
  void historyServerReadsWhereEventLogsAreWritten() {
    assertThat(values(build(Map.of("spark.eventLog.dir", "s3a://logs/events"))))
        .containsEntry("spark.history.fs.logDirectory", "s3a://logs/events");
    node.set("EVENT_LOG_DIR", "/mnt/with space");
    assertThat(values(build(Map.of())))
        .containsEntry("spark.eventLog.dir", "file:/mnt/with%20space")
        .containsEntry("spark.history.fs.logDirectory", "file:/mnt/with%20space");
  }

  @Test
  void localDirectoriesOfTheVariableGoWhereSparkLooksFirst() {
    node.set("SPARK_LOCAL_DIRS", "/a,/b");
    assertThat(build(Map.of()).environment()).containsEntry("SPARK_LOCAL_DIRS", "/a,/b");
  }

  @Test
  void scratchIsOnLocalDisksWhereNobodySaysWhereElse() {
    assertThat(values(build(Map.of())))
        .containsEntry("spark.local.dir", node.data.resolve("local").toString());

    node.localDisks =
        new LocalDisks(
            List.of(Path.of("/mnt/local/0"), Path.of("/mnt/local/1")), List.of("on disks"));
    assertThat(values(build(Map.of())))
        .containsEntry("spark.local.dir", "/mnt/local/0,/mnt/local/1");
    assertThat(build(Map.of()).notices()).contains("on disks");
    assertThat(build(Map.of()).environment()).doesNotContainKey("SPARK_LOCAL_DIRS");

    Map<String, String> file = Map.of("spark.local.dir", "/elsewhere");
    assertThat(values(build(file))).containsEntry("spark.local.dir", "/elsewhere");
    assertThat(build(file).notices()).doesNotContain("on disks");

    node.set("SPARK_LOCAL_DIRS", "/a");
    assertThat(build(Map.of()).environment()).containsEntry("SPARK_LOCAL_DIRS", "/a");
    assertThat(build(Map.of()).notices()).doesNotContain("on disks");
  }

  @Test
  void switchesOfBitnamisImageReachSpark() {
    node.set("SPARK_LOCAL_STORAGE_ENCRYPTION_ENABLED", "yes").set("SPARK_METRICS_ENABLED", "no");
    assertThat(values(build(Map.of())))
        .contains(
            entry("spark.io.encryption.enabled", "true"),
            entry("spark.ui.prometheus.enabled", "false"));
  }

  @Test
  void publicNameIsExported() {
    node.set("SPARK_PUBLIC_DNS", "spark.example.org");
    assertThat(build(Map.of()).environment())
        .containsEntry("SPARK_PUBLIC_DNS", "spark.example.org");
  }

  @Test
  void realMetastoreIsForEveryDriver() {
    var result =
        node.build(
            Map.of(),
            Map.of("javax.jdo.option.ConnectionURL", "jdbc:postgresql://db/metastore"),
            problems);
    assertThat(values(result.configuration()))
        .containsEntry("spark.sql.catalogImplementation", "hive");
    assertThat(result.hiveSite().properties())
        .containsEntry("javax.jdo.option.ConnectionURL", "jdbc:postgresql://db/metastore")
        .doesNotContainKeys(
            "datanucleus.schema.autoCreateAll", "hive.metastore.schema.verification");
  }

  @Test
  void warehouseOfHiveSiteIsNotHidden() {
    var result =
        node.build(Map.of(), Map.of("hive.metastore.warehouse.dir", "s3a://tables/"), problems);
    assertThat(values(result.configuration())).doesNotContainKey("spark.sql.warehouse.dir");
  }

  @Test
  void embeddedMetastoreAndTokenLoginAreTheDefaultHiveSite() {
    String data = node.data.toString();
    assertThat(node.build(Map.of(), Map.of(), problems).hiveSite().properties())
        .containsOnly(
            entry("datanucleus.schema.autoCreateAll", "true"),
            entry("hive.exec.local.scratchdir", data + "/scratch/local"),
            entry("hive.exec.scratchdir", data + "/scratch"),
            entry("hive.metastore.schema.verification", "false"),
            entry("hive.server2.authentication", "CUSTOM"),
            entry(
                "hive.server2.custom.authentication.class",
                "io.sparkappliance.spark.TokenPasswordProvider"),
            entry("hive.server2.enable.doAs", "false"),
            entry("hive.server2.logging.operation.enabled", "false"),
            entry("hive.server2.thrift.bind.host", "0.0.0.0"),
            entry("hive.server2.thrift.port", "10000"),
            entry(
                "javax.jdo.option.ConnectionURL",
                "jdbc:derby:;databaseName=" + data + "/metastore_db;create=true"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NONE", "nosasl"})
  void hiveSiteCanNotOpenTheThriftServerUnnoticed(String authentication) {
    var result =
        node.build(Map.of(), Map.of("hive.server2.authentication", authentication), problems);
    assertThat(result.hiveSite().properties())
        .containsEntry("hive.server2.authentication", "CUSTOM");
    assertThat(result.configuration().notices())
        .singleElement()
        .asString()
        .contains("THRIFT_AUTH=token wins");
    assertThat(problems.list()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"LDAP", "KERBEROS", "PAM", "CUSTOM"})
  void anotherLoginAndTheTokenAreAContradiction(String authentication) {
    node.build(Map.of(), Map.of("hive.server2.authentication", authentication), problems);
    assertThat(problems.list())
        .singleElement()
        .asString()
        .startsWith("hive-site.xml, hive.server2.authentication=" + authentication)
        .contains("Set THRIFT_AUTH=none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.hadoop.hive.server2.authentication",
        "spark.hive.server2.authentication",
        "spark.hadoop.hive.server2.custom.authentication.class",
        "spark.hive.server2.custom.authentication.class"
      })
  void sparkSettingsCanNotOpenTheThriftServerUnnoticed(String key) {
    build(Map.of(key, "NONE"));
    assertThat(problems.list()).extracting(Problem::field).containsExactly(key);
  }

  @Test
  void openThriftServerLeavesTheLoginToHiveSite() {
    node.set("THRIFT_AUTH", "none");
    var result = node.build(Map.of(), Map.of("hive.server2.authentication", "LDAP"), problems);
    assertThat(result.hiveSite().properties()).containsEntry("hive.server2.authentication", "LDAP");
    assertThat(problems.list()).isEmpty();
    assertThat(node.build(Map.of(), Map.of(), problems).hiveSite().properties())
        .doesNotContainKey("hive.server2.authentication");
  }

  @ParameterizedTest
  @CsvSource({
    "spark.authenticate.secret, true",
    "spark.connect.authenticate.token, true",
    "spark.ssl.keyStorePassword, true",
    "spark.hadoop.fs.s3a.secret.key, true",
    "spark.hadoop.fs.s3a.access.key, true",
    "spark.sparkappliance.tokenFile, false",
    "spark.hadoop.fs.s3a.aws.credentials.provider, false",
    "spark.executor.memory, false"
  })
  void secretsAreKnownByTheirKeys(String key, boolean secret) {
    assertThat(io.sparkappliance.settings.SparkSetting.isSecret(key)).isEqualTo(secret);
  }

  @Test
  void secretsAreNotShown() {
    NodeConfiguration configuration = build(Map.of());
    assertThat(configuration.toString()).doesNotContain("cluster-secret");
    assertThat(configuration.shown("spark.authenticate.secret")).contains("******");
    assertThat(configuration.shown("spark.authenticate")).contains("true");
  }

  @Test
  void portsOfFilesMustNotCollide() {
    build(Map.of("spark.master.ui.port", "8081"));
    assertThat(problems.list())
        .extracting(Problem::toString)
        .containsExactly(
            "spark.worker.ui.port=8081: is also the port of spark.master.ui.port.\n"
                + "   Give one of the two another port.");
  }

  private NodeConfiguration build(Map<String, String> extConf) {
    return node.build(extConf, Map.of(), problems).configuration();
  }

  private static Map<String, String> values(NodeConfiguration configuration) {
    return configuration.properties().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().value()));
  }
}
