package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request may say about where its driver runs. */
class ClusterModeRequestsTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static ApplicationRequest read(
      String file,
      String mode,
      String jar,
      Boolean supervise,
      Optional<String> mainClass,
      Attachment... attachments)
      throws IOException {
    return ApplicationRequest.of(
        new ApplicationRequest.Fields(
            Optional.ofNullable(file),
            mainClass,
            Optional.ofNullable(mode),
            Optional.ofNullable(jar),
            Optional.ofNullable(supervise),
            JSON.arrayNode(),
            JSON.objectNode(),
            JSON.arrayNode(),
            JSON.objectNode(),
            List.of(attachments)),
        new VariableNames(List.of()),
        Set.of(ApplicationRequest.Language.values()),
        new RequestProblems());
  }

  private static ApplicationRequest jar(String uri) throws IOException {
    return read(null, "cluster", uri, null, Optional.of("a.Main"));
  }

  /** Field and reason of each. */
  private static List<String> problems(ThrowingCallable read) {
    InvalidRequestException first = catchThrowableOfType(InvalidRequestException.class, read);
    List<InvalidRequestException> all = new ArrayList<>(List.of(first));
    Arrays.stream(first.getSuppressed()).map(InvalidRequestException.class::cast).forEach(all::add);
    return all.stream().map(one -> one.field() + " " + one.getMessage()).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "local:/opt/app-1.0.jar, file:/opt/app-1.0.jar, app-1.0.jar",
    "LOCAL:///opt/app.jar, file:/opt/app.jar, app.jar",
    "s3a://bucket/jars/app.jar, s3a://bucket/jars/app.jar, app.jar",
    "hdfs://name:8020/app.jar, hdfs://name:8020/app.jar, app.jar",
    "hdfs:///app.jar, hdfs:///app.jar, app.jar",
    "https://host.example:8443/a/app_2.13.jar, https://host.example:8443/a/app_2.13.jar, app_2.13.jar"
  })
  void jars_that_workers_can_read_are_taken(String uri, String location, String name)
      throws Exception {
    ApplicationRequest request = jar(uri);
    ClusterMode mode = request.cluster().orElseThrow();
    assertThat(mode.location()).isEqualTo(location);
    assertThat(request.name()).isEqualTo(name);
    assertThat(request.isText()).isTrue();
    assertThat(JobRequest.fromJson(request.toJson())).isEqualTo(request);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "app.jar",
        "/opt/app.jar",
        "file:/opt/app.jar",
        "jar:file:/opt/app.jar!/x.jar",
        "ftp://host/app.jar",
        "local:opt/app.jar",
        "local://host/app.jar",
        "local:/opt/../etc/app.jar",
        "local:/opt/.hidden.jar",
        "local:/opt/a%2Fb.jar",
        "local:/opt/a,b.jar",
        "local:/opt/app.zip",
        "local:/opt/app.py",
        "https:///app.jar",
        "https://user:password@host/app.jar",
        "https://host/app.jar?token=1",
        "https://host/app.jar#x",
        "https://host/a b.jar",
        "s3a:app.jar"
      })
  void others_are_refused_by_name(String uri) {
    assertThat(problems(() -> jar(uri))).singleElement().asString().startsWith("jar_uri ");
  }

  @Test
  void a_long_uri_is_refused() {
    assertThat(problems(() -> jar("local:/" + "a".repeat(2000) + ".jar")))
        .containsExactly("jar_uri is too long: 1000 characters at most");
  }

  @Test
  void everything_that_is_wrong_is_told_at_once() {
    Attachment module = new Attachment(Attachment.Kind.PY_FILES, "m.py", "");
    Attachment more = new Attachment(Attachment.Kind.JARS, "m.jar", "");
    assertThat(problems(() -> read("x.jar", "cluster", null, null, Optional.empty(), module, more)))
        .extracting(problem -> problem.split(" ", 2)[0])
        .containsExactlyInAnyOrder("file", "jar_uri", "main_class", "py_files", "jars");
    assertThat(problems(() -> read("x.py", "cluster", "a.jar", true, Optional.of("a.B"))))
        .extracting(problem -> problem.split(" ", 2)[0])
        .containsExactly("deploy_mode", "jar_uri");
    assertThat(problems(() -> read("x.R", "cluster", "local:/a.jar", true, Optional.of("a.B"))))
        .containsExactly(
            "deploy_mode can't be cluster for programs in Python and R: Spark's own masters run only"
                + " jars so");
  }

  @Test
  void what_belongs_to_cluster_mode_is_refused_without_it() {
    assertThat(problems(() -> read("x.py", null, "local:/a.jar", true, Optional.empty())))
        .extracting(problem -> problem.split(" ", 2)[0])
        .containsExactly("jar_uri", "supervise");
    assertThat(problems(() -> read(null, "client", null, false, Optional.empty())))
        .extracting(problem -> problem.split(" ", 2)[0])
        .containsExactly("supervise", "file");
    assertThat(problems(() -> read("x.py", "remote", null, null, Optional.empty())))
        .containsExactly("deploy_mode must be client or cluster");
  }

  @Test
  void a_request_without_it_has_the_fingerprint_that_it_always_had() throws Exception {
    JsonNode json =
        new ObjectMapper().readTree(read("x.py", "client", null, null, Optional.empty()).toJson());
    assertThat(json.has("cluster")).isFalse();
  }
}
