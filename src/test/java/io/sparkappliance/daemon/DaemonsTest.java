package io.sparkappliance.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.Turn;
import io.sparkappliance.settings.Catalogue;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.settings.Variable;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.sparkconf.NodeConfiguration;
import io.sparkappliance.sparkconf.Preparation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DaemonsTest {
  private static final Credentials CREDENTIALS =
      new Credentials(
          new Secret("the-api-token"),
          new Secret("the-notebook-token"),
          Optional.of(new Secret("the-cluster-secret")));

  private static final String CLASS_PATH =
      "/data/conf/:/spark/jars/*:/home/spark-jars/*:/home/classpath/*";

  /** What every JVM that runs Spark is given, between its heap and its class path. */
  private static final List<String> SPARK_OPTIONS =
      List.of(
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:+IgnoreUnrecognizedVMOptions",
          "--add-modules=jdk.incubator.vector",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "--add-opens=java.base/java.net=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.cs=ALL-UNNAMED",
          "--add-opens=java.base/sun.security.action=ALL-UNNAMED",
          "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
          "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
          "-Djdk.reflect.useDirectMethodHandle=false",
          "-Dio.netty.tryReflectionSetAccessible=true",
          "-Dio.netty.allocator.type=pooled",
          "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
          "--enable-native-access=ALL-UNNAMED");

  private static final List<String> SMALL = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private Optional<ZooKeeperEnsemble> zooKeeper = Optional.empty();
  private final Map<String, String> environment =
      new TreeMap<>(
          Map.of(
              "PATH", "/usr/bin",
              "SPARK_APPLIANCE_HOME", "/home",
              "SPARK_APPLIANCE_DATA", "/data",
              "SPARK_APPLIANCE_CONF", "/mounted",
              "SPARK_HOME", "/spark",
              "PYSPARK_PYTHON", "/python/bin/python3",
              "SPARK_DAEMON_MEMORY", "300m",
              "DRIVER_MEMORY", "1g",
              "APPLICATION_ID", "flights"));

  private static final MemorySize TOTAL = MemorySize.ofMebibytes(16_384);

  @Test
  void theMaster() {
    start(Role.MASTER);

    assertThat(spec("master").command().arguments())
        .isEqualTo(
            smallDaemon(
                "io.sparkappliance.spark.StandaloneMaster",
                "--host 10.0.0.5 --port 7077 --webui-port 8080"));
    assertThat(spec("master").after()).isEmpty();
    assertThat(spec("master").listens()).isEqualTo(ports(7077, 8080));
    assertThat(spec("master").command().directory()).isEqualTo(Path.of("/data/scratch/master"));
  }

  @Test
  void aMasterThatIsAloneHasNoReasonToEnd() {
    start(Role.MASTER);

    assertThat(spec("master").peers()).isEqualTo(DaemonSpec.Peers.NONE);
    assertThat(spec("master").ending()).isEqualTo(DaemonSpec.Ending.FAILURE);
  }

  @Test
  void anElectedMasterMayBeDeposedButNotDie() {
    environment.put("ZOOKEEPER_STACK_NAME", "zk1:2181");
    start(Role.MASTER);

    assertThat(spec("master").ending().onPurpose().apply(0)).isPresent();
    assertThat(spec("master").ending().onPurpose().apply(143)).contains("it was told to");
    assertThat(spec("master").ending().onPurpose().apply(1)).isEmpty();
    assertThat(spec("master").ending().onPurpose().apply(137)).isEmpty();
    assertThat(spec("master").peers().beforeStart().missing()).isEmpty();
  }

  @Test
  void aWorkerRetiresWhereOthersMayTakeOver() {
    environment.put("MASTER_STACK_NAME", "spark://m1:7077");
    start(Role.WORKER);

    assertThat(spec("worker").command().arguments()).contains("-Dspark.decommission.enabled=true");
    assertThat(spec("worker").ending().retirement().orElseThrow().apply(4711).arguments())
        .containsExactly("kill", "-s", "PWR", "4711");
  }

  @Test
  void aZooKeeperServerOfSeveralListensForTheOthers() {
    environment.put("ZOOKEEPER_SERVERS", "zk1,zk2,zk3");
    start(Role.ZOOKEEPER);

    assertThat(spec("zookeeper").command().arguments())
        .endsWith("org.apache.zookeeper.server.quorum.QuorumPeerMain", "/data/conf/zoo.cfg");
    assertThat(spec("zookeeper").listens()).isEqualTo(ports(2181, 2888, 3888));
    assertThat(spec("zookeeper").after()).isEmpty();
  }

  @Test
  void aZooKeeperServerAloneListensForClientsOnly() {
    start(Role.ZOOKEEPER);

    assertThat(spec("zookeeper").listens()).isEqualTo(ports(2181));
  }

  @Test
  void jvmsStartFromTheStartupCacheUnlessTheirHeapIsTooLargeForIt(@TempDir Path spark)
      throws IOException {
    Path aot = Files.createDirectories(spark.resolve("aot"));
    Path jars = Files.createFile(aot.resolve("spark.jar"));
    Path cache = Files.createFile(aot.resolve("spark.aot"));
    environment.put("SPARK_HOME", spark.toString());
    start(Role.MASTER, Role.THRIFTSERVER);

    String option = "-XX:AOTCache=" + cache;
    String classPath =
        jars + ":/data/conf/:" + spark + "/jars/*:/home/spark-jars/*:/home/classpath/*";
    assertThat(spec("master").command().arguments()).contains(option, classPath);
    assertThat(spec("sql").command().arguments()).contains(option, classPath);

    environment.put("DRIVER_MEMORY", "31g");
    NodeConfiguration large =
        Preparation.plan(
            settings(), CREDENTIALS, "10.0.0.5", MemorySize.ofMebibytes(99_999), Map.of());
    assertThat(
            Daemons.of(
                    settings(),
                    CREDENTIALS,
                    large,
                    environment,
                    Members.named(settings().cluster().masters()),
                    settings().cluster()::zooKeeper,
                    Turn.ALWAYS)
                .getLast()
                .command()
                .arguments())
        .contains("-Xmx31g")
        .doesNotContain(option, classPath);
  }

  @Test
  void aWorkerBesideAMasterTakesAnyPortAndWaitsForNobody() {
    start(Role.MASTER, Role.WORKER);

    assertThat(spec("worker").command().arguments())
        .isEqualTo(
            smallDaemon(
                "org.apache.spark.deploy.worker.Worker",
                "--host 10.0.0.5 --port 0 --webui-port 8081 --memory "
                    + node().memory().workerMemory().toMebibytes()
                    + "m spark://10.0.0.5:7077"));
    assertThat(spec("worker").after()).isEmpty();
    assertThat(spec("worker").listens()).startsWith(ports(8081).getFirst());
  }

  @Test
  void aWorkerOfItsOwnListensWhereLoadBalancersLook() {
    environment.put("SPARK_MASTER_URL", "spark://m1:7077,m2:7077");
    environment.put("SPARK_WORKER_CORES", "3");
    environment.put("SPARK_WORKER_MEMORY", "4g");
    start(Role.WORKER);

    assertThat(spec("worker").command().arguments())
        .isEqualTo(
            smallDaemon(
                List.of("-Dspark.decommission.enabled=true"),
                "org.apache.spark.deploy.worker.Worker",
                "--host 10.0.0.5 --port 7077 --webui-port 8081 --memory 4096m --cores 3"
                    + " spark://m1:7077,m2:7077"));
    assertThat(spec("worker").listens()).contains(ports(7077).getFirst());
  }

  @Test
  void theHistoryServer() {
    start(Role.HISTORYSERVER);

    assertThat(spec("historyserver").command().arguments())
        .isEqualTo(
            smallDaemon(
                List.of("-Dspark.hadoop.fs.s3a.input.stream.type=classic"),
                "org.apache.spark.deploy.history.HistoryServer",
                ""));
  }

  @Test
  void serversReadFromS3ByTheStreamThatForgetsUnlessSomebodyChoseOne() {
    start(Role.MASTER, Role.CONNECT, Role.HISTORYSERVER);
    String key = "spark.hadoop.fs.s3a.input.stream.type";

    assertThat(settingsOf(spec("sql"))).containsEntry(key, "classic");
    environment.put("SPARK_CONF_spark_hadoop_fs_s3a_input_stream_type", "prefetch");
    assertThat(settingsOf(spec("sql"))).doesNotContainKey(key);
    assertThat(spec("historyserver").command().arguments()).noneMatch(it -> it.contains(key));
    assertThat(node().value(key)).contains("prefetch");
  }

  @Test
  void thriftServerAndConnectShareADriver() {
    start(Role.MASTER, Role.THRIFTSERVER, Role.CONNECT);

    DaemonSpec sql = spec("sql");
    assertThat(sql.roles()).containsExactly(Role.THRIFTSERVER, Role.CONNECT);
    assertThat(sql.after()).containsExactly("master");
    assertThat(sql.listens()).isEqualTo(ports(10_000, 15_002));
    assertThat(sql.command().arguments())
        .startsWith("java", "-Xmx1g")
        .containsSequence(
            "-cp",
            CLASS_PATH,
            "org.apache.spark.deploy.SparkSubmit",
            "--class",
            "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
            "--name",
            "flights-sql")
        .doesNotContainAnyElementsOf(SMALL)
        .endsWith("spark-internal");
    assertThat(settingsOf(sql))
        .containsEntry("spark.driver.port", "7078")
        .containsEntry("spark.driver.blockManager.port", "7079")
        .containsEntry("spark.ui.port", "4040")
        .hasEntrySatisfying(
            "spark.plugins",
            plugins ->
                assertThat(plugins.split(","))
                    .contains("org.apache.spark.sql.connect.SparkConnectPlugin"));
  }

  @Test
  void theSqlDriverStartsAsSparksSettingsForDriversSay() {
    environment.put("SPARK_CONF_spark_driver_defaultJavaOptions", "-Da=b");
    environment.put("SPARK_CONF_spark_driver_extraJavaOptions", "-Dc='d e'");
    environment.put("SPARK_CONF_spark_driver_extraClassPath", "/patches/*");
    start(Role.MASTER, Role.THRIFTSERVER);

    // The configuration first: a hive-site.xml among the patches must not open the server.
    assertThat(spec("sql").command().arguments())
        .containsSequence(
            "-Da=b",
            "-Dc=d e",
            "-cp",
            "/data/conf/:/patches/*:/spark/jars/*:/home/spark-jars/*:/home/classpath/*");
    assertThat(spec("master").command().arguments()).contains(CLASS_PATH).doesNotContain("-Da=b");
  }

  @Test
  void connectAloneIsConnectsOwnServer() {
    environment.put("SPARK_MASTER_URL", "spark://m1:7077");
    start(Role.CONNECT);

    assertThat(spec("sql").roles()).containsExactly(Role.CONNECT);
    assertThat(spec("sql").after()).as("the master is elsewhere").isEmpty();
    assertThat(spec("sql").listens()).isEqualTo(ports(15_002));
    assertThat(spec("sql").command().arguments())
        .containsSequence("--class", "org.apache.spark.sql.connect.service.SparkConnectServer");
    assertThat(settingsOf(spec("sql")).getOrDefault("spark.plugins", ""))
        .doesNotContain("SparkConnectPlugin");
  }

  @Test
  void theGatewayReadsItsTokenFromAFile() {
    environment.put("MAX_UPLOAD_SIZE", "10m");
    environment.put("API_TOKEN", "the-api-token");
    start(Role.MASTER, Role.WORKER, Role.GATEWAY);

    assertThat(spec("gateway").command().arguments())
        .containsExactly("/home/bin/spark-appliance", "gateway");
    assertThat(spec("gateway").command().environment())
        .containsEntry("API_TOKEN_FILE", "/data/secrets/api-token")
        .containsEntry("MAX_UPLOAD_SIZE", "10m")
        .containsEntry("ADVERTISED_HOST", "10.0.0.5")
        .containsEntry("START_MASTER", "true")
        .containsEntry("THRIFT_PORT", "10000")
        .containsEntry("SPARK_MASTER_WEBUI_PORT", "8080")
        .doesNotContainKey("API_TOKEN");
  }

  @Test
  void whatIsSetForTheGatewayReachesIt() {
    List<String> names =
        new Catalogue()
            .all().stream()
                .filter(it -> it.group() == Variable.Group.GATEWAY && it.fallback().isPresent())
                .peek(it -> environment.put(it.name(), it.fallback().orElseThrow()))
                .map(Variable::name)
                .toList();
    environment.put("JOBS_DIR", "/mnt/jobs");
    environment.put("JOBS_DATABASE", "jdbc:postgresql://db:5432/spark");
    environment.put("JOBS_DATABASE_PASSWORD", "hush-hush");
    environment.put("WEBHOOK_HOSTS", "hooks.example.org");
    environment.put("WEBHOOK_SECRET", "hush-hush-hush-hush");
    start(Role.MASTER, Role.GATEWAY);

    assertThat(spec("gateway").command().environment())
        .containsKeys(names.toArray(String[]::new))
        .containsEntry("JOBS_DIR", "/mnt/jobs")
        .containsEntry("JOBS_DATABASE", "jdbc:postgresql://db:5432/spark")
        .containsEntry("JOBS_DATABASE_PASSWORD_FILE", "/data/secrets/jobs-database-password")
        .containsEntry("WEBHOOK_HOSTS", "hooks.example.org")
        .containsEntry("WEBHOOK_SECRET_FILE", "/data/secrets/webhook-secret")
        .doesNotContainKey("WEBHOOK_SECRET")
        .doesNotContainValue("hush-hush");
  }

  @Test
  void theGatewayIsToldOfTheIdentityProviderWithoutSecrets() {
    environment.put("OIDC_ISSUER", "https://id.example.org");
    environment.put("OIDC_CLIENT_ID", "spark");
    environment.put("OIDC_CLIENT_SECRET", "hush-hush");
    environment.put("ROLES_CLAIM", "groups");
    environment.put("LOG_DIR", "/logs");
    start(Role.MASTER, Role.GATEWAY);

    assertThat(spec("gateway").command().environment())
        .containsEntry("OIDC_ISSUER", "https://id.example.org")
        .containsEntry("OIDC_CLIENT_ID", "spark")
        .containsEntry("ROLES_CLAIM", "groups")
        .containsEntry("LOG_DIR", "/logs")
        .containsEntry("OAUTH2_CLIENT_SECRET_FILE", "/data/secrets/oauth2-client-secret")
        .doesNotContainKeys("OIDC_CLIENT_SECRET", "OAUTH2_CLIENT_SECRET")
        .doesNotContainValue("hush-hush");
    assertThat(spec("master").command().environment()).doesNotContainKey("OIDC_ISSUER");
  }

  @Test
  void theGatewayAloneIsToldOfItsKey() {
    environment.put("GATEWAY_TLS_CERTIFICATE_FILE", "/tls/tls.crt");
    environment.put("GATEWAY_TLS_KEY_FILE", "/tls/tls.key");
    environment.put("GATEWAY_TLS_PASSWORD", "hush-hush");
    environment.put("GATEWAY_TLS_HSTS", "true");
    start(Role.MASTER, Role.GATEWAY);

    assertThat(spec("gateway").command().environment())
        .containsEntry("GATEWAY_TLS_CERTIFICATE_FILE", "/tls/tls.crt")
        .containsEntry("GATEWAY_TLS_KEY_FILE", "/tls/tls.key")
        .containsEntry("GATEWAY_TLS_HSTS", "true")
        .containsEntry("GATEWAY_TLS_PASSWORD_FILE", "/data/secrets/gateway-tls-password")
        .doesNotContainKeys("GATEWAY_TLS_PASSWORD", "GATEWAY_TLS_KEYSTORE_FILE")
        .doesNotContainValue("hush-hush");
    assertThat(spec("master").command().environment().keySet())
        .noneMatch(name -> name.startsWith("GATEWAY_TLS"));
  }

  @Test
  void whoNeedsAMasterOfAnotherNodeIsNotToBlameWhenItIsAway() throws Exception {
    try (ServerSocket master = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      environment.put("SPARK_MASTER_URL", "spark://127.0.0.1:" + master.getLocalPort());
      start(Role.WORKER, Role.THRIFTSERVER);
      assertThat(spec("sql").peers().beforeStart().missing()).isEmpty();
      assertThat(spec("sql").peers().presence().missing()).isEmpty();
    }
    assertThat(spec("sql").peers().beforeStart().missing())
        .as("a driver gives up after a minute")
        .isPresent();
    assertThat(spec("worker").peers().beforeStart().missing())
        .as("7077 is checked from outside")
        .isEmpty();
    assertThat(spec("sql").peers().presence().missing())
        .hasValueSatisfying(text -> assertThat(text).contains("no master answers at spark://"));
    assertThat(spec("worker").peers().presence().missing()).isPresent();
  }

  @Test
  void theNotebookIsWiredToTheCluster() {
    start(Role.MASTER, Role.NOTEBOOK);

    assertThat(spec("notebook").command().arguments())
        .containsExactly("/python/bin/jupyter", "lab", "--no-browser");
    assertThat(spec("notebook").command().environment())
        .containsEntry("JUPYTER_CONFIG_DIR", "/data/notebook")
        .containsEntry("SPARK_CONF_DIR", "/data/conf")
        .containsEntry("PYSPARK_PYTHON", "/python/bin/python3");
    assertThat(spec("notebook").command().directory()).isEqualTo(Path.of("/data/notebooks"));
    assertThat(NotebookConfiguration.of(settings(), CREDENTIALS, node()).get("IdentityProvider"))
        .isEqualTo(Map.of("token", "the-notebook-token"));
  }

  @Test
  void everythingStartsInThisOrder() {
    start(Role.values());

    assertThat(specs())
        .extracting(DaemonSpec::name)
        .containsExactly(
            "zookeeper", "master", "worker", "historyserver", "sql", "gateway", "notebook");
    assertThat(specs().stream().flatMap(spec -> spec.roles().stream()))
        .containsExactlyInAnyOrder(Role.values());
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void noSecretIsOnACommandLineOrInAnEnvironment(Role role) {
    environment.put("SPARK_MASTER_URL", "spark://m1:7077");
    environment.put("API_TOKEN", "the-api-token");
    environment.put("NOTEBOOK_TOKEN", "the-notebook-token");
    environment.put("SPARK_RPC_AUTHENTICATION_SECRET", "the-cluster-secret");
    environment.put("AWS_SECRET_ACCESS_KEY", "the-access-key");
    environment.put("UNKNOWN_TO_US", "the-unknown");
    environment.put("HTTPS_PROXY", "http://me:the-proxy-password@proxy:3128");
    start(role);

    for (DaemonSpec spec : specs()) {
      assertThat(spec.command().arguments()).noneMatch(argument -> argument.contains("the-"));
      assertThat(spec.command().environment().values()).noneMatch(value -> value.contains("the-"));
    }
  }

  @Test
  void whatProgramsNeedOfTheMachineArrives() {
    Map<String, String> needed =
        Map.of(
            "HOME", "/data/home",
            "TZ", "Europe/Berlin",
            "LANG", "C.UTF-8",
            "AWS_REGION", "eu-west-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1",
            "HTTPS_PROXY", "http://proxy:3128");
    environment.putAll(needed);
    start(Role.MASTER);

    assertThat(spec("master").command().environment())
        .containsAllEntriesOf(needed)
        .containsEntry("SPARK_HOME", "/spark")
        .containsEntry("SPARK_CONF_DIR", "/data/conf")
        .doesNotContainKey("SPARK_LOCAL_IP");
  }

  /** The launcher has looked them up; what it found is in files. */
  @Test
  void theGatewayGetsSecretsByFileAndNoReference() {
    environment.put("API_TOKEN", "ssm:/token");
    environment.put("NOTEBOOK_TOKEN", "ssm:/notebook");
    environment.put("SPARK_RPC_AUTHENTICATION_SECRET", "secretsmanager:cluster");
    environment.put("ZOOKEEPER_STACK_NAME", "zk1:2181");
    environment.put("ZOOKEEPER_AUTH", "secretsmanager:zk#login");
    environment.put("SPARK_SSL_ENABLED", "true");
    environment.put("SPARK_SSL_KEYSTORE_FILE", "/keys/web.p12");
    environment.put("SPARK_SSL_KEYSTORE_PASSWORD", "ssm:/web");
    start(Role.MASTER, Role.GATEWAY);

    assertThat(spec("gateway").command().environment())
        .containsEntry("API_TOKEN_FILE", "/data/secrets/api-token")
        .containsEntry("ZOOKEEPER_AUTH_FILE", "/data/secrets/zookeeper-auth")
        .containsEntry(
            "SPARK_SSL_KEYSTORE_PASSWORD_FILE", "/data/secrets/spark-ssl-keystore-password");
    for (DaemonSpec spec : specs()) {
      assertThat(spec.command().environment().values())
          .noneMatch(value -> value.contains("ssm:") || value.contains("secretsmanager:"));
    }
  }

  private void start(Role... roles) {
    for (Role role : roles) {
      environment.put(role.variable(), "true");
    }
    boolean alone = Stream.of(roles).noneMatch(Role.MASTER::equals);
    if (alone) {
      environment.putIfAbsent("SPARK_MASTER_URL", "spark://m1:7077");
    } else {
      environment.remove("SPARK_MASTER_URL");
    }
  }

  private Settings settings() {
    return SettingsReader.read(environment, Files::readString, SecretSource.NOT_ASKED).settings();
  }

  @Test
  void aGatewayThatStartsAnewTakesTheEnsembleThatIsThereThenAndOneThatRunsKeepsIts() {
    environment.put("ZOOKEEPER_STACK_NAME", "10.0.0.1:2181/spark");
    start(Role.GATEWAY);
    DaemonSpec gateway = spec("gateway");
    Command first = gateway.command();
    assertThat(first.environment()).containsEntry("ZOOKEEPER_STACK_NAME", "10.0.0.1:2181/spark");
    assertThat(gateway.renewal().command(first, Renewal.Moment.BEFORE_START)).isEmpty();

    zooKeeper =
        Optional.of(new ZooKeeperEnsemble(List.of(new HostAndPort("10.0.0.2", 2181)), "/spark"));

    assertThat(gateway.renewal().command(first, Renewal.Moment.LATER)).isEmpty();
    assertThat(
            gateway
                .renewal()
                .command(first, Renewal.Moment.BEFORE_START)
                .orElseThrow()
                .environment())
        .containsEntry("ZOOKEEPER_STACK_NAME", "10.0.0.2:2181/spark");
  }

  private NodeConfiguration node() {
    return Preparation.plan(settings(), CREDENTIALS, "10.0.0.5", TOTAL, Map.of());
  }

  private List<DaemonSpec> specs() {
    return Daemons.of(
        settings(),
        CREDENTIALS,
        node(),
        environment,
        Members.named(settings().cluster().masters()),
        () -> zooKeeper.or(settings().cluster()::zooKeeper),
        Turn.ALWAYS);
  }

  private DaemonSpec spec(String name) {
    return specs().stream().filter(spec -> spec.name().equals(name)).findFirst().orElseThrow();
  }

  private static List<HostAndPort> ports(int... ports) {
    List<HostAndPort> addresses = new ArrayList<>();
    for (int port : ports) {
      addresses.add(new HostAndPort("0.0.0.0", port));
    }
    return addresses;
  }

  private static List<String> smallDaemon(String mainClass, String arguments) {
    return smallDaemon(List.of(), mainClass, arguments);
  }

  private static List<String> smallDaemon(
      List<String> options, String mainClass, String arguments) {
    List<String> line = new ArrayList<>(List.of("java", "-Xmx300m"));
    line.addAll(SPARK_OPTIONS);
    line.add("-Djava.io.tmpdir=/data/tmp");
    line.addAll(SMALL);
    line.addAll(options);
    line.addAll(List.of("-cp", CLASS_PATH, mainClass));
    line.addAll(Stream.of(arguments.split(" ")).filter(one -> !one.isEmpty()).toList());
    return line;
  }

  private static Map<String, String> settingsOf(DaemonSpec spec) {
    List<String> arguments = spec.command().arguments();
    Map<String, String> settings = new TreeMap<>();
    for (int i = 0; i < arguments.size() - 1; i++) {
      if (arguments.get(i).equals("--conf")) {
        String[] pair = arguments.get(i + 1).split("=", 2);
        settings.put(pair[0], pair[1]);
      }
    }
    return settings;
  }
}
