package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
                Path.of("/opt/spark"),
                request,
                Path.of("/jobs/1"),
                Optional.empty(),
                new Properties()))
        .containsExactly(
            "/opt/spark/bin/spark-submit",
            "--deploy-mode",
            "client",
            "--executor-memory",
            "1g",
            "--class",
            "org.example.Main",
            "/jobs/1/application.jar",
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

  @Test
  void a_program_in_r_is_started_by_a_program_in_python() {
    ApplicationRequest request =
        ApplicationRequest.parse("My job.R", "ignored.Main", "-e 'a b'", "");
    assertThat(request.language()).isEqualTo(ApplicationRequest.Language.R);
    assertThat(ApplicationRequest.parse("x.r", "", "", "").language())
        .isEqualTo(ApplicationRequest.Language.R);
    assertThat(command(request))
        .containsExactly(
            "/opt/spark/bin/spark-submit",
            "--deploy-mode",
            "client",
            "--name",
            "My job.R",
            "/jobs/1/run-r.py",
            "/jobs/1/application.R",
            "-e",
            "a b");
  }

  @Test
  void a_node_without_r_refuses_its_programs(@TempDir Path directory) throws Exception {
    Map<String, String> path = Map.of("PATH", "/nowhere::" + directory);
    Path program = directory.resolve("Rscript");
    assertThat(ApplicationCommand.languages(path))
        .containsExactly(ApplicationRequest.Language.JAR, ApplicationRequest.Language.PYTHON);
    Files.createFile(program);
    assertThat(ApplicationCommand.languages(path)).doesNotContain(ApplicationRequest.Language.R);
    assertThat(program.toFile().setExecutable(true)).isTrue();
    assertThat(ApplicationCommand.languages(path)).hasSize(3);
    assertThat(ApplicationCommand.languages(Map.of())).hasSize(2);
  }

  private static List<String> command(ApplicationRequest request) {
    return command(request, new Properties());
  }

  private static List<String> command(ApplicationRequest request, Properties defaults) {
    return ApplicationCommand.sparkSubmit(
        Path.of("/opt/spark"),
        request,
        Path.of("/jobs/1"),
        Optional.of(Path.of("/jobs/1/secrets")).filter(file -> !secrets(request).isEmpty()),
        defaults);
  }

  private static Properties secrets(ApplicationRequest request) {
    return ApplicationCommand.secrets(request, new Properties());
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
        .containsSubsequence("--properties-file", "/jobs/1/secrets", "--load-spark-defaults")
        .containsSubsequence("--conf", "spark.cores.max=1", "--executor-memory", "1g")
        .noneMatch(word -> word.contains("hidden"));
    assertThat(secrets(request))
        .containsOnly(Map.entry("spark.hadoop.fs.s3a.secret.key", "hidden=1"));
  }

  private static ApplicationRequest with(
      String settings, JobEnvironment environment, Attachment... attachments) {
    return new ApplicationRequest(
        ApplicationRequest.Language.PYTHON,
        "x.py",
        Optional.empty(),
        List.of(),
        SubmitSettings.parse("job_settings", settings),
        environment,
        List.of(attachments),
        Optional.empty());
  }

  @Test
  void attachments_come_after_what_is_named_otherwise() {
    Attachment jar = new Attachment(Attachment.Kind.JARS, "a.jar", "");
    Attachment other = new Attachment(Attachment.Kind.JARS, "b.jar", "");
    Attachment wheel = new Attachment(Attachment.Kind.PY_FILES, "tools-1.0-py3-none-any.whl", "");
    String both = "/jobs/1/attachments/a.jar,/jobs/1/attachments/b.jar";
    assertThat(command(with("", JobEnvironment.NONE, jar, wheel, other)))
        .containsSubsequence(
            "--py-files",
            "/jobs/1/attachments/tools-1.0-py3-none-any.whl.zip",
            "--jars",
            both,
            "/jobs/1/application.py");
    Properties defaults = new Properties();
    defaults.setProperty("spark.jars", "/opt/udf.jar");
    assertThat(command(with("", JobEnvironment.NONE, jar, other), defaults))
        .containsSubsequence("--jars", "/opt/udf.jar," + both)
        .doesNotContain("--files");
    assertThat(
            command(
                with("--conf spark.jars=s3a://b/x.jar", JobEnvironment.NONE, jar, other), defaults))
        .containsSubsequence("--jars", "s3a://b/x.jar," + both);
    assertThat(
            command(
                with(
                    "--jars s3a://b/y.jar --conf spark.jars=s3a://b/x.jar",
                    JobEnvironment.NONE,
                    jar,
                    other),
                defaults))
        .containsSubsequence("--jars", "s3a://b/y.jar", "--jars", "s3a://b/y.jar," + both);
  }

  @Test
  void variables_are_on_no_command_line_and_hidden_in_the_pages_of_spark() throws Exception {
    ApplicationRequest request =
        with("", new JobEnvironment(Map.of("APP_KEY", "s3cret", "APP_MODE", "test")));
    assertThat(command(request))
        .contains("--properties-file")
        .noneMatch(word -> word.contains("s3cret") || word.contains("APP_"));
    Properties defaults = new Properties();
    defaults.setProperty("spark.redaction.regex", "(?i)mine");
    Properties secrets = ApplicationCommand.secrets(request, defaults);
    assertThat(secrets)
        .containsEntry("spark.executorEnv.APP_KEY", "s3cret")
        .containsEntry("spark.executorEnv.APP_MODE", "test");
    Pattern hidden = Pattern.compile(secrets.getProperty("spark.redaction.regex"));
    for (String setting :
        new String[] {"spark.executorEnv.APP_KEY", "spark.executorEnv.APP_MODE", "spark.MINE"}) {
      assertThat(hidden.matcher(setting).find()).as(setting).isTrue();
    }
    assertThat(hidden.matcher("spark.executorEnv.APP_KEYS").find()).isFalse();
    assertThat(request.toString()).doesNotContain("s3cret");
    assertThat(JobRequest.fromJson(request.toJson())).isEqualTo(request);
    assertThat(secrets(with("", JobEnvironment.NONE))).isEmpty();
  }

  @Test
  void a_request_without_attachments_is_written_as_it_always_was() throws Exception {
    assertThat(ApplicationRequest.parse("x.py", "", "a", "").toJson())
        .isEqualTo(
            "{\"kind\":\"APPLICATION\",\"language\":\"PYTHON\",\"name\":\"x.py\","
                + "\"arguments\":[\"a\"],\"settings\":[]}");
    ApplicationRequest attached =
        with("", JobEnvironment.NONE, new Attachment(Attachment.Kind.FILES, "a.csv", "00"));
    assertThat(JobRequest.fromJson(attached.toJson())).isEqualTo(attached);
    assertThat(attached.toJson())
        .isNotEqualTo(
            with("", JobEnvironment.NONE, new Attachment(Attachment.Kind.FILES, "a.csv", "01"))
                .toJson());
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
        "x.txt |             | file       | must be a .jar, a .py or a .R file",
        "''    |             | file       | must be a .jar, a .py or a .R file",
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
