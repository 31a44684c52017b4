package io.sparkappliance.cloudformation;

import static io.sparkappliance.cloudformation.Examples.combined;
import static io.sparkappliance.cloudformation.Examples.gateway;
import static io.sparkappliance.cloudformation.Examples.masters;
import static io.sparkappliance.cloudformation.Examples.singleNode;
import static io.sparkappliance.cloudformation.Examples.spark;
import static io.sparkappliance.cloudformation.Examples.with;
import static io.sparkappliance.cloudformation.Examples.workers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.SettingsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node of {@code spark.yaml} does at its first start. */
class UserDataTest {
  @TempDir private Path root;

  private static String script(Map<String, String> parameters) {
    return Values.at(
            Stack.of("spark.yaml", parameters).properties("LaunchTemplate"),
            "LaunchTemplateData",
            "UserData")
        .toString();
  }

  private FirstStart started(Map<String, String> parameters)
      throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root);
    int exit = start.run(script(parameters));
    assertThat(exit).as("%s", Files.readString(root.resolve("output"))).isZero();
    return start;
  }

  @Test
  void every_parameter_of_the_contract_becomes_its_variable()
      throws IOException, InterruptedException {
    Map<String, String> given =
        Map.ofEntries(
            Map.entry("ApplicationID", "reports"),
            Map.entry("ApplicationVersion", "7"),
            Map.entry("ClusterSize", "3"),
            Map.entry("ZookeeperStackName", "zookeeper"),
            Map.entry("MasterStackName", "masters"),
            Map.entry("DefaultCores", "5"),
            Map.entry("ExecutorMemory", "3g"),
            Map.entry("DriverMemory", "4g"),
            Map.entry("HiveSite", "s3://data/hive-site.xml"),
            Map.entry("ExtJars", "s3://data/a.jar,s3://data/b.jar"),
            Map.entry("PythonLibs", "requests>=2,'x'"),
            Map.entry("ExternalConfig", "s3://data/$HOME/`id`.conf"),
            Map.entry("EventLogDir", "s3://data/history"),
            Map.entry("LogDir", "s3://logs/spark"),
            Map.entry("AuthURL", "https://login.example.org/authorize"),
            Map.entry("TokenInfoURL", "https://login.example.org/tokeninfo"),
            Map.entry("Oauth2Scope", "uid read"),
            Map.entry("StartMaster", "true"),
            Map.entry("StartWorker", "true"),
            Map.entry("StartThriftServer", "true"),
            Map.entry("StartConnect", "true"),
            Map.entry("StartHistoryServer", "true"),
            Map.entry("StartWebApp", "true"),
            Map.entry("StartNotebook", "true"),
            Map.entry("ApiToken", "ssm:/a"),
            Map.entry("NotebookToken", "ssm:/b"),
            Map.entry("ClusterSecret", "secretsmanager:c#secret"),
            Map.entry("ZookeeperAuth", "ssm:/d"),
            Map.entry("OidcIssuer", "https://login.example.org/realm"),
            Map.entry("Oauth2Audience", "spark,reports"),
            Map.entry("Oauth2ClientId", "gateway"),
            Map.entry("Oauth2ClientSecret", "ssm:/e"),
            Map.entry("RolesClaim", "realm_access.roles"),
            Map.entry("RolesAdmin", "owners"),
            Map.entry("TrustedProxies", "10.1.0.0/16"),
            Map.entry("JobsDatabase", "jdbc:postgresql://db/jobs?sslmode=require"),
            Map.entry("JobsDatabaseUser", "jobs"),
            Map.entry("JobsDatabasePassword", "secretsmanager:f"),
            Map.entry("WebhookHosts", "hooks.example.org,*.example.com"),
            Map.entry("WebhookSecret", "ssm:/g"),
            Map.entry("StopGracePeriod", "90"));
    Map<String, String> variables =
        Map.ofEntries(
            Map.entry("ApplicationID", "APPLICATION_ID"),
            Map.entry("ApplicationVersion", "APPLICATION_VERSION"),
            Map.entry("ClusterSize", "CLUSTER_SIZE"),
            Map.entry("ZookeeperStackName", "ZOOKEEPER_STACK_NAME"),
            Map.entry("MasterStackName", "MASTER_STACK_NAME"),
            Map.entry("DefaultCores", "DEFAULT_CORES"),
            Map.entry("ExecutorMemory", "EXECUTOR_MEMORY"),
            Map.entry("DriverMemory", "DRIVER_MEMORY"),
            Map.entry("HiveSite", "HIVE_SITE_XML"),
            Map.entry("ExtJars", "EXT_JARS"),
            Map.entry("PythonLibs", "PYTHON_LIBS"),
            Map.entry("ExternalConfig", "EXT_CONF"),
            Map.entry("EventLogDir", "EVENT_LOG_DIR"),
            Map.entry("LogDir", "LOG_DIR"),
            Map.entry("AuthURL", "AUTH_URL"),
            Map.entry("TokenInfoURL", "TOKENINFO_URL"),
            Map.entry("Oauth2Scope", "OAUTH2_SCOPE"),
            Map.entry("StartMaster", "START_MASTER"),
            Map.entry("StartWorker", "START_WORKER"),
            Map.entry("StartThriftServer", "START_THRIFTSERVER"),
            Map.entry("StartConnect", "START_CONNECT"),
            Map.entry("StartHistoryServer", "START_HISTORYSERVER"),
            Map.entry("StartWebApp", "START_WEBAPP"),
            Map.entry("StartNotebook", "START_NOTEBOOK"),
            Map.entry("ApiToken", "API_TOKEN"),
            Map.entry("NotebookToken", "NOTEBOOK_TOKEN"),
            Map.entry("ClusterSecret", "SPARK_RPC_AUTHENTICATION_SECRET"),
            Map.entry("ZookeeperAuth", "ZOOKEEPER_AUTH"),
            Map.entry("OidcIssuer", "OIDC_ISSUER"),
            Map.entry("Oauth2Audience", "OAUTH2_AUDIENCE"),
            Map.entry("Oauth2ClientId", "OAUTH2_CLIENT_ID"),
            Map.entry("Oauth2ClientSecret", "OAUTH2_CLIENT_SECRET"),
            Map.entry("RolesClaim", "ROLES_CLAIM"),
            Map.entry("RolesAdmin", "ROLES_ADMIN"),
            Map.entry("TrustedProxies", "TRUSTED_PROXIES"),
            Map.entry("JobsDatabase", "JOBS_DATABASE"),
            Map.entry("JobsDatabaseUser", "JOBS_DATABASE_USER"),
            Map.entry("JobsDatabasePassword", "JOBS_DATABASE_PASSWORD"),
            Map.entry("WebhookHosts", "WEBHOOK_HOSTS"),
            Map.entry("WebhookSecret", "WEBHOOK_SECRET"),
            Map.entry("StopGracePeriod", "STOP_GRACE_PERIOD"));
    assertThat(variables.keySet()).isEqualTo(given.keySet());
    Map<String, String> environment =
        started(merged(with(spark(), "DataBucket", "data"), given)).environment();
    given.forEach(
        (parameter, value) ->
            assertThat(environment)
                .containsEntry(
                    variables.get(parameter),
                    parameter.equals("StopGracePeriod") ? value + "s" : value));
  }

  private static Map<String, String> merged(Map<String, String> some, Map<String, String> more) {
    return with(
        some,
        more.entrySet().stream()
            .flatMap(entry -> List.of(entry.getKey(), entry.getValue()).stream())
            .toArray(String[]::new));
  }

  @Test
  void the_launcher_takes_what_the_stacks_write() throws IOException, InterruptedException {
    for (Map<String, String> parameters :
        List.of(
            singleNode(),
            masters(),
            with(workers(), "MasterStackName", "spark-masters"),
            with(gateway(), "MasterStackName", "spark-masters"),
            with(
                combined(), "MasterStackName", "spark://10.0.0.1:7077,10.0.0.2:7077,10.0.0.3:7077"),
            sharedGateways())) {
      Files.deleteIfExists(root.resolve("asked"));
      Map<String, String> environment = started(parameters).environment();
      assertThatCode(
              () -> SettingsReader.read(environment, path -> "unused", SecretSource.NOT_ASKED))
          .as("%s", environment)
          .doesNotThrowAnyException();
    }
  }

  /** Gateways on two nodes, whose users come from an issuer of tokens. */
  private static Map<String, String> sharedGateways() {
    return with(
        gateway(),
        "MasterStackName",
        "spark-masters",
        "DataBucket",
        "data",
        "JobsDatabase",
        "jdbc:postgresql://db.example.org/jobs",
        "JobsDatabasePassword",
        "ssm:/spark/jobs-database",
        "OidcIssuer",
        "https://login.example.org/realm",
        "Oauth2ClientId",
        "spark",
        "Oauth2ClientSecret",
        "ssm:/spark/client",
        "RolesClaim",
        "groups",
        "TrustedProxies",
        "10.1.0.0/16",
        "WebhookHosts",
        "hooks.example.org",
        "WebhookSecret",
        "ssm:/spark/webhooks");
  }

  @Test
  void gateways_share_a_folder_of_the_bucket_where_they_share_a_database()
      throws IOException, InterruptedException {
    assertThat(started(sharedGateways()).environment())
        .containsEntry("JOBS_DIR", "s3://data/spark/jobs");
    Files.deleteIfExists(root.resolve("asked"));
    assertThat(started(singleNode()).environment()).doesNotContainKey("JOBS_DIR");
  }

  @Test
  void a_scope_of_the_old_protocol_is_not_asked_of_signed_tokens()
      throws IOException, InterruptedException {
    assertThat(started(sharedGateways()).environment()).doesNotContainKey("OAUTH2_SCOPE");
    Files.deleteIfExists(root.resolve("asked"));
    assertThat(started(with(sharedGateways(), "Oauth2Scope", "spark")).environment())
        .containsEntry("OAUTH2_SCOPE", "spark");
  }

  @Test
  void the_environment_is_nobodys_business() throws IOException, InterruptedException {
    assertThat(started(singleNode()).permissions("etc/spark-appliance.env")).isEqualTo("rw-------");
  }

  @Test
  void the_launcher_is_told_the_name_of_the_hook_that_it_completes()
      throws IOException, InterruptedException {
    assertThat(started(workers()).environment()).containsEntry("LIFECYCLE_HOOK", "drain");
    assertThat(started(masters()).environment()).containsEntry("EMF_NAMESPACE", "SparkAppliance");
  }

  @Test
  void ports_are_those_that_the_security_group_opens() throws IOException, InterruptedException {
    Map<String, String> environment = started(combined()).environment();
    assertThat(environment)
        .containsEntry("SPARK_WORKER_PORT", "7076")
        .containsEntry("SPARK_CONF_spark_port_maxRetries", "64");
    for (String name :
        List.of(
            "SPARK_WORKER_PORT",
            "SQL_DRIVER_PORT",
            "SQL_BLOCK_MANAGER_PORT",
            "SPARK_CONF_spark_driver_port",
            "SPARK_CONF_spark_blockManager_port")) {
      int port = Integer.parseInt(environment.get(name));
      int last = name.startsWith("SPARK_CONF_") ? port + 64 : port;
      assertThat(Ingress.of(Stack.of("spark.yaml", combined())))
          .as(name)
          .anyMatch(rule -> rule.opens(port) && rule.opens(last));
    }
  }

  @Test
  void a_worker_without_a_master_beside_it_has_the_masters_port()
      throws IOException, InterruptedException {
    assertThat(started(workers()).environment()).containsEntry("SPARK_WORKER_PORT", "7077");
  }

  @Test
  void history_is_kept_in_the_data_folder_unless_a_place_is_named()
      throws IOException, InterruptedException {
    assertThat(started(singleNode()).environment())
        .containsEntry("EVENT_LOG_DIR", "s3://data/teams/spark/events");
  }

  @Test
  void the_container_shares_the_network_of_the_machine_and_one_folder()
      throws IOException, InterruptedException {
    assertThat(started(singleNode()).dockerRun())
        .contains(
            " --network host ",
            " --env-file /etc/spark-appliance.env ",
            " --volume /var/lib/spark-appliance:/var/lib/spark-appliance ")
        .endsWith(" registry.example.org/spark-appliance:0.1.0")
        .doesNotContain("--privileged", "docker.sock");
  }

  @Test
  void docker_and_systemd_give_more_time_to_stop_than_the_launcher_takes()
      throws IOException, InterruptedException {
    FirstStart start = started(with(singleNode(), "StopGracePeriod", "100"));
    String unit = start.read("etc/systemd/system/spark-appliance.service");
    int docker = number(start.dockerRun(), "--stop-timeout (\\d+)");
    assertThat(docker).isGreaterThan(100);
    assertThat(number(unit, "docker stop --time (\\d+)")).isEqualTo(docker);
    assertThat(number(unit, "TimeoutStopSec=(\\d+)")).isGreaterThan(docker);
  }

  @Test
  void an_impossible_configuration_is_not_tried_again() throws IOException, InterruptedException {
    assertThat(started(singleNode()).read("etc/systemd/system/spark-appliance.service"))
        .contains("\nRestart=on-failure\n", "\nRestartPreventExitStatus=78\n");
  }

  private static int number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as("%s in %s", pattern, text).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  @Test
  void each_instance_has_a_stream_of_its_own_in_the_stacks_log_group()
      throws IOException, InterruptedException {
    assertThat(started(singleNode()).dockerRun())
        .contains(
            " --log-driver awslogs ",
            " --log-opt awslogs-group={LogGroup} ",
            " --log-opt awslogs-stream=i-0123456789abcdef0 ");
  }

  @Test
  void the_data_folder_belongs_to_the_user_of_the_image() throws IOException, InterruptedException {
    assertThat(started(singleNode()).calls())
        .anyMatch(
            call ->
                call.startsWith("install --directory --owner 185 ")
                    && call.contains("/var/lib/spark-appliance "));
  }

  @Test
  void disks_of_the_machine_itself_take_shuffle_files() throws IOException, InterruptedException {
    FirstStart start = started(workers());
    assertThat(start.read("usr/local/sbin/instance-store"))
        .isEqualTo(Files.readString(Path.of("setup/instance-store")));
    assertThat(start.permissions("usr/local/sbin/instance-store")).isEqualTo("rwxr-xr-x");
    // Before the container, which sees only what is mounted when it starts; a disk may fail.
    assertThat(start.read("etc/systemd/system/spark-appliance.service"))
        .containsSubsequence("ExecStartPre=-/usr/local/sbin/instance-store\n", "ExecStart=")
        .contains("\nTimeoutStartSec=600\n");
    assertThat(start.dockerRun()).contains(" --volume /mnt/local:/mnt/local ");
    // The launcher finds them itself unless it is told of others.
    assertThat(start.environment()).doesNotContainKey("SPARK_LOCAL_DIRS");
  }

  @Test
  void the_number_of_members_is_told_to_masters_alone() throws IOException, InterruptedException {
    assertThat(started(masters()).environment()).containsEntry("CLUSTER_SIZE", "3");
    assertThat(started(workers()).environment()).doesNotContainKey("CLUSTER_SIZE");
    assertThat(started(gateway()).environment()).doesNotContainKey("CLUSTER_SIZE");
  }

  @Test
  void another_number_of_workers_replaces_no_worker() {
    assertThat(
            Stack.of("spark.yaml", with(workers(), "ClusterSize", "7", "MaxWorkers", "30"))
                .resource("LaunchTemplate"))
        .isEqualTo(Stack.of("spark.yaml", workers()).resource("LaunchTemplate"));
  }

  @Test
  void ecr_is_logged_in_to_with_the_role_of_the_instance()
      throws IOException, InterruptedException {
    String image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/spark-appliance:0.1.0";
    assertThat(started(with(singleNode(), "DockerImage", image)).calls())
        .containsSubsequence(
            "docker login --username AWS --password-stdin"
                + " 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "docker pull --quiet " + image)
        .contains("aws ecr get-login-password --region eu-west-1");
  }

  @Test
  void other_registries_are_not_logged_in_to() throws IOException, InterruptedException {
    assertThat(started(singleNode()).calls())
        .noneMatch(call -> call.startsWith("aws ") || call.startsWith("docker login"));
  }

  @Test
  void a_node_reports_itself_when_it_is_ready_and_not_before()
      throws IOException, InterruptedException {
    List<String> calls = started(singleNode()).calls();
    assertThat(calls).filteredOn(call -> call.endsWith("localhost:8090/readyz")).hasSize(3);
    assertThat(calls)
        .filteredOn(call -> call.startsWith("cfn-signal"))
        .containsExactly(
            "cfn-signal --exit-code 0 --reason ready --stack sparks --resource Nodes"
                + " --region eu-central-1");
    assertThat(calls.getLast()).startsWith("cfn-signal");
    assertThat(calls).noneMatch(call -> call.startsWith("aws logs"));
  }

  @Test
  void a_node_that_can_not_start_says_at_once_what_it_could_not_do()
      throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).answer("docker", "[ \"$1\" != pull ]\n");
    assertThat(start.run(script(singleNode()))).isNotZero();
    assertThat(start.calls().getLast())
        .startsWith("cfn-signal --exit-code 1 --reason pull the image ");
  }

  @Test
  void why_a_node_could_not_start_is_on_its_console_and_in_the_log_group()
      throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).answer("systemctl", "true\n");
    assertThat(start.run(script(singleNode()))).isNotZero();
    String reason =
        "spark-appliance: the first start of i-0123456789abcdef0 failed, could not: become ready:"
            + " {\"summary\":\"master starts\"}";
    assertThat(start.read("dev/console")).isEqualTo(reason + "\n");
    String to =
        " --region eu-central-1 --log-group-name {LogGroup} --log-stream-name"
            + " i-0123456789abcdef0-first-start";
    List<String> calls = start.calls();
    assertThat(calls).contains("aws logs create-log-stream" + to);
    String sent =
        calls.stream()
            .filter(call -> call.startsWith("aws logs put-log-events" + to + " --log-events "))
            .findFirst()
            .orElseThrow();
    JsonNode event = new ObjectMapper().readTree(sent.substring(sent.indexOf("[{"))).get(0);
    assertThat(event.path("message").asText()).isEqualTo(reason);
    assertThat(event.path("timestamp").isIntegralNumber()).isTrue();
    assertThat(new Policies(Stack.of("spark.yaml", singleNode())).resourcesFor("logs:PutLogEvents"))
        .containsExactly("{LogGroup.Arn}");
    // The group's end may end this machine.
    assertThat(calls.getLast()).startsWith("cfn-signal --exit-code 1 ");
  }

  @Test
  void who_can_not_write_down_why_still_signals() throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).answer("dnf", "exit 3\n").answer("aws", "exit 255\n");
    assertThat(start.run(script(singleNode()))).isEqualTo(3);
    assertThat(start.calls().getLast())
        .startsWith("cfn-signal --exit-code 3 --reason install packages ");
  }

  @Test
  void a_container_that_gives_up_is_reported_with_what_it_said_last()
      throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).answer("systemctl", "true\n");
    assertThat(start.run(script(singleNode()))).isNotZero();
    assertThat(start.calls().getLast())
        .startsWith(
            "cfn-signal --exit-code 1 --reason become ready: {\"summary\":\"master starts\"}");
  }

  @Test
  void the_script_fits_into_what_ec2_takes() {
    // 16 KiB; what parameters are longer than here has to fit as well.
    assertThat(script(singleNode()).getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(13_000);
  }
}
