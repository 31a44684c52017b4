package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.Secret;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes with a submission: forms in, values out. */
class RequestsTest {
  @Test
  void variables_and_settings_become_session_settings_and_variables_win() {
    SqlRequest request =
        SqlRequest.parse(
            " year=2013\n hivevar:name='x' both=var ", "a.b=c=d hiveconf:e= both=conf", "", "");
    assertThat(request.settings())
        .containsEntry("year", "2013")
        .containsEntry("name", "'x'")
        .containsEntry("a.b", "c=d")
        .containsEntry("e", "")
        .containsEntry("both", "var");
    assertThat(request.username()).isEmpty();
  }

  @Test
  void a_login_is_taken_as_it_is() {
    SqlRequest request = SqlRequest.parse("", "", "alice", "s3cret");
    assertThat(request.username()).contains("alice");
    assertThat(request.password()).contains(new Secret("s3cret"));
    assertThat(request.toString()).doesNotContain("s3cret");
    assertThatThrownBy(() -> SqlRequest.parse("", "", "", "x")).hasMessageContaining("is missing");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"novalue", "=x", "a b=c", "a;b=c", "a`b=c", "1a=c", "é=c", "a\0=c", "a=\0"})
  void what_is_no_assignment_is_refused(String text) {
    assertThatThrownBy(() -> SqlRequest.parse(text, "", "", ""))
        .isInstanceOf(InvalidRequestException.class)
        .extracting(e -> ((InvalidRequestException) e).field())
        .isEqualTo("hive_vars");
    assertThatThrownBy(() -> SqlRequest.parse("", text, "", ""))
        .extracting(e -> ((InvalidRequestException) e).field())
        .isEqualTo("hive_confs");
  }

  @Test
  void an_application_becomes_arguments_of_spark_submit() {
    ApplicationRequest request =
        ApplicationRequest.parse(
            "app.jar", "org.example.Main", "--in 's3a://b/a b' $(id)", "--executor-memory 1g");
    assertThat(
            ApplicationCommand.sparkSubmit(
                Path.of("/opt/spark"), request, Path.of("/jobs/x.jar"), Path.of("/jobs/secrets")))
        .containsExactly(
            "/opt/spark/bin/spark-submit",
            "--deploy-mode",
            "client",
            "--executor-memory",
            "1g",
            "--class",
            "org.example.Main",
            "/jobs/x.jar",
            "--in",
            "s3a://b/a b",
            "$(id)");
  }

  @Test
  void a_python_program_is_named_after_its_file_unless_it_has_a_name() {
    assertThat(ApplicationRequest.parse("My job.PY", "", "", "").language())
        .isEqualTo(ApplicationRequest.Language.PYTHON);
    assertThat(command(ApplicationRequest.parse("a/b/My job.py", "ignored.Main", "", "")))
        .containsSubsequence("--name", "My job.py")
        .doesNotContain("--class");
    assertThat(command(ApplicationRequest.parse("x.py", "", "", "--name mine")))
        .containsOnlyOnce("--name")
        .containsSubsequence("--name", "mine");
    assertThat(command(ApplicationRequest.parse("x.py", "", "", "spark.app.name=mine")))
        .containsSubsequence("--conf", "spark.app.name=mine")
        .doesNotContain("--name");
  }

  private static List<String> command(ApplicationRequest request) {
    return ApplicationCommand.sparkSubmit(
        Path.of("/opt/spark"), request, Path.of("/jobs/x"), Path.of("/jobs/secrets"));
  }

  @Test
  void secrets_among_the_settings_are_on_no_command_line() {
    ApplicationRequest request =
        ApplicationRequest.parse(
            "x.py",
            "",
            "",
            "--conf spark.hadoop.fs.s3a.secret.key=hidden=1 spark.cores.max=1 --executor-memory 1g");
    assertThat(command(request))
        .containsSubsequence("--properties-file", "/jobs/secrets", "--load-spark-defaults")
        .containsSubsequence("--conf", "spark.cores.max=1", "--executor-memory", "1g")
        .noneMatch(word -> word.contains("hidden"));
    assertThat(ApplicationCommand.secrets(request))
        .containsOnly(Map.entry("spark.hadoop.fs.s3a.secret.key", "hidden=1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../etc/cron.d/evil.py",
        "..\\..\\evil.py",
        "/etc/passwd\0.py",
        "a\r\nSet-Cookie: x=y.py",
        "$(id).py",
        "-rf.py",
      })
  void a_hostile_file_name_is_only_ever_a_name_to_show(String name) {
    ApplicationRequest request = ApplicationRequest.parse(name, "", "", "");
    assertThat(request.name()).matches("[A-Za-z0-9._ -]{1,80}").doesNotContain("/", "\\");
    assertThat(request.language().fileName()).isEqualTo("application.py");
    assertThat(ApplicationRequest.parse("x".repeat(10_000) + ".py", "", "", "").name()).hasSize(80);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x.txt |             | file       | must be a .jar or a .py file",
        "''    |             | file       | must be a .jar or a .py file",
        "x.jar |             | main_class | is missing: a jar needs the name of the class to run",
        "x.jar | --master    | main_class | is no class name; one looks like org.example.Main",
        "x.jar | a b         | main_class | is no class name; one looks like org.example.Main",
        "x.py  | /etc/passwd | main_class | is no class name; one looks like org.example.Main",
      })
  void says_which_field_is_wrong(String name, String main, String field, String reason) {
    assertThatThrownBy(() -> ApplicationRequest.parse(name, main == null ? "" : main, "", ""))
        .hasMessage(reason)
        .extracting(e -> ((InvalidRequestException) e).field())
        .isEqualTo(field);
  }

  @Test
  void job_ids_are_what_they_look_like_and_nothing_else() {
    assertThat(JobId.random()).isNotEqualTo(JobId.random());
    assertThat(JobId.parse(JobId.random().value())).isPresent();
    for (String hostile :
        List.of(
            "",
            "..",
            "../" + "a".repeat(29),
            "A".repeat(32),
            "a".repeat(33),
            "a".repeat(31) + "\n")) {
      assertThat(JobId.parse(hostile)).as(hostile).isEqualTo(Optional.empty());
    }
  }
}
