package io.sparkappliance.sparkconf;

import java.util.List;
import java.util.stream.Stream;

/** Whose credentials S3A uses, and how Spark commits to buckets. */
final class ObjectStoreSettings {
  private static final String S3A = "spark.hadoop.fs.s3a.";
  private static final String PROVIDER = S3A + "aws.credentials.provider";

  /** As S3A would look for keys: in its settings, then in the environment. */
  private static final String KEYS =
      String.join(
          ",",
          "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
          "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
          "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider");

  /** Named here and not used, so the arrows stay as they are. */
  private static final String OWN = "io.sparkappliance.spark.";

  /** Container credentials, then the instance's role through version 2 of its metadata service. */
  private static final String ROLE = OWN + "InstanceRole";

  private ObjectStoreSettings() {}

  /**
   * Adds what follows from the other settings.
   *
   * @param properties get this node's values
   * @param notices get a warning about keys
   */
  static void add(SparkProperties properties, ObjectStoreFacts facts, List<String> notices) {
    if (facts.installed()) {
      addCredentials(properties, facts, notices);
      facts
          .region()
          .ifPresent(region -> properties.put(Layer.NODE, S3A + "endpoint.region", region));
      properties.put(
          Layer.NODE, "spark.sql.sources.commitProtocolClass", OWN + "ObjectStoreCommitProtocol");
      properties.put(
          Layer.NODE,
          "spark.sql.parquet.output.committer.class",
          "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter");
      properties.put(
          Layer.NODE,
          "spark.sql.streaming.checkpointFileManagerClass",
          OWN + "ObjectStoreCheckpoints");
    }
  }

  private static void addCredentials(
      SparkProperties properties, ObjectStoreFacts facts, List<String> notices) {
    keysIn(properties, facts)
        .forEach(
            where ->
                notices.add(
                    "warning: S3 is used with a key that never expires ("
                        + where
                        + "): who reads it has it for good. Remove it; on EC2 and ECS the node's role"
                        + " serves, with credentials that are renewed by themselves."));
    properties.put(
        Layer.NODE, PROVIDER, keysIn(properties, facts).findAny().isPresent() ? KEYS : ROLE);
  }

  /** Where keys were given; per bucket, too. */
  private static Stream<String> keysIn(SparkProperties properties, ObjectStoreFacts facts) {
    Stream<String> settings =
        properties.asMap().entrySet().stream()
            .filter(setting -> setting.getKey().startsWith(S3A))
            .filter(setting -> setting.getKey().endsWith(".access.key"))
            .map(setting -> setting.getKey() + ", " + setting.getValue().layer().label());
    return facts.keysInEnvironment()
        ? Stream.concat(Stream.of("AWS_ACCESS_KEY_ID"), settings)
        : settings;
  }
}
