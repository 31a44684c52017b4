package io.sparkappliance.sparkconf;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whose credentials S3A uses, and how Spark commits to buckets. */
final class ObjectStoreSettings {
  private static final String S3A = "spark.hadoop.fs.s3a.";
  private static final String PROVIDER = "aws.credentials.provider";

  /** For all buckets, or for one. */
  private static final Pattern KEY =
      Pattern.compile("spark\\.hadoop\\.fs\\.s3a\\.(bucket\\..+\\.)?access\\.key");

  /** Named here and not used, so the arrows stay as they are. */
  private static final String OWN = "io.sparkappliance.spark.";

  /** Container credentials, then the instance's role through version 2 of its metadata service. */
  private static final String ROLE = OWN + "InstanceRole";

  /** As S3A would look for keys, in its settings, then in the environment; last, the role. */
  private static final String KEYS_AND_ROLE =
      String.join(
          ",",
          "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
          "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
          "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
          ROLE);

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
    properties.put(Layer.NODE, S3A + PROVIDER, facts.keysInEnvironment() ? KEYS_AND_ROLE : ROLE);
    if (facts.keysInEnvironment()) {
      notices.add(warning("AWS_ACCESS_KEY_ID; daemons don't get it, commands run here do"));
    }
    properties
        .asMap()
        .forEach(
            (key, property) -> {
              Matcher bucket = KEY.matcher(key);
              if (bucket.matches()) {
                notices.add(warning(key + ", " + property.layer().label()));
                String own = bucket.group(1) == null ? "" : bucket.group(1);
                properties.put(Layer.NODE, S3A + own + PROVIDER, KEYS_AND_ROLE);
              }
            });
    // Who asks for another role is this role.
    properties.put(Layer.NODE, S3A + "assumed.role.credentials.provider", ROLE);
  }

  private static String warning(String where) {
    return "warning: S3 is used with a key (%s): who reads it can use it elsewhere, as long as it is valid. Remove it; on EC2 and ECS the node's role serves, with credentials that are renewed by themselves."
        .formatted(where);
  }
}
