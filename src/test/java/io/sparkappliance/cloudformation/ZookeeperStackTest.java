package io.sparkappliance.cloudformation;

import static io.sparkappliance.cloudformation.Examples.zookeeper;
import static io.sparkappliance.cloudformation.Values.at;
import static io.sparkappliance.cloudformation.Values.map;
import static io.sparkappliance.cloudformation.Values.maps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkappliance.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three servers that come back as who they were. */
class ZookeeperStackTest {
  private static final String DISK = "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{Volume2}";

  @TempDir private Path root;

  private final Stack stack = Stack.of("zookeeper.yaml", zookeeper());

  private Map<String, Object> launch(int server) {
    return map(stack.properties("LaunchTemplate" + server).get("LaunchTemplateData"));
  }

  private String script(int server) {
    return launch(server).get("UserData").toString();
  }

  @Test
  void the_parameters_are_taken() {
    assertThat(stack.refusals()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void a_server_keeps_its_address_when_its_machine_is_replaced(int server) {
    assertThat(stack.properties("Interface" + server))
        .containsEntry("SubnetId", "subnet-" + server)
        .containsEntry("GroupSet", List.of("{ServerGroup}"));
    assertThat(maps(launch(server).get("NetworkInterfaces")))
        .containsExactly(
            Map.of(
                "DeviceIndex",
                0,
                "NetworkInterfaceId",
                "{Interface" + server + "}",
                "DeleteOnTermination",
                false));
    assertThat(stack.properties("Server" + server))
        .containsEntry("MinSize", 1)
        .containsEntry("MaxSize", 1)
        .containsEntry("DesiredCapacity", 1)
        .containsEntry("AvailabilityZones", List.of("eu-central-1" + " abc".charAt(server)))
        .doesNotContainKey("VPCZoneIdentifier");
    assertThat(map(stack.properties("Server" + server).get("LaunchTemplate")))
        .containsEntry("LaunchTemplateId", "{LaunchTemplate" + server + "}");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void what_a_server_acknowledged_is_on_a_disk_that_outlives_its_machine(int server) {
    assertThat(stack.properties("Volume" + server))
        .containsEntry("VolumeType", "gp3")
        .containsEntry("Encrypted", true)
        .containsEntry("AvailabilityZone", "eu-central-1" + " abc".charAt(server));
    // Replaced by mistake, as in another zone, a disk leaves what was on it; with the stack it
    // goes.
    assertThat(stack.resource("Volume" + server))
        .containsEntry("UpdateReplacePolicy", "Snapshot")
        .containsEntry("DeletionPolicy", "Delete");
    assertThat(script(server)).contains("volume='{Volume" + server + "}'");
    Policies role = new Policies(stack);
    assertThat(role.resourcesFor("ec2:AttachVolume"))
        .contains("arn:aws:ec2:eu-central-1:123456789012:volume/{Volume" + server + "}");
    assertThat(
            role.statement("ec2:AttachVolume", "arn:aws:ec2:eu-central-1:123456789012:instance/*"))
        .containsEntry(
            "Condition",
            Map.of(
                "StringEquals", Map.of("aws:ResourceTag/aws:cloudformation:stack-name", "sparks")));
  }

  @Test
  void who_gives_subnets_zones_or_a_size_is_told_what_a_change_does() {
    Map<String, Object> parameters = Template.read("zookeeper.yaml").section("Parameters");
    assertThat(at(parameters, "Subnets", "Description").toString()).contains("Never change");
    assertThat(at(parameters, "Zones", "Description").toString()).contains("Never change");
    assertThat(at(parameters, "DataVolumeSize", "Description").toString()).contains("only grow");
  }

  @Test
  void servers_differ_in_their_numbers_alone() {
    for (int server : List.of(2, 3)) {
      assertThat(numberless(launch(server), server)).isEqualTo(numberless(launch(1), 1));
    }
  }

  private static String numberless(Map<String, Object> launch, int server) {
    return launch
        .toString()
        .replaceAll("(ZOOKEEPER_SERVERS=.*)", "")
        .replaceAll("(Interface|Volume|Server|ZOOKEEPER_ID=|sparks )" + server, "$1N");
  }

  @Test
  void an_update_replaces_one_server_after_the_other_as_they_catch_up() {
    for (int server = 1; server <= 3; server++) {
      assertThat(
              map(
                  at(
                      stack.resource("Server" + server),
                      "UpdatePolicy",
                      "AutoScalingRollingUpdate")))
          .containsEntry("WaitOnResourceSignals", true)
          .containsEntry("MaxBatchSize", 1);
      // The first one would wait for a majority that is not there yet.
      assertThat(stack.resource("Server" + server)).doesNotContainKey("CreationPolicy");
    }
    assertThat(stack.resource("Server2")).containsEntry("DependsOn", "Server1");
    assertThat(stack.resource("Server3")).containsEntry("DependsOn", "Server2");
  }

  @Test
  void the_stack_is_complete_when_all_three_serve() {
    assertThat(stack.resource("Ensemble"))
        .containsEntry("Type", "AWS::CloudFormation::WaitCondition")
        .containsEntry(
            "CreationPolicy", Map.of("ResourceSignal", Map.of("Count", 3, "Timeout", "PT30M")));
  }

  @Test
  void servers_talk_to_each_other_and_clients_to_them() {
    assertThat(Ingress.of(stack))
        .containsExactlyInAnyOrder(
            new Ingress("{ServerGroup}", "{ClientGroup}", 2181, 2181),
            new Ingress("{ServerGroup}", "{ServerGroup}", 2888, 2888),
            new Ingress("{ServerGroup}", "{ServerGroup}", 3888, 3888));
  }

  @Test
  void machines_are_as_closed_as_those_of_the_cluster() {
    for (int server = 1; server <= 3; server++) {
      assertThat(map(launch(server).get("MetadataOptions")))
          .containsEntry("HttpTokens", "required")
          .containsEntry("HttpPutResponseHopLimit", 2)
          .containsEntry("InstanceMetadataTags", "enabled");
      assertThat(maps(launch(server).get("BlockDeviceMappings")))
          .allSatisfy(
              disk ->
                  assertThat(map(disk.get("Ebs")))
                      .containsEntry("VolumeType", "gp3")
                      .containsEntry("Encrypted", true));
      assertThat(launch(server)).doesNotContainKey("KeyName");
    }
    assertThat(new Policies(stack).actions())
        .containsExactlyInAnyOrder(
            "ec2:AttachVolume",
            "ec2:DescribeInstances",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel");
  }

  @Test
  void the_outputs_are_what_a_cluster_asks_for() {
    String address = "{Interface%d.PrimaryPrivateIpAddress}:2181";
    assertThat(stack.outputs())
        .containsEntry(
            "ConnectString",
            String.join(",", address.formatted(1), address.formatted(2), address.formatted(3)))
        .containsEntry("ClientSecurityGroup", "{ClientGroup}");
  }

  @Test
  void a_new_disk_is_formatted_and_the_server_reports_itself_when_it_serves()
      throws IOException, InterruptedException {
    FirstStart start =
        new FirstStart(root)
            .file(DISK)
            .answer("blkid", "case $* in *--match-tag*) echo uuid ;; *) exit 2 ;; esac\n");
    assertThat(start.run(script(2))).isZero();
    assertThat(start.calls())
        .containsSubsequence(
            "aws ec2 attach-volume --region eu-central-1 --volume-id {Volume2} --instance-id"
                + " i-0123456789abcdef0 --device /dev/sdf",
            "mkfs.xfs -q /" + DISK,
            "mount /var/lib/spark-appliance",
            "chown 185:0 /var/lib/spark-appliance",
            "docker pull --quiet registry.example.org/spark-appliance:0.1.0",
            "cfn-signal --exit-code 0 --reason ready --stack sparks --resource Ensemble"
                + " --region eu-central-1",
            "cfn-signal --exit-code 0 --reason ready --stack sparks --resource Server2"
                + " --region eu-central-1");
    assertThat(start.read("etc/fstab"))
        .isEqualTo("UUID=uuid /var/lib/spark-appliance xfs noatime,nofail 0 0\n");
    Map<String, String> environment = start.environment();
    assertThat(environment)
        .containsEntry("START_ZOOKEEPER", "true")
        .containsEntry("ZOOKEEPER_ID", "2")
        .containsEntry(
            "ZOOKEEPER_SERVERS",
            "{Interface1.PrimaryPrivateIpAddress},{Interface2.PrimaryPrivateIpAddress},"
                + "{Interface3.PrimaryPrivateIpAddress}");
    assertThat(start.permissions("etc/spark-appliance.env")).isEqualTo("rw-------");
    Map<String, String> real =
        Examples.with(environment, "ZOOKEEPER_SERVERS", "10.0.0.1,10.0.0.2,10.0.0.3");
    assertThatCode(() -> SettingsReader.read(real, path -> "unused")).doesNotThrowAnyException();
  }

  @Test
  void a_disk_with_something_on_it_is_taken_as_it_is() throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).file(DISK).answer("blkid", "echo uuid\n");
    assertThat(start.run(script(2))).isZero();
    assertThat(start.calls()).noneMatch(call -> call.startsWith("mkfs"));
  }

  @Test
  void the_disk_is_waited_for_while_the_machine_before_holds_it()
      throws IOException, InterruptedException {
    FirstStart start =
        new FirstStart(root)
            .file(DISK)
            .answer("blkid", "echo uuid\n")
            .answer("aws", "echo >>\"$ROOT/tries\"; [ \"$(wc -l <\"$ROOT/tries\")\" -ge 3 ]\n");
    assertThat(start.run(script(2))).isZero();
    assertThat(start.calls()).filteredOn(call -> call.startsWith("aws ec2")).hasSize(3);
    assertThat(Files.exists(root.resolve("etc/fstab"))).isTrue();
  }

  @Test
  void a_server_without_its_disk_does_not_begin_anew() throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).file(DISK).answer("blkid", "echo uuid\n");
    assertThat(start.run(script(2))).isZero();
    assertThat(start.read("etc/systemd/system/spark-appliance.service"))
        .contains("\nAssertPathIsMountPoint=/var/lib/spark-appliance\n");
  }

  @Test
  void a_disk_that_grew_is_used_to_its_end_from_the_next_start_on()
      throws IOException, InterruptedException {
    FirstStart start = new FirstStart(root).file(DISK).answer("blkid", "echo uuid\n");
    assertThat(start.run(script(2))).isZero();
    assertThat(start.read("etc/systemd/system/spark-appliance.service"))
        .containsSubsequence(
            "\nExecStartPre=-/usr/sbin/xfs_growfs /var/lib/spark-appliance\n", "\nExecStart=");
  }

  @Test
  void why_a_server_could_not_start_is_on_its_console_and_in_the_log_group()
      throws IOException, InterruptedException {
    FirstStart start =
        new FirstStart(root)
            .file(DISK)
            .answer("blkid", "echo uuid\n")
            .answer("docker", "[ \"$1\" != pull ]\n");
    assertThat(start.run(script(2))).isNotZero();
    String reason =
        "spark-appliance: the first start of i-0123456789abcdef0 failed, could not: pull the image";
    assertThat(start.read("dev/console")).isEqualTo(reason + "\n");
    assertThat(start.calls())
        .anyMatch(
            call ->
                call.startsWith(
                        "aws logs put-log-events --region eu-central-1 --log-group-name {LogGroup}"
                            + " --log-stream-name i-0123456789abcdef0-first-start ")
                    && call.contains(reason));
    assertThat(start.calls())
        .containsSubsequence(
            "cfn-signal --exit-code 1 --reason pull the image --stack sparks --resource Ensemble"
                + " --region eu-central-1",
            "cfn-signal --exit-code 1 --reason pull the image --stack sparks --resource Server2"
                + " --region eu-central-1");
  }
}
