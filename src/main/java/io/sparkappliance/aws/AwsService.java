package io.sparkappliance.aws;

import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

/** The services that are asked by {@link AwsApi}. */
public enum AwsService {
  /** Instances, their addresses and tags. */
  EC2("ec2", "ec2", "EC2", "2016-11-15"),
  /** Classic load balancers. */
  CLASSIC_LOAD_BALANCING(
      "elasticloadbalancing", "elasticloadbalancing", "ELASTIC_LOAD_BALANCING", "2012-06-01"),
  /** Target groups of application and network load balancers. */
  LOAD_BALANCING(
      "elasticloadbalancing", "elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2", "2015-12-01"),
  /** Groups of instances. */
  AUTO_SCALING("autoscaling", "autoscaling", "AUTO_SCALING", "2011-01-01"),
  /** Stacks. */
  CLOUD_FORMATION("cloudformation", "cloudformation", "CLOUDFORMATION", "2010-05-15"),
  /** Parameters. */
  SYSTEMS_MANAGER("ssm", "ssm", "SSM", "AmazonSSM"),
  /** Secrets. */
  SECRETS_MANAGER("secretsmanager", "secretsmanager", "SECRETS_MANAGER", "secretsmanager");

  private final String host;
  private final String prefix;
  private final String variable;
  private final String version;

  /**
   * Facts of AWS.
   *
   * @param host first part of its hosts' names
   * @param prefix of its actions in policies; also what requests are signed for
   * @param variable end of the variable that names another endpoint
   * @param version of its query protocol, or the first part of a JSON call's target
   */
  AwsService(String host, String prefix, String variable, String version) {
    this.host = host;
    this.prefix = prefix;
    this.variable = variable;
    this.version = version;
  }

  String version() {
    return version;
  }

  String signingName() {
    return prefix;
  }

  /** As a policy names it, such as {@code ec2:DescribeInstances}. */
  String permission(String action) {
    return prefix + ":" + action;
  }

  /**
   * The variable that names another endpoint for this service alone, as AWS's SDKs take it.
   *
   * @see <a
   *     href="https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html">Service-specific
   *     endpoints</a>
   */
  String endpointVariable() {
    return "AWS_ENDPOINT_URL_" + variable;
  }

  String endpoint(Region region) {
    // The suffix by the region's form: of one that is newer than the SDK that is all it knows.
    return "https://" + host + "." + region.id() + "." + PartitionMetadata.of(region).dnsSuffix();
  }
}
