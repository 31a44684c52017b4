package io.sparkappliance.senza;

import static io.sparkappliance.senza.StackTemplate.elements;
import static io.sparkappliance.senza.StackTemplate.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.senza.SenzaCloud.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rights in {@code senza/policies}: enough for what is called, and no more than AWS knows. */
@Tag("long")
class SenzaPoliciesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Rights that are not calls of an API. */
  private static final Set<String> NO_CALLS = Set.of("iam:PassRole");

  /** An inline policy of a role may be this long, white space aside. */
  private static final int LONGEST = 10_240;

  /** What CloudFormation calls, with the deployer's rights, to make and remove a resource. */
  private static final Map<String, List<String>> NEEDS =
      Map.ofEntries(
          Map.entry(
              "AWS::EC2::LaunchTemplate",
              List.of(
                  "ec2:CreateLaunchTemplate",
                  "ec2:CreateLaunchTemplateVersion",
                  "ec2:DeleteLaunchTemplate",
                  "ec2:DescribeLaunchTemplates",
                  "ec2:DescribeLaunchTemplateVersions",
                  "ec2:CreateTags",
                  "ec2:DeleteTags")),
          Map.entry(
              "AWS::AutoScaling::AutoScalingGroup",
              List.of(
                  "autoscaling:CreateAutoScalingGroup",
                  "autoscaling:UpdateAutoScalingGroup",
                  "autoscaling:DeleteAutoScalingGroup",
                  "autoscaling:DescribeAutoScalingGroups",
                  "autoscaling:DescribeScalingActivities",
                  "autoscaling:PutLifecycleHook",
                  "autoscaling:DeleteLifecycleHook",
                  "autoscaling:DescribeLifecycleHooks",
                  "autoscaling:AttachLoadBalancerTargetGroups",
                  "autoscaling:DetachLoadBalancerTargetGroups",
                  "autoscaling:SuspendProcesses",
                  "autoscaling:ResumeProcesses",
                  "autoscaling:TerminateInstanceInAutoScalingGroup",
                  "autoscaling:CreateOrUpdateTags",
                  "autoscaling:DeleteTags",
                  "ec2:RunInstances",
                  "iam:PassRole",
                  "iam:CreateServiceLinkedRole")),
          Map.entry(
              "AWS::EC2::SecurityGroup",
              List.of(
                  "ec2:CreateSecurityGroup",
                  "ec2:DeleteSecurityGroup",
                  "ec2:DescribeSecurityGroups",
                  "ec2:AuthorizeSecurityGroupEgress",
                  "ec2:RevokeSecurityGroupEgress")),
          Map.entry(
              "AWS::EC2::SecurityGroupIngress",
              List.of(
                  "ec2:AuthorizeSecurityGroupIngress",
                  "ec2:RevokeSecurityGroupIngress",
                  "ec2:DescribeSecurityGroupRules")),
          Map.entry(
              "AWS::ElasticLoadBalancingV2::LoadBalancer",
              List.of(
                  "elasticloadbalancing:CreateLoadBalancer",
                  "elasticloadbalancing:DeleteLoadBalancer",
                  "elasticloadbalancing:DescribeLoadBalancers",
                  "elasticloadbalancing:DescribeLoadBalancerAttributes",
                  "elasticloadbalancing:ModifyLoadBalancerAttributes",
                  "elasticloadbalancing:SetSecurityGroups",
                  "elasticloadbalancing:SetSubnets",
                  "elasticloadbalancing:AddTags",
                  // In Elastic Load Balancing's list of what CreateLoadBalancer asks for; the last
                  // is not, and is refused by its name where it is missing.
                  "ec2:DescribeAddresses",
                  "ec2:DescribeInternetGateways",
                  "ec2:DescribeSubnets",
                  "ec2:DescribeVpcs",
                  "ec2:GetSecurityGroupsForVpc")),
          Map.entry(
              "AWS::ElasticLoadBalancingV2::TargetGroup",
              List.of(
                  "elasticloadbalancing:CreateTargetGroup",
                  "elasticloadbalancing:DeleteTargetGroup",
                  "elasticloadbalancing:DescribeTargetGroups",
                  "elasticloadbalancing:DescribeTargetGroupAttributes",
                  "elasticloadbalancing:ModifyTargetGroup",
                  "elasticloadbalancing:ModifyTargetGroupAttributes")),
          Map.entry(
              "AWS::ElasticLoadBalancingV2::Listener",
              List.of(
                  "elasticloadbalancing:CreateListener",
                  "elasticloadbalancing:DeleteListener",
                  "elasticloadbalancing:DescribeListeners",
                  "elasticloadbalancing:ModifyListener")),
          Map.entry(
              "AWS::IAM::Role",
              List.of(
                  "iam:CreateRole",
                  "iam:DeleteRole",
                  "iam:GetRole",
                  "iam:ListAttachedRolePolicies",
                  "iam:ListRolePolicies",
                  "iam:TagRole")),
          Map.entry(
              "AWS::IAM::Policy",
              List.of("iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:GetRolePolicy")),
          Map.entry(
              "AWS::IAM::InstanceProfile",
              List.of(
                  "iam:CreateInstanceProfile",
                  "iam:DeleteInstanceProfile",
                  "iam:GetInstanceProfile",
                  "iam:AddRoleToInstanceProfile",
                  "iam:RemoveRoleFromInstanceProfile")),
          Map.entry(
              "AWS::Route53::RecordSet",
              List.of(
                  "route53:ChangeResourceRecordSets",
                  "route53:GetChange",
                  "route53:ListHostedZones",
                  "route53:ListResourceRecordSets")));

  /**
   * What the resource types' schemas ask for besides, each for something that the definition
   * doesn't do.
   */
  private static final Pattern OF_OTHER_FEATURES =
      Pattern.compile(
          "elasticloadbalancing:(RegisterTargets|DeregisterTargets|.*CapacityReservation"
              + "|SetIpAddressType|ModifyIpPools)"
              + "|ec2:(DescribeIpamPools|UpdateSecurityGroupRuleDescriptions(In|E)gress)"
              + "|autoscaling:((En|Dis)ableMetricsCollection|.*NotificationConfiguration"
              + "|(At|De)tach(LoadBalancers|TrafficSources)|(Start|Cancel)InstanceRefresh)"
              + "|iam:((At|De)tachRolePolicy|UpdateRole(Description)?|(Delete|Put)RolePermissionsBoundary"
              + "|(Get|Put|Delete)(User|Group)Policy)"
              + "|(cloudwatch|cognito-idp|managed-fleets|ssm|vpc-lattice):.*"
              // Of whole families; those that are needed are named.
              + "|(autoscaling|ec2|elasticloadbalancing):(Describe|Get)\\*");

  @TempDir static Path directory;

  private static SenzaCloud cloud;

  @BeforeAll
  static void deployUpdateAndDelete() throws IOException {
    cloud = SenzaCloud.start(directory);
    String arguments =
        "p1 DockerImage=registry.example.org/team/spark:0.1.0 StartMaster=true StartWebApp=true"
            + " HostedZone=team.example.org. SSLCertificateId=$CERTIFICATE";
    cloud.shell("./deploy --no-answers " + arguments);
    cloud.shell("./deploy --dry-run " + arguments + " ClusterSize=2");
    cloud.shell("./deploy --no-answers " + arguments + " ClusterSize=2");
    Ended late =
        cloud.run(
            cloud.environment(),
            List.of("bash", "-c", "./deploy --timeout 0.2 " + arguments + " ClusterSize=3"));
    assertThat(late.code()).as("it asks for nodes: " + late.all()).isEqualTo(75);
    cloud.shell("senza events spark p1 && senza list spark && senza delete spark p1");
  }

  @AfterAll
  static void stop() {
    if (cloud != null) {
      cloud.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"deployer", "deployer-trust", "robot"})
  void noActionIsAWildcard(String name) throws IOException {
    assertThat(policy(name).path("Version").asText()).isEqualTo("2012-10-17");
    assertThat(actions(name))
        .isNotEmpty()
        .allMatch(action -> action.matches("[a-z0-9]+:[A-Za-z0-9]+"));
  }

  @Test
  void theDeployersRightsFitIntoARole() throws IOException {
    assertThat(policy("deployer").toString().length()).isLessThan(LONGEST);
  }

  /** boto3's models of AWS's services, which are made from their documentation. */
  @ParameterizedTest
  @ValueSource(strings = {"deployer", "deployer-trust", "robot"})
  void everyActionIsOneOfAws(String name) throws IOException {
    String known =
        cloud
            .shell(
                "python -c 'import boto3\n"
                    + "for name, service in ((\"elasticloadbalancing\", \"elbv2\"), *((x, x) for x in (\"cloudformation\","
                    + " \"ec2\", \"autoscaling\", \"iam\", \"route53\", \"sts\"))):\n"
                    + "    for operation in boto3.client(service).meta.service_model.operation_names:\n"
                    + "        print(name + \":\" + operation)'")
            .out();
    assertThat(actions(name).stream().filter(action -> !NO_CALLS.contains(action)))
        .isSubsetOf(known.lines().toList());
  }

  @Test
  void whatSenzaAndDeployCallIsAllowed() throws IOException {
    assertThat(cloud.calls())
        .contains(
            "cloudformation:CreateStack",
            "cloudformation:UpdateStack",
            "cloudformation:DeleteStack");
    Set<String> calls =
        cloud.calls().stream()
            .map(SenzaPoliciesTest::asAction)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(actions("deployer")).containsAll(calls);
  }

  /** Calls of Route 53 have no names on the wire. */
  private static String asAction(String call) {
    return switch (call.replaceFirst("/hostedzone/[A-Z0-9]+", "/hostedzone/ID")) {
      case "route53:GET /2013-04-01/hostedzone" -> "route53:ListHostedZones";
      case "route53:GET /2013-04-01/hostedzone/ID/rrset" -> "route53:ListResourceRecordSets";
      default -> call;
    };
  }

  @Test
  void whatCloudFormationCallsForTheDefinitionIsAllowed() throws IOException {
    JsonNode template =
        JSON.readTree(
            cloud
                .shell(
                    "senza print spark.yaml p2 DockerImage=image:1 2>/dev/null | sed -n '/^{/,$p'")
                .out());
    Set<String> types =
        elements(template.path("Resources"))
            .map(resource -> resource.path("Type").asText())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(NEEDS).containsOnlyKeys(types);
    assertThat(actions("deployer"))
        .containsAll(NEEDS.values().stream().flatMap(List::stream).toList());
  }

  /** As the types' schemas, which cfn-lint brings along, tell it to CloudFormation itself. */
  @Test
  void whatTheSchemasOfItsResourceTypesAskForIsAllowed() throws IOException {
    JsonNode asked =
        JSON.readTree(
            cloud
                .shell(
                    """
                    python - <<'END'
                    import glob, json, os, cfnlint
                    found = {}
                    folder = os.path.join(os.path.dirname(cfnlint.__file__), "data", "schemas", "resources")
                    for file in glob.glob(os.path.join(folder, "*.json")):
                        schema = json.load(open(file))
                        handlers = schema.get("handlers", {})
                        found[schema["typeName"]] = sorted(
                            {p for name, one in handlers.items() if name != "list" for p in one.get("permissions", [])}
                        )
                    print(json.dumps(found))
                    END
                    """)
                .out());
    List<String> allowed = actions("deployer");
    for (String type : NEEDS.keySet()) {
      assertThat(texts(asked.path(type)).stream())
          .as(type)
          .isNotEmpty()
          .filteredOn(action -> !OF_OTHER_FEATURES.matcher(action).matches())
          .isSubsetOf(allowed);
    }
  }

  /** {@code *} as a resource is for calls that only look; AWS knows no narrower one for most. */
  @Test
  void whatChangesSomethingNamesItsResource() throws IOException {
    assertThat(
            elements(policy("deployer").path("Statement"))
                .filter(statement -> statement.path("Resource").asText().equals("*"))
                .flatMap(statement -> many(statement.path("Action"))))
        .isNotEmpty()
        .allMatch(action -> action.matches("[a-z0-9]+:(Describe|List|Get)[A-Za-z0-9]+"));
  }

  @Test
  void onlyRolesOfTheDefinitionArePassedAndOnlyToInstances() throws IOException {
    List<JsonNode> passing =
        elements(policy("deployer").path("Statement"))
            .filter(statement -> many(statement.path("Action")).anyMatch("iam:PassRole"::equals))
            .toList();
    assertThat(passing).hasSize(1);
    assertThat(passing.getFirst().path("Resource").asText())
        .isEqualTo("arn:aws:iam::123456789012:role/spark-*");
    assertThat(passing.getFirst().at("/Condition/StringEquals/iam:PassedToService").asText())
        .isEqualTo("ec2.amazonaws.com");
  }

  @Test
  void theRobotMayAssumeTheDeployersRoleAndNothingElse() throws IOException {
    assertThat(actions("robot")).containsExactly("sts:AssumeRole");
    assertThat(policy("robot").at("/Statement/0/Resource").asText())
        .isEqualTo("arn:aws:iam::123456789012:role/deploy-spark");
  }

  private static JsonNode policy(String name) throws IOException {
    return JSON.readTree(Files.readString(SenzaCloud.FOLDER.resolve("policies/" + name + ".json")));
  }

  private static List<String> actions(String name) throws IOException {
    return elements(policy(name).path("Statement"))
        .flatMap(statement -> many(statement.path("Action")))
        .toList();
  }

  private static Stream<String> many(JsonNode oneOrMore) {
    return oneOrMore.isArray() ? texts(oneOrMore).stream() : Stream.of(oneOrMore.asText());
  }
}
