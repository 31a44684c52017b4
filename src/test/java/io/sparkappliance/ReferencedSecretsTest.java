package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.aws.FakeMetadata;
import io.sparkappliance.aws.FakeSecrets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole commands with secrets that AWS keeps. */
class ReferencedSecretsTest {
  private static final String HIVE_SITE =
      """
      <configuration>
        <property><name>javax.jdo.option.ConnectionURL</name><value>jdbc:postgresql://db/meta</value></property>
        <property><name>javax.jdo.option.ConnectionPassword</name><value>secretsmanager:db#password</value></property>
      </configuration>
      """;

  @TempDir Path directory;

  private final Map<String, String> environment = new TreeMap<>();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private FakeSecrets aws;

  @BeforeEach
  void start() throws IOException {
    aws =
        new FakeSecrets()
            .parameter("/spark/cluster", "hidden-cluster-secret")
            .parameter("/spark/token", "hidden-api-token")
            .parameter("/spark/s3", "hidden-secret-key")
            .secret("db", "{\"password\": \"hidden-password\"}");
    Path conf = Files.createDirectories(directory.resolve("home/conf"));
    for (String name : List.of("spark-defaults.conf", "log4j2.properties", "metrics.properties")) {
      Files.copy(Path.of("conf", name), conf.resolve(name));
    }
    Files.createDirectories(directory.resolve("mounted"));
    Files.writeString(directory.resolve("mounted/hive-site.xml"), HIVE_SITE);
    environment.putAll(aws.environment());
    set("START_MASTER", "true");
    set("ADVERTISED_HOST", "127.0.0.1");
    set("SPARK_APPLIANCE_HOME", directory.resolve("home").toString());
    set("SPARK_APPLIANCE_DATA", directory.resolve("data").toString());
    set("SPARK_APPLIANCE_CONF", directory.resolve("mounted").toString());
    set("SPARK_RPC_AUTHENTICATION_SECRET", "ssm:/spark/cluster");
    set("API_TOKEN", "ssm:/spark/token");
    set("SPARK_CONF_spark_hadoop_fs_s3a_bucket_b_secret_key", "ssm:/spark/s3");
    set("SPARK_CONF_spark_sql_x", "ssm:/spark/token");
  }

  @AfterEach
  void stop() {
    aws.close();
  }

  @Test
  void aClientsConfigurationHasTheSecretsAndOnlyItsOwnerReadsThem() throws IOException {
    assertThat(run("prepare")).as(printed.toString(StandardCharsets.UTF_8)).isZero();

    Path conf = directory.resolve("data/conf");
    assertThat(conf.resolve("spark-defaults.conf"))
        .content()
        .contains(
            "spark.authenticate.secret=hidden-cluster-secret\n",
            "spark.hadoop.fs.s3a.bucket.b.secret.key=hidden-secret-key\n",
            "spark.sql.x=ssm:/spark/token\n");
    assertThat(conf.resolve("hive-site.xml"))
        .content()
        .contains("<value>hidden-password</value>")
        .doesNotContain("secretsmanager");
    List<Path> holders;
    try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
      holders = files.filter(ReferencedSecretsTest::holdsSecrets).toList();
    }
    assertThat(holders).hasSizeGreaterThanOrEqualTo(2);
    for (Path holder : holders) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(holder)))
          .as(holder.toString())
          .isEqualTo("rw-------");
    }
    assertNothingIsShown();
    // The variables' first, what files and SPARK_CONF_… have later, nothing twice.
    assertThat(aws.calls())
        .hasSize(3)
        .first()
        .asString()
        .contains("AmazonSSM.GetParameters", "/spark/cluster", "/spark/token");
  }

  @Test
  void checkAsksNobodyAndTellsWhereSecretsComeFrom() {
    assertThat(run("check")).as(printed.toString(StandardCharsets.UTF_8)).isZero();

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "  API_TOKEN = ******   (environment, from ssm:/spark/token)\n",
            "  spark.hadoop.fs.s3a.bucket.b.secret.key = ******   (variable, from ssm:/spark/s3)\n",
            "hive-site.xml, javax.jdo.option.ConnectionPassword comes from"
                + " secretsmanager:db#password at start.\n",
            "spark.sql.x (variable) is left as it is written, ssm:/spark/token:");
    assertNothingIsShown();
    assertThat(aws.calls()).isEmpty();
  }

  @Test
  void neitherTheHealthCheckNorANodeWithoutReferencesAsksAws() {
    run("health");
    environment.values().removeIf(value -> value.startsWith("ssm:"));
    set("SPARK_RPC_AUTHENTICATION_SECRET", "not-by-reference");
    directory.resolve("mounted/hive-site.xml").toFile().delete();
    assertThat(run("prepare")).as(printed.toString(StandardCharsets.UTF_8)).isZero();

    assertThat(aws.calls()).isEmpty();
  }

  @Test
  void aStartThatLacksSecretsEndsWithAllOfThemNamed() {
    aws.deny("/spark/token");
    set("SPARK_RPC_AUTHENTICATION_SECRET", "ssm:/spark/gone");
    set("NOTEBOOK_TOKEN", "secretsmanager:db");

    assertThat(run("prepare")).isEqualTo(78);

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "3 problems with the configuration:",
            "1. API_TOKEN=ssm:/spark/token: the role of this node may not call ssm:GetParameters (400",
            "   Allow ssm:GetParameters on it, and kms:Decrypt on its key in a policy of the role",
            "2. NOTEBOOK_TOKEN=secretsmanager:db: it is a JSON object, of which one field is needed.",
            "3. SPARK_RPC_AUTHENTICATION_SECRET=ssm:/spark/gone: Parameter Store has no such");
    assertNothingIsShown();
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void whatConfigurationFilesLackIsToldToo() throws IOException {
    Files.writeString(
        directory.resolve("mounted/spark-defaults.conf"),
        "spark.ssl.keyPassword ssm:/gone\nspark.x.token ssm: not a name\n");

    assertThat(run("prepare")).isEqualTo(78);

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "2 problems with the configuration:",
            "spark.ssl.keyPassword (mounted configuration)=ssm:/gone: Parameter Store has no such",
            "spark.x.token (mounted configuration)=******: it begins like the reference to a secret");
    assertNothingIsShown();
  }

  @Test
  void withoutARegionItSaysSo() {
    environment.remove("AWS_REGION");

    assertThat(run("prepare")).isEqualTo(78);

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "2 problems with the configuration:",
            "API_TOKEN=ssm:/spark/token: AWS keeps it, in a region that is unknown: this machine is no"
                + " EC2 instance.\n   Set AWS_REGION, or give the secret itself by a file.");
  }

  @Test
  void theInstanceTellsTheRegion() throws IOException {
    environment.remove("AWS_REGION");
    environment.remove("AWS_EC2_METADATA_DISABLED");
    try (FakeMetadata metadata = new FakeMetadata("127.0.0.1")) {
      set("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint());

      assertThat(run("prepare")).as(printed.toString(StandardCharsets.UTF_8)).isZero();
    }
    assertThat(aws.calls()).isNotEmpty().allMatch(call -> call.contains(" eu-central-1 "));
  }

  @Test
  void theInstancesRoleIsKnownByName() throws IOException {
    environment.remove("AWS_EC2_METADATA_DISABLED");
    try (FakeMetadata metadata = new FakeMetadata("127.0.0.1")) {
      set("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint());
      try (Surroundings surroundings = Surroundings.of(world(), any -> {})) {
        assertThat(surroundings.role()).isEmpty();
        metadata.with("meta-data/iam/security-credentials/", "the-nodes-role\n");
        assertThat(surroundings.role()).contains("the-nodes-role");
      }
    }
  }

  private void set(String variable, String value) {
    environment.put(variable, value);
  }

  private World world() {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    return new World(environment, out, out);
  }

  private int run(String command) {
    return Main.run(world(), command);
  }

  private void assertNothingIsShown() {
    assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain("hidden");
  }

  private static boolean holdsSecrets(Path file) {
    try {
      return Files.isRegularFile(file) && Files.readString(file).contains("hidden");
    } catch (IOException unreadable) {
      return false;
    }
  }
}
