package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.SparkSetting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Settings by the names that EMRFS had ({@code fs.s3.…}, {@code fs.s3n.…}), by which people set up
 * their clusters before S3A served all schemes. S3A doesn't read them: each is replaced by S3A's
 * own, with a line that says so, or refused where there is none. (EMR 7.10 and later replace them,
 * too, and pass over what has no equivalent.)
 */
final class EmrfsNames {
  private static final String S3A = "spark.hadoop.fs.s3a.";
  private static final String S3A_CLASS = "org.apache.hadoop.fs.s3a.S3AFileSystem";

  private static final Pattern NAME = Pattern.compile("spark\\.hadoop\\.fs\\.s3n?\\.(.+)");
  private static final String BUCKET = "bucket.";
  private static final String ENCRYPTS = "enableServerSideEncryption";
  private static final String KMS_KEY = "serverSideEncryption.kms.keyId";
  private static final String ENCRYPTS_BY = "serverSideEncryptionAlgorithm";

  /** Same meaning, same values. */
  private static final Map<String, String> RENAMED =
      Map.ofEntries(
          Map.entry("awsAccessKeyId", "access.key"),
          Map.entry("awsSecretAccessKey", "secret.key"),
          Map.entry("block.size", "block.size"),
          Map.entry("buffer.dir", "buffer.dir"),
          Map.entry("canned.acl", "acl.default"),
          Map.entry("cse.kms.keyId", "encryption.key"),
          Map.entry("cse.kms.region", "encryption.cse.kms.region"),
          Map.entry("endpoint", "endpoint"),
          Map.entry("maxConnections", "connection.maximum"),
          Map.entry("maxRetries", "retry.limit"),
          Map.entry("multipart.uploads.split.size", "multipart.size"),
          Map.entry("region", "endpoint.region"),
          Map.entry("serverSideEncryption.kms.customEncryptionContext", "encryption.context"),
          Map.entry(KMS_KEY, "encryption.key"),
          Map.entry("ssl.enabled", "connection.ssl.enabled"),
          Map.entry("storageClass", "create.storage.class"),
          Map.entry("threadpool.maxSize", "threads.max"),
          Map.entry("useRequesterPaysHeader", "requester.pays.enabled"));

  /** Seconds there, a duration with its unit here. */
  private static final Map<String, String> SECONDS =
      Map.of(
          "sleepTimeSeconds", "retry.interval",
          "sts.sessionDurationSeconds", "assumed.role.session.duration");

  /** Values under which S3A does the same without being told. */
  private static final Map<String, String> NEEDLESS =
      Map.of(
          "buckets.create.enabled",
          "false",
          "cse.enabled",
          "false",
          ENCRYPTS,
          "false",
          "multipart.uploads.enabled",
          "true");

  private static final Map<String, String> REMEDIES =
      Map.of(
          "authorization.roleMapping",
          "Set spark.hadoop.fs.s3a.bucket.BUCKET.aws.credentials.provider ="
              + " org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider and"
              + " …BUCKET.assumed.role.arn for each bucket.",
          "customAWSCredentialsProvider",
          "Set spark.hadoop.fs.s3a.aws.credentials.provider to a class for version 2 of AWS's SDK.",
          "impl",
          "Remove it: S3A serves s3:, s3n: and s3a:.",
          "multipart.uploads.enabled",
          "Remove it: what a job writes becomes visible by ending its multipart uploads.",
          "cse.encryptionMaterialsProvider",
          "S3A encrypts with a key of KMS only: give fs.s3.cse.kms.keyId, or remove it.");

  private static final Set<String> KMS_MATERIALS =
      Set.of("com.amazon.ws.emr.hadoop.fs.cse.KMSEncryptionMaterialsProvider");

  private final SparkProperties properties;
  private final Problems problems;
  private final List<String> notices;

  private EmrfsNames(SparkProperties properties, Problems problems, List<String> notices) {
    this.properties = properties;
    this.problems = problems;
    this.notices = notices;
  }

  /**
   * Replaces them all.
   *
   * @param properties lose EMRFS's names and get S3A's, unless a person gave those, too
   * @param problems get what can't be replaced
   * @param notices get a line for each
   */
  static void translate(SparkProperties properties, Problems problems, List<String> notices) {
    new EmrfsNames(properties, problems, notices).translate();
  }

  private void translate() {
    Map<String, Property> given = new LinkedHashMap<>(properties.asMap());
    given.entrySet().removeIf(setting -> !setting.getValue().layer().isSetByUser());
    given.forEach(
        (key, property) -> {
          Matcher name = NAME.matcher(key);
          if (name.matches()) {
            String rest = name.group(1);
            String bucket = bucketOf(rest);
            translate(key, bucket, rest.substring(bucket.length()), property);
          }
        });
  }

  /** Names of buckets may have dots: the bucket ends where a name begins that EMRFS had. */
  private static String bucketOf(String rest) {
    if (!rest.startsWith(BUCKET)) {
      return "";
    }
    int dot = rest.indexOf('.', BUCKET.length());
    while (dot > 0 && !isKnown(rest.substring(dot + 1))) {
      dot = rest.indexOf('.', dot + 1);
    }
    return dot < 0 ? "" : rest.substring(0, dot + 1);
  }

  private static boolean isKnown(String name) {
    return Stream.of(RENAMED, SECONDS, NEEDLESS, REMEDIES).anyMatch(map -> map.containsKey(name))
        || name.equals(ENCRYPTS_BY)
        || name.startsWith("consistent");
  }

  private void translate(String key, String bucket, String name, Property given) {
    String value = given.value();
    boolean isShippedClass = name.equals("impl") && value.equals(S3A_CLASS);
    if (isShippedClass || name.startsWith("impl.")) {
      // Hadoop's own, for any scheme.
      return;
    }
    if (name.startsWith("consistent")) {
      drop(key, "S3 itself has been consistent since 2020");
    } else if (value.equalsIgnoreCase(NEEDLESS.get(name))) {
      drop(key, "S3A does so anyway");
    } else if (name.equals("cse.encryptionMaterialsProvider") && KMS_MATERIALS.contains(value)) {
      drop(key, "S3A does so anyway");
    } else if (name.equals("sts.endpoint")) {
      replace(key, given, bucket, "assumed.role.sts.endpoint", value.replaceFirst("^https://", ""));
    } else if (RENAMED.containsKey(name)) {
      replace(key, given, bucket, RENAMED.get(name), value);
    } else if (SECONDS.containsKey(name) && value.matches("\\d+")) {
      replace(key, given, bucket, SECONDS.get(name), value + "s");
    } else if (name.equals(ENCRYPTS) && Boolean.parseBoolean(value)) {
      String all = key.substring(0, key.length() - (bucket + name).length());
      boolean kms =
          Stream.of(all, all + bucket).anyMatch(of -> properties.value(of + KMS_KEY).isPresent());
      replace(key, given, bucket, "encryption.algorithm", kms ? "SSE-KMS" : "AES256");
    } else if (name.equals(ENCRYPTS_BY) && value.equals("AES256")) {
      replace(key, given, bucket, "encryption.algorithm", value);
    } else if (name.equals("cse.enabled") && Boolean.parseBoolean(value)) {
      replace(key, given, bucket, "encryption.algorithm", "CSE-KMS");
      notices.add(
          "warning: S3A encrypts on the client by Amazon's encryption client, which is not in the"
              + " image: name its jar (software.amazon.encryption.s3:amazon-s3-encryption-client-java)"
              + " in EXT_JARS.");
    } else {
      problems.add(
          key,
          SparkSetting.isSecret(key) ? "******" : value,
          "S3A has no equivalent of this setting of EMRFS's",
          REMEDIES.getOrDefault(
              name, "Remove it, or look for what you need among S3A's own settings (fs.s3a.…)."));
    }
  }

  private void replace(String key, Property given, String bucket, String name, String value) {
    properties.remove(key);
    String own = S3A + bucket + name;
    if (properties.chosen(own).isPresent()) {
      notices.add(key + " is passed over: " + own + " is set, too.");
      return;
    }
    properties.put(given.layer(), own, value);
    notices.add(
        "%s (%s) is EMRFS's name: it is read as %s%s."
            .formatted(
                key, given.layer().label(), own, SparkSetting.isSecret(own) ? "" : "=" + value));
  }

  private void drop(String key, String why) {
    properties.remove(key);
    notices.add(key + " is not needed any more: " + why + ".");
  }
}
