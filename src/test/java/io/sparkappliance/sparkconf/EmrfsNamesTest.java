package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.sparkappliance.settings.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmrfsNamesTest {
  private static final String EMRFS = "spark.hadoop.fs.s3.";
  private static final String S3A = "spark.hadoop.fs.s3a.";

  private final Problems problems = new Problems();
  private final List<String> notices = new ArrayList<>();

  @ParameterizedTest
  @CsvSource({
    "canned.acl, BucketOwnerFullControl, acl.default, BucketOwnerFullControl",
    "maxRetries, 30, retry.limit, 30",
    "storageClass, intelligent_tiering, create.storage.class, intelligent_tiering",
    "sts.endpoint, https://sts.eu-central-1.amazonaws.com, assumed.role.sts.endpoint,"
        + " sts.eu-central-1.amazonaws.com",
    "maxConnections, 500, connection.maximum, 500",
    "sleepTimeSeconds, 10, retry.interval, 10s",
    "enableServerSideEncryption, true, encryption.algorithm, AES256",
    "serverSideEncryptionAlgorithm, AES256, encryption.algorithm, AES256",
    "bucket.my.logs-2.canned.acl, Private, bucket.my.logs-2.acl.default, Private",
    "sts.sessionDurationSeconds, 900, assumed.role.session.duration, 900s",
    "multipart.uploads.split.size, 64m, multipart.size, 64m",
    "cse.enabled, true, encryption.algorithm, CSE-KMS",
  })
  void aNameIsReadAsTheOneOfS3a(String name, String value, String own, String as) {
    assertThat(translated(Map.of(EMRFS + name, value))).containsExactly(entry(S3A + own, as));
    assertThat(notices).first().asString().contains(EMRFS + name, S3A + own + "=" + as);
    assertThat(problems.isEmpty()).isTrue();
  }

  @Test
  void encryptionWithAKeyOfKmsNeedsBoth() {
    assertThat(
            translated(
                Map.of(
                    EMRFS + "enableServerSideEncryption",
                    "true",
                    EMRFS + "serverSideEncryption.kms.keyId",
                    "alias/data")))
        .containsOnly(
            entry(S3A + "encryption.algorithm", "SSE-KMS"),
            entry(S3A + "encryption.key", "alias/data"));
  }

  @ParameterizedTest
  @CsvSource({
    "consistent.retryCount, 5",
    "consistent, true",
    "multipart.uploads.enabled, true",
    "buckets.create.enabled, false",
    "enableServerSideEncryption, false",
  })
  void whatS3aDoesAnywayIsLeftOut(String name, String value) {
    assertThat(translated(Map.of(EMRFS + name, value))).isEmpty();
    assertThat(notices).singleElement().asString().contains(EMRFS + name, "not needed any more");
  }

  @ParameterizedTest
  @CsvSource({
    "multipart.uploads.enabled, false, Remove it: what a job writes",
    "authorization.roleMapping, x, AssumedRoleCredentialProvider",
    "customAWSCredentialsProvider, com.example.Keys, aws.credentials.provider",
    "cse.encryptionMaterialsProvider, com.example.Rsa, a key of KMS only",
    "impl, com.amazon.ws.emr.hadoop.fs.EmrFileSystem, S3A serves",
    "aimd.enabled, true, among S3A's own settings",
    "sleepTimeSeconds, soon, among S3A's own settings",
  })
  void whatHasNoEquivalentIsAnError(String name, String value, String remedy) {
    translated(Map.of(EMRFS + name, value));
    assertThat(problems.list())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.field()).isEqualTo(EMRFS + name);
              assertThat(problem.value()).isIn(value, "******");
              assertThat(problem.remedy()).contains(remedy);
            });
  }

  @Test
  void aSecretIsInNoLineAndS3asOwnNameWins() {
    assertThat(
            translated(
                Map.of(
                    EMRFS + "awsSecretAccessKey", "very-secret",
                    EMRFS + "maxRetries", "3",
                    S3A + "retry.limit", "7")))
        .containsOnly(entry(S3A + "secret.key", "very-secret"), entry(S3A + "retry.limit", "7"));
    assertThat(notices).noneMatch(notice -> notice.contains("very-secret"));
    assertThat(notices).anyMatch(notice -> notice.endsWith("retry.limit is set, too."));
  }

  @Test
  void aBucketsEncryptionMayHaveTheKeyOfAll() {
    assertThat(
            translated(
                Map.of(
                    EMRFS + "bucket.logs.enableServerSideEncryption",
                    "true",
                    EMRFS + "serverSideEncryption.kms.keyId",
                    "alias/data")))
        .containsEntry(S3A + "bucket.logs.encryption.algorithm", "SSE-KMS");
  }

  @Test
  void hadoopsOwnSettingsOfTheSchemeStay() {
    assertThat(
            translated(
                Map.of(
                    EMRFS + "impl", "org.apache.hadoop.fs.s3a.S3AFileSystem",
                    EMRFS + "impl.disable.cache", "true")))
        .hasSize(2);
    assertThat(notices).isEmpty();
  }

  @Test
  void whatTheImageSetsIsNotTouched() {
    SparkProperties properties = new SparkProperties();
    properties.put(Layer.SHIPPED, EMRFS + "impl", "org.apache.hadoop.fs.s3a.S3AFileSystem");
    EmrfsNames.translate(properties, problems, notices);
    assertThat(properties.value(EMRFS + "impl")).isPresent();
  }

  private Map<String, String> translated(Map<String, String> given) {
    SparkProperties properties = new SparkProperties();
    properties.putAll(Layer.EXT_CONF, given);
    EmrfsNames.translate(properties, problems, notices);
    return properties.asMap().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, setting -> setting.getValue().value()));
  }
}
