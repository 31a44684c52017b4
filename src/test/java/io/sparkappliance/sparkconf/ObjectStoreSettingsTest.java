package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ObjectStoreSettingsTest {
  private static final String PROVIDER = "spark.hadoop.fs.s3a.aws.credentials.provider";

  private final SparkProperties properties = new SparkProperties();
  private final List<String> notices = new ArrayList<>();

  @Test
  void theRoleServesAndNothingElse() {
    add(Map.of("AWS_REGION", "eu-central-1"));
    assertThat(properties.value(PROVIDER)).contains("io.sparkappliance.spark.InstanceRole");
    assertThat(properties.value("spark.hadoop.fs.s3a.endpoint.region")).contains("eu-central-1");
    assertThat(notices).isEmpty();
  }

  @Test
  void aKeyInTheEnvironmentIsUsedWithAWarning() {
    add(Map.of("AWS_ACCESS_KEY_ID", "AKIATEST", "AWS_SECRET_ACCESS_KEY", "hidden"));
    assertThat(properties.value(PROVIDER).orElseThrow())
        .endsWith("EnvironmentVariableCredentialsProvider,io.sparkappliance.spark.InstanceRole");
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith("warning: ")
        .contains("AWS_ACCESS_KEY_ID", "the node's role serves")
        .doesNotContain("AKIATEST", "hidden");
  }

  @Test
  void aKeyInAFileIsUsedWithAWarning() {
    properties.put(Layer.MOUNTED, "spark.hadoop.fs.s3a.access.key", "AKIATEST");
    add(Map.of());
    assertThat(properties.value(PROVIDER).orElseThrow()).contains("SimpleAWSCredentialsProvider");
    assertWarnedOf("spark.hadoop.fs.s3a.access.key");
  }

  @Test
  void aBucketsKeyIsForThatBucketAlone() {
    properties.put(Layer.MOUNTED, "spark.hadoop.fs.s3a.bucket.my.logs.access.key", "AKIATEST");
    add(Map.of());
    assertThat(properties.value("spark.hadoop.fs.s3a.bucket.my.logs.aws.credentials.provider"))
        .hasValueSatisfying(it -> assertThat(it).contains("SimpleAWSCredentialsProvider"));
    assertThat(properties.value(PROVIDER)).contains("io.sparkappliance.spark.InstanceRole");
    assertWarnedOf("spark.hadoop.fs.s3a.bucket.my.logs.access.key");
  }

  private void assertWarnedOf(String key) {
    assertThat(notices)
        .singleElement()
        .asString()
        .contains(key, "mounted configuration")
        .doesNotContain("AKIATEST");
  }

  @Test
  void whatAPersonChoseStays() {
    properties.put(Layer.EXT_CONF, PROVIDER, "com.example.Provider");
    properties.put(Layer.EXT_CONF, "spark.hadoop.fs.s3a.endpoint.region", "us-west-2");
    add(Map.of("AWS_REGION", "eu-central-1"));
    assertThat(properties.value(PROVIDER)).contains("com.example.Provider");
    assertThat(properties.value("spark.hadoop.fs.s3a.endpoint.region")).contains("us-west-2");
  }

  private void add(Map<String, String> environment) {
    ObjectStoreSettings.add(properties, ObjectStoreFacts.of(true, environment), notices);
  }
}
