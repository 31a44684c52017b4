package io.sparkappliance.cloudformation;

import static io.sparkappliance.cloudformation.Examples.CERTIFICATE;
import static io.sparkappliance.cloudformation.Examples.combined;
import static io.sparkappliance.cloudformation.Examples.gateway;
import static io.sparkappliance.cloudformation.Examples.masters;
import static io.sparkappliance.cloudformation.Examples.singleNode;
import static io.sparkappliance.cloudformation.Examples.spark;
import static io.sparkappliance.cloudformation.Examples.with;
import static io.sparkappliance.cloudformation.Examples.workers;
import static io.sparkappliance.cloudformation.Values.at;
import static io.sparkappliance.cloudformation.Values.list;
import static io.sparkappliance.cloudformation.Values.map;
import static io.sparkappliance.cloudformation.Values.maps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stack of {@code spark.yaml} consists of. What its nodes do is {@link UserDataTest}'s. */
class SparkStackTest {
  private static final String LISTENER = "AWS::ElasticLoadBalancingV2::Listener";
  private static final String TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup";

  private static Stack stack(Map<String, String> parameters) {
    Stack stack = Stack.of("spark.yaml", parameters);
    assertThat(stack.refusals()).isEmpty();
    return stack;
  }

  private static List<String> refusals(Map<String, String> parameters) {
    return Stack.of("spark.yaml", parameters).refusals();
  }

  private static Map<String, Object> launch(Stack stack) {
    return map(stack.properties("LaunchTemplate").get("LaunchTemplateData"));
  }

  private static Map<String, String> attributes(Object pairs) {
    Map<String, String> attributes = new TreeMap<>();
    maps(pairs)
        .forEach(pair -> attributes.put(pair.get("Key").toString(), pair.get("Value").toString()));
    return attributes;
  }

  // Who reaches whom

  @Test
  void nodes_of_a_cluster_reach_each_others_spark_ports_and_nobody_else_does() {
    assertThat(Ingress.of(stack(masters())))
        .filteredOn(rule -> rule.group().equals("{ClusterGroup}"))
        .allSatisfy(rule -> assertThat(rule.source()).isEqualTo("{ClusterGroup}"))
        .extracting(Ingress::ports)
        .containsExactlyInAnyOrder(
            "4040-4104",
            "7076-7079",
            "7100-7164",
            "7200-7264",
            "7337",
            "8080-8081",
            "10000",
            "15002");
    assertThat(groups(stack(masters())))
        .containsExactly("{NodeGroup}", "{ClusterGroup}", "sg-0123");
  }

  @Test
  void further_stacks_of_a_cluster_join_the_group_of_the_first() {
    Stack stack = stack(workers());
    assertThat(stack.has("ClusterGroup")).isFalse();
    assertThat(groups(stack)).containsExactly("{NodeGroup}", "sg-0456");
    assertThat(Ingress.of(stack)).isEmpty();
    assertThat(stack.outputs()).containsEntry("ClusterSecurityGroup", "sg-0456");
    assertThat(stack(masters()).outputs()).containsEntry("ClusterSecurityGroup", "{ClusterGroup}");
  }

  private static List<String> groups(Stack stack) {
    List<Map<String, Object>> interfaces = maps(launch(stack).get("NetworkInterfaces"));
    assertThat(interfaces).hasSize(1);
    return Values.strings(interfaces.getFirst().get("Groups"));
  }

  @Test
  void the_balancers_reach_the_ports_of_what_they_balance_and_no_other() {
    Stack stack = stack(singleNode());
    assertThat(Ingress.of(stack))
        .filteredOn(rule -> rule.group().equals("{NodeGroup}"))
        .containsExactlyInAnyOrder(
            new Ingress("{NodeGroup}", "{AlbGroup}", 8000, 8000),
            new Ingress("{NodeGroup}", "{AlbGroup}", 8888, 8888),
            new Ingress("{NodeGroup}", "{AlbGroup}", 18080, 18080),
            new Ingress("{NodeGroup}", "{AlbGroup}", 15002, 15002),
            new Ingress("{NodeGroup}", "{NlbGroup}", 10000, 10000));
    assertThat(maps(stack.properties("AlbGroup").get("SecurityGroupEgress")))
        .allSatisfy(
            rule -> assertThat(rule).containsEntry("DestinationSecurityGroupId", "{NodeGroup}"))
        .extracting(rule -> rule.get("FromPort"), rule -> rule.get("ToPort"))
        .containsExactlyInAnyOrder(
            tuple(8000, 8000), tuple(8888, 8888), tuple(15002, 15002), tuple(18080, 18080));
  }

  @ParameterizedTest
  @CsvSource({
    "StartWebApp, GatewayTargets, 8000",
    "StartNotebook, NotebookTargets, 8888",
    "StartHistoryServer, HistoryTargets, 18080",
    "StartConnect, ConnectTargets, 15002"
  })
  void one_that_is_balanced_opens_its_own_port_and_no_other(String role, String targets, int port) {
    Stack stack =
        stack(with(spark(role), "SSLCertificateId", CERTIFICATE, "ClientCidr", "10.0.0.0/8"));
    assertThat(stack.ofType(TARGETS)).containsOnlyKeys(targets);
    assertThat(stack.properties(targets)).containsEntry("Port", port);
    assertThat(Ingress.of(stack))
        .filteredOn(rule -> !rule.group().equals("{ClusterGroup}"))
        .containsExactlyInAnyOrder(
            new Ingress("{NodeGroup}", "{AlbGroup}", port, port),
            new Ingress("{AlbGroup}", "10.0.0.0/8", 443, 443));
    assertThat(maps(stack.properties("AlbGroup").get("SecurityGroupEgress")))
        .extracting(
            rule -> rule.get("DestinationSecurityGroupId"),
            rule -> rule.get("IpProtocol"),
            rule -> rule.get("FromPort"),
            rule -> rule.get("ToPort"))
        .containsExactly(tuple("{NodeGroup}", "tcp", port, port));
  }

  @Test
  void the_balancer_of_jdbc_opens_its_own_port_and_no_other() {
    Stack stack =
        stack(with(spark("StartThriftServer"), "JdbcBalancer", "tcp", "ClientCidr", "10.0.0.0/8"));
    assertThat(stack.ofType(TARGETS)).containsOnlyKeys("JdbcTargets");
    assertThat(stack.properties("JdbcTargets")).containsEntry("Port", 10000);
    assertThat(Ingress.of(stack))
        .filteredOn(rule -> !rule.group().equals("{ClusterGroup}"))
        .containsExactlyInAnyOrder(
            new Ingress("{NodeGroup}", "{NlbGroup}", 10000, 10000),
            new Ingress("{NlbGroup}", "10.0.0.0/8", 10000, 10000));
    assertThat(maps(stack.properties("NlbGroup").get("SecurityGroupEgress")))
        .extracting(
            rule -> rule.get("DestinationSecurityGroupId"),
            rule -> rule.get("IpProtocol"),
            rule -> rule.get("FromPort"),
            rule -> rule.get("ToPort"))
        .containsExactly(tuple("{NodeGroup}", "tcp", 10000, 10000));
  }

  @Test
  void the_balancer_is_open_on_443_to_the_networks_that_were_named() {
    assertThat(Ingress.of(stack(with(gateway(), "ClientCidr", "10.9.0.0/16"))))
        .filteredOn(rule -> rule.group().equals("{AlbGroup}"))
        .containsExactlyInAnyOrder(
            new Ingress("{AlbGroup}", "10.9.0.0/16", 443, 443),
            new Ingress("{AlbGroup}", "pl-0789", 443, 443));
    assertThat(refusals(with(gateway(), "ClientPrefixList", "")))
        .containsExactly("Nobody could reach the balancer: give ClientCidr or ClientPrefixList.");
  }

  @Test
  void the_world_gets_in_only_where_a_parameter_says_so() {
    assertThat(Examples.stacks())
        .allSatisfy(
            stack ->
                assertThat(Ingress.of(stack))
                    .noneMatch(rule -> rule.source().equals("0.0.0.0/0"))
                    .noneMatch(rule -> rule.source().equals("::/0")));
    assertThat(Ingress.of(stack(with(singleNode(), "ClientCidr", "0.0.0.0/0"))))
        .filteredOn(rule -> rule.source().equals("0.0.0.0/0"))
        .containsExactlyInAnyOrder(
            new Ingress("{AlbGroup}", "0.0.0.0/0", 443, 443),
            new Ingress("{NlbGroup}", "0.0.0.0/0", 10000, 10000));
  }

  @Test
  void nobody_gets_in_by_ssh() {
    assertThat(Examples.stacks())
        .allSatisfy(stack -> assertThat(Ingress.of(stack)).noneMatch(rule -> rule.opens(22)));
    assertThat(launch(stack(singleNode()))).doesNotContainKey("KeyName");
  }

  // What a machine is

  @Test
  void nodes_are_reached_through_session_manager() {
    Policies role = new Policies(stack(spark("StartMaster", "StartWorker")));
    assertThat(role.actions())
        .contains(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel");
    // The managed policy would allow ssm:GetParameter on everything.
    assertThat(stack(singleNode()).properties("Role")).doesNotContainKey("ManagedPolicyArns");
  }

  @Test
  void metadata_wants_a_session_and_is_within_reach_of_the_container() {
    assertThat(map(launch(stack(singleNode())).get("MetadataOptions")))
        .containsEntry("HttpEndpoint", "enabled")
        .containsEntry("HttpTokens", "required")
        .containsEntry("HttpPutResponseHopLimit", 2)
        .containsEntry("InstanceMetadataTags", "enabled");
  }

  @Test
  void nodes_have_no_public_address() {
    assertThat(maps(launch(stack(singleNode())).get("NetworkInterfaces")))
        .allSatisfy(one -> assertThat(one).containsEntry("AssociatePublicIpAddress", false));
  }

  @Test
  void disks_are_gp3_encrypted_and_go_with_their_machine() {
    assertThat(maps(launch(stack(singleNode())).get("BlockDeviceMappings")))
        .isNotEmpty()
        .allSatisfy(
            disk ->
                assertThat(map(disk.get("Ebs")))
                    .containsEntry("VolumeType", "gp3")
                    .containsEntry("Encrypted", true)
                    .containsEntry("DeleteOnTermination", true));
  }

  // What a node may do

  @Test
  void the_role_is_for_machines_alone() {
    assertThat(
            maps(
                at(
                    stack(singleNode()).properties("Role"),
                    "AssumeRolePolicyDocument",
                    "Statement")))
        .containsExactly(
            Map.of(
                "Effect",
                "Allow",
                "Principal",
                Map.of("Service", "ec2.amazonaws.com"),
                "Action",
                "sts:AssumeRole"));
  }

  @Test
  void a_node_lists_the_buckets_folder_and_no_other() {
    assertThat(new Policies(stack(singleNode())).statement("s3:ListBucket", "arn:aws:s3:::data"))
        .containsEntry(
            "Condition",
            Map.of("StringLike", Map.of("s3:prefix", List.of("teams/spark", "teams/spark/*"))));
  }

  @Test
  void uploads_are_listed_by_a_statement_without_a_condition() {
    assertThat(
            new Policies(stack(singleNode()))
                .statement("s3:ListBucketMultipartUploads", "arn:aws:s3:::data"))
        .containsEntry("Action", "s3:ListBucketMultipartUploads")
        .doesNotContainKey("Condition");
  }

  @Test
  void objects_are_read_and_written_below_the_prefix_alone() {
    Policies role = new Policies(stack(singleNode()));
    assertThat(role.actionsOf("s3"))
        .containsExactlyInAnyOrder(
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts");
    for (String action :
        List.of(
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts")) {
      assertThat(role.resourcesFor(action)).containsExactly("arn:aws:s3:::data/teams/spark/*");
    }
    assertThat(new Policies(stack(spark("StartMaster"))).actionsOf("s3")).isEmpty();
  }

  @Test
  void logs_are_only_written_and_only_to_their_folder() {
    Policies role = new Policies(stack(with(workers(), "LogDir", "s3://logs/spark/daemons")));
    assertThat(role.actionsOf("s3")).containsExactly("s3:PutObject");
    assertThat(role.resourcesFor("s3:PutObject"))
        .containsExactly("arn:aws:s3:::logs/spark/daemons/*");
    for (String folder : List.of("s3://logs", "s3://logs/", "s3://logs/a/", "file:///var/log")) {
      assertThat(refusals(with(workers(), "LogDir", folder)))
          .containsExactly("LogDir: as s3://bucket/folder, without a slash at its end");
    }
  }

  @Test
  void a_source_bucket_is_only_read() {
    Policies role =
        new Policies(
            stack(with(spark("StartMaster"), "SourceBucket", "lake", "SourcePrefix", "published")));
    assertThat(role.actionsOf("s3")).containsExactly("s3:GetObject", "s3:ListBucket");
    assertThat(role.resourcesFor("s3:GetObject")).containsExactly("arn:aws:s3:::lake/published/*");
    assertThat(role.statement("s3:ListBucket", "arn:aws:s3:::lake"))
        .containsEntry(
            "Condition",
            Map.of("StringLike", Map.of("s3:prefix", List.of("published", "published/*"))));
  }

  @Test
  void a_node_finds_the_members_of_its_own_stack_and_of_those_it_was_told_and_of_no_other() {
    assertThat(new Policies(stack(spark("StartMaster"))).actions())
        .contains(
            "ec2:DescribeInstances",
            "autoscaling:DescribeAutoScalingGroups",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth");
    String own = "arn:aws:cloudformation:eu-central-1:123456789012:stack/sparks/*";
    assertThat(
            new Policies(stack(spark("StartMaster")))
                .resourcesFor("cloudformation:ListStackResources"))
        .containsExactly(own);
    assertThat(
            new Policies(stack(with(workers(), "ZookeeperStackName", "zookeeper")))
                .resourcesFor("cloudformation:ListStackResources"))
        .containsExactly(
            own,
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/masters/*",
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/zookeeper/*");
  }

  @Test
  void a_node_may_change_nothing_at_aws_but_complete_the_hook_of_its_own_group() {
    Policies role = new Policies(stack(combined()));
    assertThat(role.actions())
        .filteredOn(action -> !action.matches("[a-z0-9]+:(Describe|List|Get)[A-Za-z]*"))
        .filteredOn(action -> !action.startsWith("s3:") && !action.startsWith("ssm"))
        .containsExactlyInAnyOrder(
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "logs:CreateLogStream",
            "logs:PutLogEvents");
    assertThat(role.resourcesFor("autoscaling:CompleteLifecycleAction"))
        .containsExactly(
            "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:"
                + "autoScalingGroupName/sparks-Nodes-*");
    assertThat(role.resourcesFor("logs:PutLogEvents")).containsExactly("{LogGroup.Arn}");
  }

  @Test
  void a_node_reads_the_secrets_that_were_named_and_no_other() {
    Policies role = new Policies(stack(masters()));
    assertThat(role.resourcesFor("ssm:GetParameters"))
        .containsExactly(
            "arn:aws:ssm:eu-central-1:123456789012:parameter/spark/api-token",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/spark/cluster-secret");
    assertThat(role.resourcesFor("secretsmanager:GetSecretValue"))
        .containsExactly(
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:spark/zookeeper-??????");
    assertThat(
            new Policies(
                    stack(
                        with(
                            spark("StartMaster", "StartWorker"),
                            "ApiToken",
                            "",
                            "ClusterSecret",
                            "")))
                .actions())
        .doesNotContain("ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt");
  }

  @Test
  void a_key_of_the_secrets_is_used_through_their_stores_alone() {
    String key = "arn:aws:kms:eu-central-1:123456789012:key/0123-4567";
    assertThat(
            new Policies(stack(with(masters(), "SecretsKeyArn", key)))
                .statement("kms:Decrypt", key))
        .containsEntry(
            "Condition",
            Map.of(
                "StringEquals",
                Map.of(
                    "kms:ViaService",
                    List.of(
                        "ssm.eu-central-1.amazonaws.com",
                        "secretsmanager.eu-central-1.amazonaws.com"))));
  }

  @Test
  void metrics_need_no_right_but_that_of_writing_logs() {
    assertThat(new Policies(stack(masters())).actionsOf("cloudwatch")).isEmpty();
  }

  @Test
  void images_are_pulled_from_the_repository_that_was_named_and_no_other() {
    String repository = "arn:aws:ecr:eu-central-1:123456789012:repository/spark-appliance";
    assertThat(
            new Policies(stack(with(masters(), "ImageRepositoryArn", repository)))
                .resourcesFor("ecr:BatchGetImage"))
        .containsExactly(repository);
    assertThat(new Policies(stack(masters())).actionsOf("ecr")).isEmpty();
  }

  // Secrets

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ApiToken",
        "NotebookToken",
        "ClusterSecret",
        "ZookeeperAuth",
        "MetastorePassword",
        "Oauth2ClientSecret",
        "JobsDatabasePassword",
        "WebhookSecret"
      })
  void secrets_are_given_by_their_place_and_never_as_such(String parameter) {
    assertThat(refusals(with(singleNode(), parameter, "correct-horse-battery-staple")))
        .containsExactly(
            parameter + ": as ssm:/name, secretsmanager:name or secretsmanager:name#field");
    assertThat(refusals(with(singleNode(), parameter, "ssm:/spark/secret"))).isEmpty();
    assertThat(refusals(with(singleNode(), parameter, "secretsmanager:spark/secret"))).isEmpty();
    Map<String, String> field = with(singleNode(), parameter, "secretsmanager:spark#field");
    assertThat(refusals(field)).isEmpty();
    assertThat(new Policies(stack(field)).resourcesFor("secretsmanager:GetSecretValue"))
        .containsExactly("arn:aws:secretsmanager:eu-central-1:123456789012:secret:spark-??????");
    Map<String, String> other = with(singleNode(), parameter, "ssm:/spark/other");
    assertThat(new Policies(stack(other)).resourcesFor("ssm:GetParameters"))
        .contains("arn:aws:ssm:eu-central-1:123456789012:parameter/spark/other");
  }

  @Test
  void a_cluster_has_a_secret_and_a_service_has_a_token() {
    assertThat(refusals(with(workers(), "ClusterSecret", "")))
        .singleElement()
        .asString()
        .startsWith("ClusterSecret is empty");
    assertThat(refusals(with(gateway(), "ApiToken", "")))
        .singleElement()
        .asString()
        .startsWith("ApiToken is empty");
  }

  @Test
  void people_sign_in_through_a_balancer_that_the_gateway_believes() {
    Map<String, String> signIn = with(gateway(), "Oauth2ClientId", "spark");
    assertThat(refusals(signIn))
        .singleElement()
        .asString()
        .startsWith("Oauth2ClientId needs TrustedProxies");
    assertThat(refusals(with(signIn, "TrustedProxies", "10.1.0.0/16,10.2.0.0/16"))).isEmpty();
    assertThat(refusals(with(signIn, "TrustedProxies", "everybody")))
        .contains("TrustedProxies: as 10.1.0.0/16,10.2.0.0/16");
  }

  @Test
  void gateways_that_share_jobs_share_a_folder_of_the_bucket() {
    Map<String, String> shared =
        with(
            gateway(),
            "JobsDatabase",
            "jdbc:postgresql://db.example.org/jobs",
            "JobsDatabasePassword",
            "ssm:/spark/jobs-database",
            "DataBucket",
            "data");
    assertThat(refusals(shared)).isEmpty();
    assertThat(refusals(with(shared, "DataBucket", "")))
        .singleElement()
        .asString()
        .startsWith("JobsDatabase needs DataBucket");
    assertThat(refusals(with(shared, "JobsDatabasePassword", "")))
        .singleElement()
        .asString()
        .startsWith("JobsDatabasePassword is empty");
    assertThat(refusals(with(shared, "JobsDatabase", "postgresql://spark:secret@db/jobs")))
        .contains("JobsDatabase: as jdbc:postgresql://host/database, without user and password");
  }

  // Balancers

  @Test
  void balancers_are_internal_unless_a_parameter_says_otherwise() {
    assertThat(stack(singleNode()).properties("Alb")).containsEntry("Scheme", "internal");
    Stack outside =
        stack(
            with(
                singleNode(),
                "AlbScheme",
                "internet-facing",
                "StartHistoryServer",
                "",
                "TokenInfoURL",
                "https://login.example.org/tokeninfo",
                "BalancerSubnets",
                "subnet-7,subnet-8"));
    assertThat(outside.properties("Alb"))
        .containsEntry("Scheme", "internet-facing")
        .containsEntry("Subnets", List.of("subnet-7", "subnet-8"));
    assertThat(outside.properties("Nlb")).containsEntry("Scheme", "internal");
  }

  @Test
  void an_internet_facing_balancer_is_refused_where_nobody_checks_who_calls() {
    Map<String, String> outside =
        with(gateway(), "AlbScheme", "internet-facing", "BalancerSubnets", "subnet-7,subnet-8");
    assertThat(refusals(outside))
        .singleElement()
        .asString()
        .startsWith("AlbScheme internet-facing needs TokenInfoURL or OidcIssuer");
    assertThat(refusals(with(outside, "TokenInfoURL", "https://login.example.org/tokeninfo")))
        .isEmpty();
    assertThat(refusals(with(outside, "OidcIssuer", "https://login.example.org"))).isEmpty();
    assertThat(
            refusals(
                with(
                    outside,
                    "TokenInfoURL",
                    "https://login.example.org/tokeninfo",
                    "HostedZone",
                    "example.org",
                    "StartHistoryServer",
                    "true")))
        .singleElement()
        .asString()
        .startsWith("The history server asks nobody");
  }

  @Test
  void an_internet_facing_balancer_is_refused_in_the_nodes_own_subnets() {
    Map<String, String> outside =
        with(
            gateway(),
            "AlbScheme",
            "internet-facing",
            "TokenInfoURL",
            "https://login.example.org/tokeninfo");
    assertThat(refusals(outside))
        .singleElement()
        .asString()
        .startsWith("AlbScheme internet-facing needs BalancerSubnets");
    assertThat(refusals(with(outside, "BalancerSubnets", "subnet-7")))
        .containsExactly("BalancerSubnets: as subnet-0123,subnet-4567");
    assertThat(refusals(with(outside, "BalancerSubnets", "subnet-7,subnet-8"))).isEmpty();
  }

  @Test
  void https_is_ended_by_the_balancer_with_the_certificate() {
    assertThat(stack(singleNode()).properties("Https"))
        .containsEntry("Port", 443)
        .containsEntry("Protocol", "HTTPS")
        .containsEntry("Certificates", List.of(Map.of("CertificateArn", CERTIFICATE)))
        .containsEntry("SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06");
    assertThat(stack(with(singleNode(), "SSLCertificateId", "")).ofType(LISTENER).keySet())
        .containsExactly("Jdbc");
  }

  @Test
  void gateway_notebook_history_and_connect_share_the_balancer() {
    Stack stack = stack(singleNode());
    assertThat(list(stack.properties("Https").get("DefaultActions")))
        .containsExactly(Map.of("Type", "forward", "TargetGroupArn", "{GatewayTargets}"));
    Map<String, Object> rules = new TreeMap<>();
    stack
        .ofType("AWS::ElasticLoadBalancingV2::ListenerRule")
        .values()
        .forEach(
            rule -> {
              Map<String, Object> condition = maps(rule.get("Conditions")).getFirst();
              String key =
                  condition.get("Field").equals("host-header")
                      ? "HostHeaderConfig"
                      : "PathPatternConfig";
              rules.put(
                  maps(rule.get("Actions")).getFirst().get("TargetGroupArn").toString(),
                  at(condition, key, "Values"));
            });
    assertThat(rules)
        .containsExactly(
            Map.entry("{ConnectTargets}", List.of("/spark.connect.SparkConnectService/*")),
            Map.entry("{HistoryTargets}", List.of("sparks-history.example.org")),
            Map.entry("{NotebookTargets}", List.of("sparks-notebook.example.org")));
    assertThat(stack.ofType("AWS::Route53::RecordSet").values())
        .extracting(record -> record.get("Name"))
        .containsExactlyInAnyOrder(
            "sparks.example.org.",
            "sparks-notebook.example.org.",
            "sparks-history.example.org.",
            "sparks-jdbc.example.org.");
    assertThat(refusals(with(singleNode(), "HostedZone", "")))
        .singleElement()
        .asString()
        .contains("give HostedZone");
  }

  @Test
  void a_page_that_is_alone_needs_no_name() {
    for (var page :
        Map.of("StartNotebook", "{NotebookTargets}", "StartHistoryServer", "{HistoryTargets}")
            .entrySet()) {
      Stack stack =
          stack(
              with(
                  spark(page.getKey()),
                  "SSLCertificateId",
                  CERTIFICATE,
                  "ClientCidr",
                  "10.0.0.0/8"));
      assertThat(list(stack.properties("Https").get("DefaultActions")))
          .containsExactly(Map.of("Type", "forward", "TargetGroupArn", page.getValue()));
    }
  }

  @Test
  void connect_is_balanced_as_grpc_and_is_well_when_it_says_that_it_has_no_health_service() {
    assertThat(stack(singleNode()).properties("ConnectTargets"))
        .containsEntry("Port", 15002)
        .containsEntry("Protocol", "HTTP")
        .containsEntry("ProtocolVersion", "GRPC")
        .containsEntry("HealthCheckProtocol", "HTTP")
        .containsEntry("HealthCheckPath", "/AWS.ALB/healthcheck")
        .containsEntry("Matcher", Map.of("GrpcCode", "12"));
  }

  @Test
  void the_balancer_waits_an_hour_for_a_silent_query_and_so_outlives_the_streams_of_connect() {
    assertThat(attributes(stack(singleNode()).properties("Alb").get("LoadBalancerAttributes")))
        .containsEntry("idle_timeout.timeout_seconds", "3600")
        .containsEntry("deletion_protection.enabled", "false");
  }

  @ParameterizedTest
  @CsvSource({
    "GatewayTargets, 8000, /healthz",
    "NotebookTargets, 8888, /api",
    "HistoryTargets, 18080, /api/v1/version"
  })
  void a_page_is_in_service_when_it_answers_its_own_api(String name, int port, String path) {
    assertThat(stack(singleNode()).properties(name))
        .containsEntry("Port", port)
        .containsEntry("HealthCheckPath", path)
        .containsEntry("Matcher", Map.of("HttpCode", "200"))
        .doesNotContainKey("HealthCheckPort");
  }

  @Test
  void jdbc_goes_to_the_one_node_that_has_its_port_open() {
    Stack stack = stack(with(masters(), "JdbcBalancer", "tcp", "ClientCidr", "10.0.0.0/8"));
    assertThat(stack.properties("Jdbc"))
        .containsEntry("Port", 10000)
        .containsEntry("Protocol", "TCP");
    assertThat(stack.properties("JdbcTargets"))
        .containsEntry("Port", 10000)
        .containsEntry("Protocol", "TCP")
        .containsEntry("HealthCheckProtocol", "TCP")
        .containsEntry("HealthCheckPort", "traffic-port");
    assertThat(attributes(stack.properties("Nlb").get("LoadBalancerAttributes")))
        .containsEntry("load_balancing.cross_zone.enabled", "true");
    assertThat(attributes(stack.properties("Jdbc").get("ListenerAttributes")))
        .containsEntry("tcp.idle_timeout.seconds", "3600");
    assertThat(stack(masters()).has("Nlb")).isFalse();
  }

  @Test
  void jdbc_is_encrypted_where_that_is_asked_for() {
    Stack stack = stack(with(singleNode(), "JdbcBalancer", "tls"));
    assertThat(stack.properties("Jdbc"))
        .containsEntry("Protocol", "TLS")
        .containsEntry("Certificates", List.of(Map.of("CertificateArn", CERTIFICATE)))
        .doesNotContainKey("ListenerAttributes");
    assertThat(stack.outputs().get("JdbcURI")).endsWith(":10000/;ssl=true");
    assertThat(refusals(with(singleNode(), "JdbcBalancer", "tls", "SSLCertificateId", "")))
        .containsExactly("JdbcBalancer tls needs SSLCertificateId.");
  }

  /** Each knows only the jobs that were sent to it. */
  @Test
  void a_client_that_keeps_cookies_stays_with_its_gateway() {
    Stack stack = stack(singleNode());
    assertThat(attributes(stack.properties("GatewayTargets").get("TargetGroupAttributes")))
        .containsEntry("stickiness.enabled", "true")
        .containsEntry("stickiness.type", "lb_cookie")
        .containsEntry("stickiness.lb_cookie.duration_seconds", "86400");
  }

  @Test
  void every_target_group_gets_the_nodes() {
    Stack stack = stack(singleNode());
    assertThat(list(stack.properties("Nodes").get("TargetGroupARNs")))
        .hasSize(5)
        .containsExactlyInAnyOrderElementsOf(
            stack.ofType(TARGETS).keySet().stream()
                .map(name -> (Object) ("{" + name + "}"))
                .toList());
  }

  // Nodes that come and go

  @Test
  void a_stack_is_complete_when_every_node_has_reported_that_it_is_ready() {
    assertThat(stack(masters()).resource("Nodes"))
        .containsEntry(
            "CreationPolicy", Map.of("ResourceSignal", Map.of("Count", "3", "Timeout", "PT30M")));
  }

  @Test
  void an_update_goes_from_node_to_node_when_the_new_one_is_ready() {
    assertThat(
            map(at(stack(masters()).resource("Nodes"), "UpdatePolicy", "AutoScalingRollingUpdate")))
        .containsEntry("MaxBatchSize", 1)
        .containsEntry("MinInstancesInService", 0)
        .containsEntry("WaitOnResourceSignals", true)
        .containsEntry("PauseTime", "PT25M");
  }

  /** Otherwise a node that is not ready in time would have no time left to say why. */
  @Test
  void cloudformation_waits_longer_than_a_node_waits_for_itself() {
    Map<String, Object> nodes = stack(masters()).resource("Nodes");
    Matcher deadline =
        Pattern.compile("deadline=\\$\\(\\(SECONDS \\+ (\\d+)\\)\\)")
            .matcher(launch(stack(masters())).get("UserData").toString());
    assertThat(deadline.find()).isTrue();
    // What comes before, packages and the image.
    Duration node = Duration.ofSeconds(Long.parseLong(deadline.group(1))).plusMinutes(5);
    for (String time :
        List.of(
            at(nodes, "UpdatePolicy", "AutoScalingRollingUpdate", "PauseTime").toString(),
            at(nodes, "CreationPolicy", "ResourceSignal", "Timeout").toString())) {
      // CloudFormation knows no longer one than an hour.
      assertThat(Duration.parse(time)).isBetween(node, Duration.ofHours(1));
    }
  }

  @Test
  void a_node_that_goes_has_time_to_drain() {
    List<Map<String, Object>> hooks =
        maps(stack(workers()).properties("Nodes").get("LifecycleHookSpecificationList"));
    assertThat(hooks)
        .containsExactly(
            Map.of(
                "LifecycleHookName",
                "drain",
                "LifecycleTransition",
                "autoscaling:EC2_INSTANCE_TERMINATING",
                "HeartbeatTimeout",
                300,
                "DefaultResult",
                "CONTINUE"));
    Map<String, Object> grace =
        map(Template.read("spark.yaml").section("Parameters").get("StopGracePeriod"));
    assertThat((Integer) grace.get("MaxValue"))
        .isLessThan((Integer) hooks.getFirst().get("HeartbeatTimeout"));
  }

  @Test
  void nodes_that_stand_by_are_not_ended_for_what_a_balancer_thinks_of_them() {
    assertThat(
            stack(with(masters(), "JdbcBalancer", "tcp", "ClientCidr", "10.0.0.0/8"))
                .properties("Nodes"))
        .containsEntry("HealthCheckType", "EC2");
  }

  @Test
  void workers_are_a_mixture_of_spot_and_on_demand_of_several_types() {
    Map<String, Object> mixture =
        map(stack(workers()).properties("Nodes").get("MixedInstancesPolicy"));
    assertThat(map(mixture.get("InstancesDistribution")))
        .containsEntry("OnDemandBaseCapacity", 0)
        .containsEntry("OnDemandPercentageAboveBaseCapacity", 25)
        .containsEntry("SpotAllocationStrategy", "price-capacity-optimized");
    assertThat(list(at(mixture, "LaunchTemplate", "Overrides")))
        .containsExactly(Map.of("InstanceType", "m7i.large"), Map.of("InstanceType", "m7a.large"));
    assertThat(stack(workers()).properties("Nodes")).containsEntry("CapacityRebalance", true);
    assertThat(
            map(
                at(
                    stack(masters()).properties("Nodes"),
                    "MixedInstancesPolicy",
                    "InstancesDistribution")))
        .containsEntry("OnDemandPercentageAboveBaseCapacity", 100);
  }

  @ParameterizedTest
  @CsvSource({"SpotPercent, 50, SpotPercent is for", "MaxWorkers, 5, MaxWorkers is for"})
  void only_workers_are_spot_and_only_workers_scale(String parameter, String value, String reason) {
    assertThat(refusals(with(combined(), parameter, value)))
        .singleElement()
        .asString()
        .startsWith(reason);
    assertThat(refusals(with(workers(), parameter, value))).isEmpty();
  }

  @Test
  void workers_follow_the_cores_in_use() {
    Stack stack = stack(with(workers(), "TargetUsedCores", "60"));
    assertThat(stack.properties("Nodes"))
        .containsEntry("DesiredCapacity", "2")
        .containsEntry("MinSize", "2")
        .containsEntry("MaxSize", "10");
    assertThat(stack.properties("ScalingPolicy"))
        .containsEntry("PolicyType", "TargetTrackingScaling");
    Map<String, Object> target =
        map(stack.properties("ScalingPolicy").get("TargetTrackingConfiguration"));
    assertThat(target).containsEntry("TargetValue", "60");
    assertThat(map(target.get("CustomizedMetricSpecification")))
        .containsEntry("Namespace", "SparkAppliance")
        .containsEntry("MetricName", "UsedCoresPercent")
        .containsEntry("Dimensions", List.of(Map.of("Name", "Stack", "Value", "masters")))
        .containsEntry("Statistic", "Average");
    assertThat(map(at(stack.resource("Nodes"), "UpdatePolicy", "AutoScalingScheduledAction")))
        .containsEntry("IgnoreUnmodifiedGroupSizeProperties", true);
    // No size of its own for the fewest: it could not fit to the others.
    assertThat(Template.read("spark.yaml").section("Parameters")).doesNotContainKey("MinWorkers");
    Stack fixed = stack(masters());
    assertThat(fixed.has("ScalingPolicy")).isFalse();
    assertThat(fixed.properties("Nodes"))
        .containsEntry("MinSize", "3")
        .containsEntry("MaxSize", "3");
  }

  // Modes

  @Test
  void a_stack_without_a_role_is_refused() {
    assertThat(refusals(spark())).singleElement().asString().startsWith("No role is on.");
  }

  @Test
  void several_masters_without_zookeeper_are_refused() {
    assertThat(refusals(with(masters(), "ZookeeperStackName", "")))
        .singleElement()
        .asString()
        .startsWith("Several masters need ZookeeperStackName");
  }

  @Test
  void a_value_that_would_be_a_second_line_of_the_environment_is_refused() {
    assertThat(refusals(with(masters(), "PythonLibs", "a\nAPI_AUTH=none")))
        .containsExactly("PythonLibs: [ -~]*");
  }

  @Test
  void every_parameter_that_stands_in_a_file_is_one_line() {
    Map<String, Object> declared = Template.read("spark.yaml").section("Parameters");
    Set<String> elsewhere =
        Set.of(
            "InstanceType",
            "SecondInstanceType",
            "ThirdInstanceType",
            "ImageId",
            "VpcId",
            "Subnets",
            "BalancerSubnets",
            "ExtraPolicies");
    declared.forEach(
        (name, parameter) -> {
          if (!elsewhere.contains(name) && !map(parameter).get("Type").equals("Number")) {
            assertThat(map(parameter).keySet())
                .as(name)
                .containsAnyOf("AllowedPattern", "AllowedValues");
          }
        });
  }

  @Test
  void the_outputs_say_where_everything_is() {
    assertThat(stack(singleNode()).outputs())
        .containsEntry("GatewayURI", "https://sparks.example.org/")
        .containsEntry("NotebookURI", "https://sparks-notebook.example.org/")
        .containsEntry("HistoryURI", "https://sparks-history.example.org/")
        .containsEntry("ConnectURI", "sc://sparks.example.org:443/;use_ssl=true")
        .containsEntry("JdbcURI", "jdbc:hive2://sparks-jdbc.example.org:10000/");
    assertThat(
            stack(
                    with(
                        spark("StartHistoryServer"),
                        "SSLCertificateId",
                        CERTIFICATE,
                        "ClientCidr",
                        "10.0.0.0/8",
                        "HostedZone",
                        "example.org"))
                .outputs())
        .containsEntry("HistoryURI", "https://sparks.example.org/");
    assertThat(stack(gateway()).outputs())
        .containsEntry("GatewayURI", "https://{Alb.DNSName}/")
        .doesNotContainKeys("NotebookURI", "HistoryURI", "ConnectURI", "JdbcURI");
  }

  @Test
  void nothing_stays_behind_when_a_stack_goes() {
    for (Stack stack : Examples.stacks()) {
      for (String name : stack.ofType("AWS::Logs::LogGroup").keySet()) {
        assertThat(stack.resource(name))
            .containsEntry("DeletionPolicy", "Delete")
            .containsEntry("UpdateReplacePolicy", "Delete");
        assertThat(stack.properties(name)).containsEntry("RetentionInDays", "30");
      }
    }
    for (String file : List.of("spark.yaml", "zookeeper.yaml", "network.yaml")) {
      Template.read(file)
          .section("Resources")
          .forEach(
              (name, resource) ->
                  assertThat(map(resource).getOrDefault("DeletionPolicy", "Delete"))
                      .as(file + " " + name)
                      .isEqualTo("Delete"));
    }
  }
}
