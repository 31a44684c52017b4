package io.sparkappliance.cloudformation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parameters of the stacks that the documentation speaks of. */
final class Examples {
  static final String CERTIFICATE =
      "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";

  private Examples() {}

  /** A stack of spark.yaml with the roles named, and what each of them asks for. */
  static Map<String, String> spark(String... roles) {
    Map<String, String> parameters =
        new LinkedHashMap<>(
            Map.of(
                "DockerImage", "registry.example.org/spark-appliance:0.1.0",
                "VpcId", "vpc-1",
                "Subnets", "subnet-1,subnet-2,subnet-3",
                "ApiToken", "ssm:/spark/api-token",
                "ClusterSecret", "ssm:/spark/cluster-secret"));
    for (String role : roles) {
      parameters.put(role, "true");
    }
    return parameters;
  }

  /** The same with more parameters, given as name and value in turn. */
  static Map<String, String> with(Map<String, String> parameters, String... namesAndValues) {
    Map<String, String> more = new LinkedHashMap<>(parameters);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      more.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return more;
  }

  /** Everything in one, behind all balancers. */
  static Map<String, String> singleNode() {
    return with(
        spark(
            "StartMaster",
            "StartWorker",
            "StartThriftServer",
            "StartConnect",
            "StartWebApp",
            "StartNotebook",
            "StartHistoryServer"),
        "SSLCertificateId",
        CERTIFICATE,
        "HostedZone",
        "example.org",
        "ClientCidr",
        "10.0.0.0/8",
        "JdbcBalancer",
        "tcp",
        "DataBucket",
        "data",
        "DataPrefix",
        "teams/spark");
  }

  static Map<String, String> masters() {
    return with(
        spark("StartMaster", "StartThriftServer", "StartConnect", "StartWebApp"),
        "ClusterSize",
        "3",
        "ZookeeperStackName",
        "10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181",
        "ZookeeperSecurityGroup",
        "sg-0123",
        "ZookeeperAuth",
        "secretsmanager:spark/zookeeper");
  }

  static Map<String, String> workers() {
    return with(
        spark("StartWorker"),
        "ClusterSize",
        "2",
        "MasterStackName",
        "masters",
        "ClusterSecurityGroup",
        "sg-0456",
        "MaxWorkers",
        "10",
        "SpotPercent",
        "75",
        "SecondInstanceType",
        "m7a.large");
  }

  static Map<String, String> gateway() {
    return with(
        spark("StartWebApp"),
        "ClusterSize",
        "2",
        "MasterStackName",
        "masters",
        "ClusterSecurityGroup",
        "sg-0456",
        "SSLCertificateId",
        CERTIFICATE,
        "ClientPrefixList",
        "pl-0789");
  }

  /** Master and worker on each node. */
  static Map<String, String> combined() {
    return with(masters(), "StartWorker", "true");
  }

  static Map<String, String> zookeeper() {
    return Map.of(
        "DockerImage", "registry.example.org/spark-appliance:0.1.0",
        "VpcId", "vpc-1",
        "Subnets", "subnet-1,subnet-2,subnet-3",
        "Zones", "eu-central-1a,eu-central-1b,eu-central-1c");
  }

  /** Every kind of stack there is. */
  static List<Stack> stacks() {
    return List.of(
        Stack.of("spark.yaml", singleNode()),
        Stack.of("spark.yaml", masters()),
        Stack.of("spark.yaml", workers()),
        Stack.of("spark.yaml", gateway()),
        Stack.of("spark.yaml", combined()),
        Stack.of("zookeeper.yaml", zookeeper()),
        Stack.of("network.yaml", Map.of()),
        Stack.of("network.yaml", Map.of("Egress", "endpoints")));
  }
}
