package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** Configuration, jars and data on S3, with what the image has for it: the SDK and S3A. */
@ExtendWith(LabExtension.class)
final class S3IT {
  private static final String KEY = "AKIATEST";
  private static final String SECRET = "secret-of-the-test";

  private static final String CONFIGURATION =
      """
      spark.hadoop.fs.s3a.endpoint http://s3:9090
      spark.hadoop.fs.s3a.endpoint.region eu-central-1
      spark.hadoop.fs.s3a.path.style.access true
      """;

  private static final String PROGRAM =
      """
      from pyspark.sql import SparkSession

      spark = SparkSession.builder.getOrCreate()
      spark.range(1000).write.parquet("s3://data/numbers")
      print("rows", spark.read.parquet("s3a://data/numbers").where("id >= 10").count())
      print("jars", spark.conf.get("spark.jars"))
      """;

  private static String network;
  private static S3Client s3;

  @BeforeAll
  static void startS3() {
    network = Lab.network("s3");
    Container server = S3Server.start(network, "s3", "conf", "data");
    s3 = S3Server.client(server, AwsBasicCredentials.create(KEY, SECRET));
    put("node.conf", RequestBody.fromString(CONFIGURATION));
    put(
        "functions.jar",
        RequestBody.fromBytes(Artifacts.jar(Path.of("examples/java/Reversed.java"))));
  }

  @Test
  void configurationAndJarsComeFromS3AndDataGoesThere() {
    Docker.Output output =
        client()
            .mount(Lab.file("program.py", PROGRAM), "/program.py")
            .command("spark-submit", "--master", "local[1]", "/program.py")
            .runToEnd(Duration.ofMinutes(2));
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("rows 990\n").containsPattern("jars \\S*/functions.jar\n");
    assertThat(
            s3.getObjectAsBytes(request -> request.bucket("data").key("numbers/_SUCCESS"))
                .asUtf8String())
        .as("the report of the committer that renames nothing")
        .contains("\"committer\":\"magic\"");
  }

  /** As docs/operations.md says. */
  @Test
  void elsewhereThanOnAwsAKeyComesFromAFile() {
    String keys =
        "spark.hadoop.fs.s3a.access.key %s\nspark.hadoop.fs.s3a.secret.key %s\n"
            .formatted(KEY, SECRET);
    String program =
        """
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        spark.range(100).write.parquet("s3a://data/elsewhere")
        print("rows", spark.read.parquet("s3://data/elsewhere").count())
        """;
    Docker.Output output =
        Container.of(Lab.SLIM)
            .network(network, "client")
            .env("SPARK_MASTER_URL", "spark://nowhere:7077")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL_S3", "http://s3:" + S3Server.PORT)
            .env("SPARK_CONF_spark_hadoop_fs_s3a_endpoint", "http://s3:" + S3Server.PORT)
            .env("SPARK_CONF_spark_hadoop_fs_s3a_path_style_access", "true")
            .mount(Lab.file("keys", keys), "/etc/spark-appliance/spark-defaults.conf")
            .mount(Lab.file("elsewhere.py", program), "/program.py")
            .command("spark-submit", "--master", "local[1]", "/program.py")
            .runToEnd(Duration.ofMinutes(2));
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("rows 100\n");
    assertThat(output.all()).doesNotContain(SECRET);
  }

  @Test
  void anObjectThatIsNotThereIsNamedWithARemedy() {
    Docker.Output output =
        client()
            .env("HIVE_SITE_XML", "s3://conf/hive-site.xml")
            .command("true")
            .runToEnd(Duration.ofMinutes(1));
    assertThat(output.exitCode()).isEqualTo(78);
    assertThat(output.all())
        .contains("HIVE_SITE_XML=s3://conf/hive-site.xml", "there is no such object (404)")
        .doesNotContain(SECRET);
  }

  private static Container.Plan client() {
    return Container.of(Lab.SLIM)
        .network(network, "client")
        .env("SPARK_MASTER_URL", "spark://nowhere:7077")
        .env("EXT_CONF", "s3://conf/node.conf")
        .env("EXT_JARS", "s3://conf/functions.jar")
        .env("AWS_ENDPOINT_URL_S3", "http://s3:" + S3Server.PORT)
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_REGION", S3Server.REGION.id());
  }

  private static void put(String key, RequestBody body) {
    s3.putObject(request -> request.bucket("conf").key(key), body);
  }
}
