package io.sparkappliance.senza;

import static io.sparkappliance.senza.StackTemplate.elements;
import static io.sparkappliance.senza.StackTemplate.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/**
 * What {@code senza/README.md} tells people to run, run by Senza itself against AWS on loopback;
 * and what CloudFormation was given then.
 */
class SenzaDefinitionTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(senza .*?)^```$");

  /** CloudFormation takes no more in a request, and Senza sends templates in requests. */
  private static final int LARGEST_TEMPLATE = 51_200;

  @TempDir static Path directory;

  private static SenzaCloud cloud;
  private static Map<String, StackTemplate> stacks;
  private static StackTemplate updated;
  private static boolean deleted;

  @BeforeAll
  static void runTheReadme() throws IOException {
    cloud = SenzaCloud.start(directory);
    stacks = new TreeMap<>();
    for (String block : blocks()) {
      cloud.shell(block);
      if (block.startsWith("senza create")) {
        stacks.putAll(cloud.stacks());
      } else if (block.startsWith("senza update")) {
        updated = cloud.stacks().get("spark-worker1");
      } else {
        deleted = !cloud.stacks().containsKey("spark-worker1");
      }
    }
  }

  @AfterAll
  static void stop() {
    if (cloud != null) {
      cloud.close();
    }
    stacks = null;
    updated = null;
  }

  private static List<String> blocks() throws IOException {
    Matcher matcher = BLOCK.matcher(Files.readString(SenzaCloud.FOLDER.resolve("README.md")));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return blocks;
  }

  static Stream<StackTemplate> all() {
    return stacks.values().stream();
  }

  @Test
  void everyShapeOfTheOldApplianceIsThere() {
    assertThat(stacks)
        .containsOnlyKeys(
            "spark-singlenode",
            "spark-master1",
            "spark-worker1",
            "spark-webapp1",
            "spark-ha",
            "spark-webapp2",
            "spark-masters",
            "spark-workers",
            "spark-connect1",
            "spark-public");
  }

  @Test
  void whoWorksOnItIsToldWhichPythonItsTestsNeed() throws IOException {
    assertThat(Files.readString(Path.of("README.md"))).contains("`senza/`", "Python ≤ 3.11");
    assertThat(Files.readString(Path.of("CONTRIBUTING.md"))).contains("`senza`", "Python ≤ 3.11");
  }

  @Test
  void updatesChangeImageAndSize() {
    assertThat(userData(updated)).containsEntry("source", "registry.example.org/team/spark:0.1.1");
    assertThat(updated.resource("Nodes").path("MaxSize").asText()).isEqualTo("4");
  }

  @Test
  void deletionRemovesTheStack() {
    assertThat(deleted).isTrue();
  }

  @Test
  void noParameterOfTheOldDefinitionIsGone() {
    assertThat(parameterNames())
        .contains(
            "DockerImage",
            "ApplicationID",
            "MintBucket",
            "ScalyrKey",
            "InstanceType",
            "ClusterSize",
            "StartMaster",
            "StartWorker",
            "StartThriftServer",
            "StartWebApp",
            "StartNotebook",
            "ZookeeperStackName",
            "MasterStackName",
            "DefaultCores",
            "ExecutorMemory",
            "DriverMemory",
            "HiveSite",
            "ExtJars",
            "PythonLibs",
            "ExternalConfig",
            "AuthURL",
            "TokenInfoURL",
            "Oauth2Scope",
            "HostedZone",
            "SSLCertificateId");
  }

  @Test
  void onlyTheImageHasToBeGiven() {
    JsonNode parameters = single().parameters();
    assertThat(parameterNames().stream().filter(name -> !parameters.path(name).has("Default")))
        .containsExactly("DockerImage");
  }

  @Test
  void defaultsAreThoseOfTheOldDefinition() {
    assertThat(defaultOf("ApplicationID")).isEqualTo("spark");
    assertThat(defaultOf("ClusterSize")).isEqualTo("1");
    assertThat(defaultOf("ExecutorMemory")).isEqualTo("2g");
    assertThat(defaultOf("DriverMemory")).isEqualTo("2g");
    assertThat(defaultOf("Oauth2Scope")).isEqualTo("uid");
  }

  @Test
  void theDefaultInstanceTypeIsACurrentOne() {
    assertThat(defaultOf("InstanceType")).isEqualTo("m7i.large");
  }

  @ParameterizedTest
  @MethodSource("all")
  void templatesFitIntoARequest(StackTemplate stack) {
    assertThat(stack.raw().toString().getBytes(StandardCharsets.UTF_8).length)
        .isLessThan(LARGEST_TEMPLATE);
  }

  @Test
  void theLinterOfCloudFormationFindsNothing() throws IOException {
    Path file = directory.resolve("template.json");
    new ObjectMapper().writeValue(file.toFile(), single().raw());
    // W7001: a mapping that Senza itself keeps there and never uses.
    cloud.shell("cfn-lint --ignore-checks W7001 --regions eu-central-1 --template " + file);
  }

  @ParameterizedTest
  @MethodSource("all")
  void cloudFormationRefusesNoneOfThem(StackTemplate stack) {
    assertThat(stack.refusals()).isEmpty();
    assertThat(stack.status()).endsWith("_COMPLETE").doesNotContain("ROLLBACK");
  }

  // The node

  @ParameterizedTest
  @MethodSource("all")
  void nodesComeFromALaunchTemplate(StackTemplate stack) {
    assertThat(stack.resources("AWS::AutoScaling::LaunchConfiguration")).isEmpty();
    assertThat(stack.resource("Nodes").path("LaunchTemplate").path("LaunchTemplateId").asText())
        .isEqualTo("<NodesConfig>");
    assertThat(stack.resource("Nodes").path("LaunchTemplate").path("Version").asText())
        .isEqualTo("<NodesConfig.LatestVersionNumber>");
  }

  @Test
  void theImageIsTaupages() {
    assertThat(node(single()).path("ImageId").asText()).isEqualTo("ami-0a1b2c3d4e5f60718");
  }

  @ParameterizedTest
  @MethodSource("all")
  void theMetadataServiceWantsTokens(StackTemplate stack) {
    assertThat(node(stack).path("MetadataOptions").path("HttpTokens").asText())
        .isEqualTo("required");
  }

  @ParameterizedTest
  @MethodSource("all")
  void containersReachTheMetadataServiceAndNothingFurtherDoes(StackTemplate stack) {
    assertThat(node(stack).path("MetadataOptions").path("HttpPutResponseHopLimit").asInt())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource("all")
  void nodesHaveNoPublicAddress(StackTemplate stack) {
    JsonNode interfaces = node(stack).path("NetworkInterfaces");
    assertThat(interfaces).hasSize(1);
    assertThat(interfaces.get(0).path("AssociatePublicIpAddress")).hasToString("false");
  }

  @ParameterizedTest
  @MethodSource("all")
  void disksAreEncrypted(StackTemplate stack) {
    assertThat(node(stack).path("BlockDeviceMappings"))
        .isNotEmpty()
        .allSatisfy(disk -> assertThat(disk.path("Ebs").path("Encrypted")).hasToString("true"));
  }

  @Test
  void taupageRunsTheImage() {
    assertThat(userData(single()))
        .containsEntry("application_id", "spark")
        .containsEntry("application_version", "singlenode")
        .containsEntry("runtime", "Docker")
        .containsEntry("source", "registry.example.org/team/spark:0.1.0")
        .containsEntry("mint_bucket", "mint-example-eu-central-1")
        .containsEntry("scalyr_account_key", "aws:kms:AQID")
        .containsEntry("networking", "host");
    assertThat(
            single().resource("NodesConfig").path("LaunchTemplateData").path("UserData").asText())
        .startsWith("#taupage-ami-config\n");
  }

  @Test
  void whatIsNotGivenIsNotInTheUserData() {
    assertThat(userData(stacks.get("spark-master1")))
        .doesNotContainKeys("mint_bucket", "scalyr_account_key");
  }

  @ParameterizedTest
  @MethodSource("all")
  void theContainerIsNeitherRootNorCapable(StackTemplate stack) {
    assertThat(userData(stack))
        .doesNotContainKeys("root", "privileged", "docker_daemon_access")
        .containsEntry("capabilities_drop", List.of("ALL"));
  }

  @ParameterizedTest
  @MethodSource("all")
  void cloudFormationHearsOfANodeThatIsReady(StackTemplate stack) {
    String name = stack.resource("Nodes").path("AutoScalingGroupName").asText();
    assertThat(userData(stack))
        .containsEntry("health_check_port", 8090)
        .containsEntry("health_check_path", "/readyz")
        .containsEntry("notify_cfn", Map.of("stack", name, "resource", "Nodes"));
    // What comes before it needs time, too, and CloudFormation waits for no more than an hour.
    Duration most =
        Duration.ofSeconds((Integer) userData(stack).get("health_check_timeout_seconds"));
    JsonNode nodes = stack.raw().at("/Resources/Nodes");
    for (String time :
        List.of(
            nodes.at("/CreationPolicy/ResourceSignal/Timeout").asText(),
            nodes.at("/UpdatePolicy/AutoScalingRollingUpdate/PauseTime").asText())) {
      assertThat(Duration.parse(time)).isBetween(most.plusMinutes(5), Duration.ofHours(1));
    }
  }

  /** Taupage formats and mounts what is named there, and gives the container the same path. */
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "2, 2", "4, 4"})
  void disksOfTheMachineItselfAreWhereTheLauncherLooksForThem(String given, int disks) {
    StackTemplate stack = single().with(Map.of("LocalDisks", given));
    assertThat(stack.refusals()).isEmpty();
    Map<String, Object> wanted = new TreeMap<>();
    for (int i = 0; i < disks; i++) {
      wanted.put(
          "/mnt/local/" + i,
          Map.of(
              "partition",
              "/dev/nvme" + (i + 1) + "n1",
              "filesystem",
              "ext4",
              "erase_on_boot",
              true));
    }
    assertThat(userData(stack).getOrDefault("mounts", Map.of())).isEqualTo(wanted);
    assertThat(variables(stack)).containsEntry("LIFECYCLE_HOOK", "drain");
  }

  @Test
  void theNumberOfMembersIsToldToMastersAlone() {
    assertThat(variables(stacks.get("spark-masters"))).containsEntry("CLUSTER_SIZE", "3");
    StackTemplate workers = stacks.get("spark-workers");
    assertThat(variables(workers)).containsEntry("CLUSTER_SIZE", "");
    assertThat(workers.with(Map.of("ClusterSize", "9")).resource("NodesConfig"))
        .isEqualTo(workers.resource("NodesConfig"));
  }

  @Test
  @SuppressWarnings("unchecked")
  void thePortsOfTheContractArePublished() {
    assertThat((Map<Integer, Integer>) userData(single()).get("ports"))
        .containsKeys(7077, 8000, 8080, 8081, 8090, 8888, 10000, 15002, 18080);
  }

  @Test
  void theNodeIsToldItsParameters() {
    StackTemplate stack =
        single()
            .with(
                Map.ofEntries(
                    Map.entry("StartConnect", "1"),
                    Map.entry("StartHistoryServer", "yes"),
                    Map.entry("StartNotebook", "on"),
                    Map.entry("ClusterSize", "7"),
                    Map.entry("ZookeeperStackName", "zookeeper-1"),
                    Map.entry("MasterStackName", "spark-m"),
                    Map.entry("DefaultCores", "4"),
                    Map.entry("ExecutorMemory", "3g"),
                    Map.entry("DriverMemory", "5g"),
                    Map.entry("HiveSite", "s3://b/hive-site.xml"),
                    Map.entry("ExtJars", "/a.jar,/b.jar"),
                    Map.entry("PythonLibs", "numpy>=2,pandas<3 ; python_version > \"3\""),
                    Map.entry("ExternalConfig", "s3://b/ext.conf"),
                    Map.entry("EventLogDir", "s3://b/events"),
                    Map.entry("LogDir", "s3://b/logs"),
                    Map.entry("ApiToken", "ssm:/a/b"),
                    Map.entry("SparkRpcAuthenticationSecret", "secretsmanager:c"),
                    Map.entry("AuthURL", "https://a.example.org"),
                    Map.entry("TokenInfoURL", "https://t.example.org?x=1&y=2"),
                    Map.entry("Oauth2Scope", "spark")));
    assertThat(stack.refusals()).isEmpty();
    assertThat(variables(stack))
        .containsEntry("START_MASTER", "true")
        .containsEntry("START_WORKER", "true")
        .containsEntry("START_THRIFTSERVER", "true")
        .containsEntry("START_CONNECT", "1")
        .containsEntry("START_HISTORYSERVER", "yes")
        .containsEntry("START_WEBAPP", "true")
        .containsEntry("START_NOTEBOOK", "on")
        .containsEntry("CLUSTER_SIZE", "7")
        .containsEntry("ZOOKEEPER_STACK_NAME", "zookeeper-1")
        .containsEntry("MASTER_STACK_NAME", "spark-m")
        .containsEntry("DEFAULT_CORES", "4")
        .containsEntry("EXECUTOR_MEMORY", "3g")
        .containsEntry("DRIVER_MEMORY", "5g")
        .containsEntry("HIVE_SITE_XML", "s3://b/hive-site.xml")
        .containsEntry("EXT_JARS", "/a.jar,/b.jar")
        .containsEntry("PYTHON_LIBS", "numpy>=2,pandas<3 ; python_version > \"3\"")
        .containsEntry("EXT_CONF", "s3://b/ext.conf")
        .containsEntry("EVENT_LOG_DIR", "s3://b/events")
        .containsEntry("LOG_DIR", "s3://b/logs")
        .containsEntry("API_TOKEN", "ssm:/a/b")
        .containsEntry("SPARK_RPC_AUTHENTICATION_SECRET", "secretsmanager:c")
        .containsEntry("AUTH_URL", "https://a.example.org")
        .containsEntry("TOKENINFO_URL", "https://t.example.org?x=1&y=2")
        .containsEntry("OAUTH2_SCOPE", "spark");
  }

  @ParameterizedTest
  @MethodSource("all")
  void variablesAreTextForTaupage(StackTemplate stack) {
    assertThat(variables(stack).values()).allSatisfy(v -> assertThat(v).isInstanceOf(String.class));
  }

  @Test
  void aWorkerBesideAMasterLeavesItThePort() {
    assertThat(variables(single())).containsEntry("SPARK_WORKER_PORT", "7076");
    assertThat(variables(stacks.get("spark-worker1"))).containsEntry("SPARK_WORKER_PORT", "");
  }

  // The group

  @ParameterizedTest
  @CsvSource({"spark-singlenode, 1", "spark-worker1, 3", "spark-ha, 3", "spark-workers, 5"})
  void theGroupHasTheClustersSize(String name, String size) {
    JsonNode group = stacks.get(name).resource("Nodes");
    assertThat(List.of("MinSize", "MaxSize", "DesiredCapacity"))
        .allSatisfy(property -> assertThat(group.path(property).asText()).isEqualTo(size));
    assertThat(creationSignals(stacks.get(name))).isEqualTo(size);
  }

  private static String creationSignals(StackTemplate stack) {
    return stack.raw().at("/Resources/Nodes/CreationPolicy/ResourceSignal/Count").asText();
  }

  @Test
  void updatesReplaceOneNodeAfterTheOther() {
    JsonNode policy = single().raw().at("/Resources/Nodes/UpdatePolicy/AutoScalingRollingUpdate");
    assertThat(policy.path("MaxBatchSize").asInt()).isEqualTo(1);
    assertThat(policy.path("WaitOnResourceSignals").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("all")
  void nodesThatHaveToGoWaitForTheirLauncher(StackTemplate stack) {
    JsonNode hook = stack.resource("Nodes").path("LifecycleHookSpecificationList").path(0);
    assertThat(hook.path("LifecycleTransition").asText())
        .isEqualTo("autoscaling:EC2_INSTANCE_TERMINATING");
    assertThat(hook.path("HeartbeatTimeout").asInt()).isEqualTo(300);
    assertThat(variables(stack))
        .containsEntry("LIFECYCLE_HOOK", hook.path("LifecycleHookName").asText());
  }

  @Test
  void nodesLiveInInternalSubnets() {
    assertThat(texts(single().resource("Nodes").path("VPCZoneIdentifier")))
        .isNotEmpty()
        .allSatisfy(subnet -> assertThat(subnetNamed(subnet)).startsWith("internal-"));
  }

  // Who reaches whom

  @ParameterizedTest
  @MethodSource("all")
  void portsAreOpenToGroupsAlone(StackTemplate stack) {
    assertThat(ingresses(stack))
        .isNotEmpty()
        .allSatisfy(
            ingress -> {
              assertThat(ingress.has("CidrIp")).as(ingress.toString()).isFalse();
              assertThat(ingress.path("SourceSecurityGroupId").asText())
                  .isIn(
                      "<NodesGroup.GroupId>",
                      "<GatewayBalancerGroup.GroupId>",
                      "<ConnectBalancerGroup.GroupId>");
            });
    assertThat(stack.resource("NodesGroup").has("SecurityGroupIngress")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("all")
  void nobodyReachesPort22(StackTemplate stack) {
    StackTemplate open = stack.with(Map.of("NodeCidr", "10.1.0.0/16"));
    assertThat(ingresses(open))
        .noneMatch(i -> i.path("FromPort").asInt() <= 22 && i.path("ToPort").asInt() >= 22)
        .allMatch(ingress -> ingress.path("IpProtocol").asText().equals("tcp"));
  }

  @Test
  void nodesReachEachOtherOnSparksPorts() {
    assertThat(ports(single(), "<NodesGroup.GroupId>"))
        .containsExactlyInAnyOrder(
            "4040-4139",
            "7076-7079",
            "7337-7337",
            "7500-7599",
            "7700-7799",
            "8000-8000",
            "8080-8081",
            "10000-10000",
            "15002-15002");
  }

  @Test
  void driversAndExecutorsKeepToThosePorts() {
    assertThat(variables(single()))
        .containsEntry("SPARK_CONF_spark_driver_port", "7500")
        .containsEntry("SPARK_CONF_spark_blockManager_port", "7700")
        .containsEntry("SPARK_CONF_spark_port_maxRetries", "99");
  }

  @Test
  void balancersReachWhatTheyBalance() {
    assertThat(ports(single(), "<GatewayBalancerGroup.GroupId>")).containsExactly("8000-8000");
    assertThat(ports(stacks.get("spark-connect1"), "<ConnectBalancerGroup.GroupId>"))
        .containsExactly("15002-15002");
    assertThat(elements(single().resource("GatewayBalancerGroup").path("SecurityGroupEgress")))
        .allMatch(e -> e.path("DestinationSecurityGroupId").asText().equals("<NodesGroup.GroupId>"))
        .extracting(e -> e.path("FromPort").asInt() + "-" + e.path("ToPort").asInt())
        .containsExactly("8000-8000");
  }

  @Test
  void aNetworkReachesNodesOnlyWhereAParameterAsksForIt() {
    StackTemplate open = single().with(Map.of("NodeCidr", "10.1.2.0/24"));
    assertThat(elements(toArray(ingresses(open))).filter(i -> i.has("CidrIp")))
        .isNotEmpty()
        .allMatch(ingress -> ingress.path("CidrIp").asText().equals("10.1.2.0/24"))
        .noneMatch(ingress -> ingress.path("FromPort").asInt() / 100 == 70);
  }

  @ParameterizedTest
  @CsvSource({
    "spark-worker1, <spark-master1-NodesGroup>",
    "spark-webapp1, <spark-master1-NodesGroup>",
    "spark-workers, <spark-masters-NodesGroup>"
  })
  void nodesThatWorkForAnotherStacksMastersAreOfItsCluster(String name, String group) {
    assertThat(groups(stacks.get(name))).containsExactly("<NodesGroup.GroupId>", group);
  }

  @Test
  void mastersThatAreNamedByAddressAreNoStack() {
    StackTemplate stack = single().with(Map.of("MasterStackName", "spark://10.0.0.1:7077,h2:7077"));
    assertThat(stack.refusals()).isEmpty();
    assertThat(groups(stack)).containsExactly("<NodesGroup.GroupId>");
  }

  // Rights of a node

  @ParameterizedTest
  @MethodSource("all")
  void theRoleHasNoWildcardAction(StackTemplate stack) {
    assertThat(actions(stack)).isNotEmpty().noneMatch(action -> action.contains("*"));
  }

  @ParameterizedTest
  @MethodSource("all")
  void onlyCallsThatKnowNoResourceMayAskForAll(StackTemplate stack) {
    assertThat(
            statements(stack)
                .filter(s -> resourcesOf(s).contains("*"))
                .flatMap(statement -> many(statement.path("Action")).stream()))
        .containsExactlyInAnyOrder(
            "ec2:DescribeInstances",
            "autoscaling:DescribeAutoScalingGroups",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel");
  }

  @Test
  void aNodeFindsTheStacksThatItsParametersName() {
    assertThat(resourcesFor(stacks.get("spark-workers"), "cloudformation:ListStackResources"))
        .containsExactly(
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/spark-workers/*",
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/spark-masters/*",
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/exhibitor-spark/*");
  }

  @ParameterizedTest
  @MethodSource("all")
  void aNodeCompletesTheHookOfItsOwnGroupAlone(StackTemplate stack) {
    String group = stack.resource("Nodes").path("AutoScalingGroupName").asText();
    assertThat(resourcesFor(stack, "autoscaling:CompleteLifecycleAction"))
        .containsExactly(
            "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:autoScalingGroupName/"
                + group);
  }

  @Test
  void aNodeReadsTheSecretsThatItsParametersNameAndNoOthers() {
    assertThat(resourcesFor(stacks.get("spark-master1"), "ssm:GetParameters"))
        .containsExactly(
            "arn:aws:ssm:eu-central-1:123456789012:parameter/spark/api-token",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/spark/cluster-secret");
    assertThat(resourcesFor(stacks.get("spark-ha"), "secretsmanager:GetSecretValue"))
        .containsExactly(
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:spark/api-??????",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:spark/cluster-??????");
    assertThat(actions(single()))
        .doesNotContain("ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt");
  }

  @Test
  void aFieldOfASecretIsNoPartOfItsName() {
    StackTemplate stack =
        single()
            .with(
                Map.of(
                    "ApiToken",
                    "secretsmanager:spark/all#api-token",
                    "SparkRpcAuthenticationSecret",
                    "secretsmanager:spark/all#cluster"));
    assertThat(stack.refusals()).isEmpty();
    assertThat(Set.copyOf(resourcesFor(stack, "secretsmanager:GetSecretValue")))
        .containsExactly(
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:spark/all-??????");
    assertThat(variables(stack)).containsEntry("API_TOKEN", "secretsmanager:spark/all#api-token");
  }

  @Test
  void logsAreWrittenToTheirFolderWithoutAPrefixForThem() {
    StackTemplate stack = single().with(Map.of("LogDir", "s3://team-logs/spark/daemons"));
    assertThat(stack.refusals()).isEmpty();
    assertThat(resourcesFor(stack, "s3:PutObject"))
        .containsExactly("arn:aws:s3:::team-logs/spark/daemons/*");
    assertThat(resourcesFor(single().with(Map.of("LogDir", "/var/log/spark")), "s3:PutObject"))
        .isEmpty();
  }

  @Test
  void aNodeReadsAndWritesItsPrefixes() {
    StackTemplate stack = stacks.get("spark-connect1");
    assertThat(resourcesFor(stack, "s3:PutObject"))
        .containsExactlyInAnyOrder(
            "arn:aws:s3:::team-logs/spark/*",
            "arn:aws:s3:::team-logs/spark/logs/*",
            "arn:aws:s3:::team-data/tables/sales/*");
    assertThat(resourcesFor(stack, "s3:ListBucketMultipartUploads"))
        .containsExactly("arn:aws:s3:::team-logs", "arn:aws:s3:::team-data");
    assertThat(statements(stack).filter(s -> many(s.path("Action")).contains("s3:ListBucket")))
        .extracting(
            s -> s.path("Resource").asText() + " " + s.at("/Condition/StringLike/s3:prefix"))
        .containsExactly(
            "arn:aws:s3:::team-logs [\"spark\",\"spark/*\"]",
            "arn:aws:s3:::team-data [\"tables/sales\",\"tables/sales/*\"]");
  }

  @Test
  void fourPrefixesAreFour() {
    StackTemplate stack = single().with(Map.of("BucketPrefixes", "aaa:1,bbb:2/x,ccc:3,ddd:4"));
    assertThat(stack.refusals()).isEmpty();
    assertThat(resourcesFor(stack, "s3:DeleteObject"))
        .containsExactly(
            "arn:aws:s3:::aaa/1/*",
            "arn:aws:s3:::bbb/2/x/*",
            "arn:aws:s3:::ccc/3/*",
            "arn:aws:s3:::ddd/4/*");
    assertThat(resourcesFor(stack, "s3:ListBucket"))
        .containsExactly(
            "arn:aws:s3:::aaa", "arn:aws:s3:::bbb", "arn:aws:s3:::ccc", "arn:aws:s3:::ddd");
  }

  @Test
  void aNodeReadsTheFilesThatItsParametersName() {
    assertThat(resourcesFor(stacks.get("spark-connect1"), "s3:GetObject"))
        .contains(
            "arn:aws:s3:::team-config/hive-site.xml",
            "arn:aws:s3:::team-config/udfs.jar",
            "arn:aws:s3:::team-config/driver.jar");
    assertThat(resourcesFor(single(), "s3:GetObject"))
        .containsExactly("arn:aws:s3:::mint-example-eu-central-1/spark/*");
    assertThat(actions(stacks.get("spark-master1"))).noneMatch(action -> action.startsWith("s3:"));
  }

  // Balancers

  @Test
  void withoutACertificateThereIsNoBalancer() {
    assertThat(stacks.get("spark-master1").resources("AWS::ElasticLoadBalancingV2::")).isEmpty();
    assertThat(
            single()
                .with(Map.of("SSLCertificateId", ""))
                .resources("AWS::ElasticLoadBalancingV2::"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark-singlenode", "spark-webapp1", "spark-webapp2", "spark-connect1"})
  void balancersAreInternal(String name) {
    StackTemplate stack = stacks.get(name);
    assertThat(stack.resources("AWS::ElasticLoadBalancingV2::LoadBalancer"))
        .isNotEmpty()
        .allSatisfy(
            balancer -> {
              assertThat(stack.resource(balancer).path("Scheme").asText()).isEqualTo("internal");
              assertThat(texts(stack.resource(balancer).path("Subnets")))
                  .isNotEmpty()
                  .allSatisfy(subnet -> assertThat(subnetNamed(subnet)).startsWith("internal-"));
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"GatewayListener", "ConnectListener"})
  void listenersSpeakHttpsAlone(String listener) {
    StackTemplate stack = stacks.get("spark-connect1").with(Map.of("StartWebApp", "true"));
    assertThat(stack.resource(listener).path("Port").asInt()).isEqualTo(443);
    assertThat(stack.resource(listener).path("Protocol").asText()).isEqualTo("HTTPS");
    assertThat(stack.resource(listener).at("/Certificates/0/CertificateArn").asText())
        .startsWith("arn:aws:acm:");
    assertThat(stack.resources("AWS::ElasticLoadBalancingV2::Listener")).hasSize(2);
  }

  @Test
  void theGatewaysBalancerForwardsToPort8000() {
    assertThat(single().resource("GatewayTargets").path("Port").asInt()).isEqualTo(8000);
    assertThat(single().at("GatewayListener", "/DefaultActions/0/TargetGroupArn"))
        .isEqualTo("<GatewayTargets>");
    assertThat(texts(single().resource("Nodes").path("TargetGroupARNs")))
        .containsExactly("<GatewayTargets>");
  }

  @Test
  void aConnectionToTheGatewayMayBeIdleForAnHour() {
    assertThat(attributes(single(), "GatewayBalancer"))
        .containsEntry("idle_timeout.timeout_seconds", "3600");
  }

  @Test
  void theGatewayIsAskedOnItsOwnPort() {
    JsonNode targets = single().resource("GatewayTargets");
    assertThat(targets.path("HealthCheckPort").asText()).isEqualTo("traffic-port");
    assertThat(targets.path("HealthCheckPath").asText()).isEqualTo("/healthz");
    assertThat(targets.path("HealthCheckProtocol").asText()).isEqualTo("HTTP");
  }

  @ParameterizedTest
  @CsvSource({
    "spark-webapp1, ELB",
    "spark-singlenode, EC2",
    "spark-ha, EC2",
    "spark-connect1, EC2",
    "spark-workers, EC2"
  })
  void aGatewayThatIsUnwellIsAReasonToReplaceOnlyANodeThatIsNothingElse(String name, String type) {
    assertThat(stacks.get(name).resource("Nodes").path("HealthCheckType").asText()).isEqualTo(type);
  }

  /** Each knows only the jobs that were sent to it. */
  @Test
  void aClientThatKeepsCookiesStaysWithItsGateway() {
    assertThat(attributes(single(), "GatewayTargets", "TargetGroupAttributes"))
        .containsEntry("stickiness.enabled", "true")
        .containsEntry("stickiness.type", "lb_cookie")
        .containsEntry("stickiness.lb_cookie.duration_seconds", "86400");
  }

  @ParameterizedTest
  @MethodSource("all")
  void theReadmeHasNoGatewayOnSeveralNodes(StackTemplate stack) {
    if (variables(stack).get("START_WEBAPP").equals("true")) {
      assertThat(stack.resource("Nodes").path("MaxSize").asText()).isEqualTo("1");
    }
  }

  @Test
  void connectIsBalancedAsGrpc() {
    JsonNode targets = stacks.get("spark-connect1").resource("ConnectTargets");
    assertThat(targets.path("ProtocolVersion").asText()).isEqualTo("GRPC");
    assertThat(targets.path("Matcher").path("GrpcCode").asText()).isEqualTo("12");
    assertThat(targets.path("Port").asInt()).isEqualTo(15002);
  }

  @Test
  void aStreamOfConnectOutlivesItsTwoMinutes() {
    assertThat(
            Integer.parseInt(
                attributes(stacks.get("spark-connect1"), "ConnectBalancer")
                    .get("idle_timeout.timeout_seconds")))
        .isGreaterThan(120);
  }

  @Test
  void clientsOfBalancersArePrivateNetworksUnlessAParameterSaysOtherwise() {
    assertThat(clients(single())).containsExactly("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16");
    assertThat(clients(single().with(Map.of("ClientCidr", "10.9.0.0/16"))))
        .containsExactly("10.9.0.0/16");
  }

  @Test
  void theStackHasANameInItsZone() {
    assertThat(single().resource("GatewayName").path("Name").asText())
        .isEqualTo("spark-singlenode.team.example.org.");
    assertThat(stacks.get("spark-connect1").resource("ConnectName").path("Name").asText())
        .isEqualTo("spark-connect1-connect.team.example.org.");
    assertThat(single().with(Map.of("HostedZone", "")).resource("GatewayName")).isNull();
  }

  @Test
  void theOldBalancerThatFacesTheInternetIsStillToBeHad() {
    StackTemplate stack = stacks.get("spark-public");
    assertThat(stack.resource("GatewayBalancer").path("Scheme").asText())
        .isEqualTo("internet-facing");
    assertThat(texts(stack.resource("GatewayBalancer").path("Subnets")))
        .isNotEmpty()
        .allSatisfy(subnet -> assertThat(subnetNamed(subnet)).startsWith("dmz-"));
    assertThat(attributes(stack, "GatewayBalancer"))
        .containsEntry("idle_timeout.timeout_seconds", "3600");
    assertThat(clients(stack)).containsExactly("0.0.0.0/0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TokenInfoURL", "SSLCertificateId", "ClientCidr", "StartWebApp"})
  void withoutOneOfTheseNothingFacesTheInternet(String parameter) {
    assertThat(stacks.get("spark-public").with(Map.of(parameter, "")).refusals())
        .singleElement()
        .asString()
        .contains("internet-facing", parameter);
  }

  @Test
  void connectNeverFacesTheInternet() {
    StackTemplate stack = stacks.get("spark-public").with(Map.of("StartConnect", "true"));
    assertThat(stack.resource("ConnectBalancer").path("Scheme").asText()).isEqualTo("internal");
  }

  // Bad input

  @Test
  void aStackWithoutARoleIsRefused() {
    assertThat(stacks.get("spark-masters").with(Map.of("StartMaster", "")).refusals())
        .singleElement()
        .asString()
        .contains("No role is started", "StartMaster", "StartNotebook");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DockerImage|a image",
        "StartMaster|maybe",
        "ClusterSize|0",
        "DefaultCores|four",
        "ExecutorMemory|much",
        "MintBucket|Bad_Bucket",
        "HiveSite|s3://b/x\"y z",
        "HostedZone|team.example.org",
        "SSLCertificateId|my-certificate",
        "BucketPrefixes|bucket/prefix",
        "BucketPrefixes|aaa:1,bbb:2,ccc:3,ddd:4,eee:5",
        "BucketPrefixes|aaa:1/",
        "ApiToken|a-real-token",
        "ApiToken|ssm:no-slash",
        "ApiToken|ssm:/name#field",
        "ApiToken|secretsmanager:name#",
        "LogDir|s3://team-logs",
        "LogDir|s3://team-logs/a/",
        "LogDir|relative/path",
        "LocalDisks|3",
        "SparkRpcAuthenticationSecret|a-real-secret",
        "ExtJars|s3://a/x.jar,/local.jar",
        "ClientCidr|everybody",
        "LoadBalancerScheme|public",
        "MetadataTokens|none"
      })
  void badValuesAreRefused(String parameter, String value) {
    assertThat(single().with(Map.of(parameter, value)).refusals())
        .as(value)
        .isNotEmpty()
        .allMatch(refusal -> refusal.contains(parameter));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x'\n    START_NOTEBOOK: 'true", "x'y", "x\ny"})
  void noValueGetsOutOfItsLine(String hostile) {
    List<String> free = new ArrayList<>(parameterNames());
    assertThat(free)
        .allSatisfy(
            name -> assertThat(single().with(Map.of(name, hostile)).refusals()).isNotEmpty());
  }

  // What the assertions read

  private static StackTemplate single() {
    return stacks.get("spark-singlenode");
  }

  private static Set<String> parameterNames() {
    TreeSet<String> names = new TreeSet<>();
    single().parameters().fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static String defaultOf(String parameter) {
    return single().parameters().path(parameter).path("Default").asText();
  }

  private static JsonNode node(StackTemplate stack) {
    return stack.resource("NodesConfig").path("LaunchTemplateData");
  }

  private static Map<String, Object> userData(StackTemplate stack) {
    return new Yaml().load(node(stack).path("UserData").asText());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> variables(StackTemplate stack) {
    return (Map<String, Object>) userData(stack).get("environment");
  }

  private static List<String> groups(StackTemplate stack) {
    return texts(node(stack).at("/NetworkInterfaces/0/Groups"));
  }

  private static List<JsonNode> ingresses(StackTemplate stack) {
    return stack.resources("AWS::EC2::SecurityGroupIngress").stream().map(stack::resource).toList();
  }

  private static JsonNode toArray(List<JsonNode> nodes) {
    return new ObjectMapper().valueToTree(nodes);
  }

  private static List<String> ports(StackTemplate stack, String source) {
    return ingresses(stack).stream()
        .filter(ingress -> ingress.path("SourceSecurityGroupId").asText().equals(source))
        .map(ingress -> ingress.path("FromPort").asText() + "-" + ingress.path("ToPort").asText())
        .toList();
  }

  private static List<String> clients(StackTemplate stack) {
    JsonNode ingress = stack.resource("GatewayBalancerGroup").path("SecurityGroupIngress");
    assertThat(elements(ingress))
        .allMatch(one -> one.path("FromPort").asInt() == 443 && one.path("ToPort").asInt() == 443);
    return elements(ingress).map(one -> one.path("CidrIp").asText()).toList();
  }

  private static Map<String, String> attributes(StackTemplate stack, String balancer) {
    return attributes(stack, balancer, "LoadBalancerAttributes");
  }

  private static Map<String, String> attributes(
      StackTemplate stack, String resource, String property) {
    Map<String, String> attributes = new TreeMap<>();
    elements(stack.resource(resource).path(property))
        .forEach(one -> attributes.put(one.path("Key").asText(), one.path("Value").asText()));
    return attributes;
  }

  private static Stream<JsonNode> statements(StackTemplate stack) {
    return elements(stack.resource("NodesPolicy").path("PolicyDocument").path("Statement"));
  }

  private static List<String> actions(StackTemplate stack) {
    return statements(stack).flatMap(statement -> many(statement.path("Action")).stream()).toList();
  }

  private static List<String> resourcesOf(JsonNode statement) {
    return many(statement.path("Resource"));
  }

  private static List<String> resourcesFor(StackTemplate stack, String action) {
    return statements(stack)
        .filter(statement -> many(statement.path("Action")).contains(action))
        .flatMap(statement -> resourcesOf(statement).stream())
        .toList();
  }

  private static List<String> many(JsonNode oneOrMore) {
    return oneOrMore.isArray() ? texts(oneOrMore) : List.of(oneOrMore.asText());
  }

  private static String subnetNamed(String id) {
    return cloud.subnets().getOrDefault(id, "no subnet " + id);
  }
}
