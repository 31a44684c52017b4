package io.sparkappliance.cluster;

import static io.sparkappliance.aws.AwsService.AUTO_SCALING;
import static io.sparkappliance.aws.AwsService.CLASSIC_LOAD_BALANCING;
import static io.sparkappliance.aws.AwsService.CLOUD_FORMATION;
import static io.sparkappliance.aws.AwsService.EC2;
import static io.sparkappliance.aws.AwsService.LOAD_BALANCING;

import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.AwsException;
import io.sparkappliance.aws.AwsService;
import io.sparkappliance.aws.Xml;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Who is in a stack on AWS. What says so is, in this order, a classic load balancer of the stack's
 * name, the stack's target groups on the port that is looked for, its auto-scaling group, and the
 * instances with its tag: the first that exists decides, and only members it calls healthy count.
 */
public final class StackDirectory {
  /** CloudFormation puts it on everything in a stack. */
  public static final String STACK_TAG = "aws:cloudformation:stack-name";

  /** A filter of EC2's takes no more values. */
  private static final int FILTER_VALUES = 200;

  private static final int LONGEST_BALANCER_NAME = 32;

  private final AwsApi aws;

  /** Asks nothing yet. */
  public StackDirectory(AwsApi aws) {
    this.aws = aws;
  }

  /**
   * Who of a stack is in service now.
   *
   * @param stack its name
   * @param port where they listen: target groups on others say nothing about it
   * @return private IPv4 addresses, sorted; empty while nobody is
   * @throws AwsException {@link AwsException.Kind#MISSING} where nothing has that name
   */
  public List<String> addresses(String stack, int port) throws AwsException {
    List<Membership> kinds =
        List.of(this::ofClassicBalancer, this::ofTargetGroups, this::ofGroup, this::ofTag);
    for (Membership kind : kinds) {
      Optional<Collection<String>> found = kind.members(stack, port);
      if (found.isPresent()) {
        return new TreeSet<>(found.get()).stream().toList();
      }
    }
    throw AwsException.missing(
        "there is no load balancer, target group on port %d, auto-scaling group or tagged instance of a stack %s"
            .formatted(port, stack));
  }

  /** The stack that an instance belongs to, if it belongs to one. */
  public Optional<String> stackOf(String instance) throws AwsException {
    return instances(filter("instance-id", List.of(instance))).stream()
        .flatMap(it -> it.all("tagSet/item").stream())
        .filter(tag -> tag.text("key").filter(STACK_TAG::equals).isPresent())
        .flatMap(tag -> tag.text("value").stream())
        .findFirst();
  }

  /** Private addresses of the members; empty: there is nothing of this kind. */
  @FunctionalInterface
  private interface Membership {
    Optional<Collection<String>> members(String stack, int port) throws AwsException;
  }

  private Optional<Collection<String>> ofClassicBalancer(String stack, int port)
      throws AwsException {
    if (stack.length() > LONGEST_BALANCER_NAME) {
      return Optional.empty();
    }
    Optional<Xml> health =
        unlessMissing(
            CLASSIC_LOAD_BALANCING, "DescribeInstanceHealth", Map.of("LoadBalancerName", stack));
    if (health.isEmpty()) {
      return Optional.empty();
    }
    List<String> inService =
        health.get().all("DescribeInstanceHealthResult/InstanceStates/member").stream()
            .filter(member -> member.text("State").filter("InService"::equals).isPresent())
            .flatMap(member -> member.text("InstanceId").stream())
            .toList();
    return Optional.of(addressesOf(inService));
  }

  private Optional<Collection<String>> ofTargetGroups(String stack, int port) throws AwsException {
    List<String> groups = new ArrayList<>();
    for (String group : resources(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")) {
      Xml described =
          aws.query(
              LOAD_BALANCING, "DescribeTargetGroups", Map.of("TargetGroupArns.member.1", group));
      if (described
          .text("DescribeTargetGroupsResult/TargetGroups/member/Port")
          .filter(Integer.toString(port)::equals)
          .isPresent()) {
        groups.add(group);
      }
    }
    if (groups.isEmpty()) {
      return Optional.empty();
    }
    List<String> healthy = new ArrayList<>();
    for (String group : groups) {
      aws
          .query(LOAD_BALANCING, "DescribeTargetHealth", Map.of("TargetGroupArn", group))
          .all("DescribeTargetHealthResult/TargetHealthDescriptions/member")
          .stream()
          .filter(target -> target.text("TargetHealth/State").filter("healthy"::equals).isPresent())
          .flatMap(target -> target.text("Target/Id").stream())
          .forEach(healthy::add);
    }
    // A target is an instance, or an address.
    List<String> addresses =
        new ArrayList<>(healthy.stream().filter(it -> !isInstance(it)).toList());
    addresses.addAll(addressesOf(healthy.stream().filter(StackDirectory::isInstance).toList()));
    return Optional.of(addresses);
  }

  private static boolean isInstance(String target) {
    return target.startsWith("i-");
  }

  private Optional<Collection<String>> ofGroup(String stack, int port) throws AwsException {
    List<String> groups = resources(stack, "AWS::AutoScaling::AutoScalingGroup");
    if (groups.isEmpty()) {
      return Optional.empty();
    }
    List<String> inService =
        pages(
                AUTO_SCALING,
                "DescribeAutoScalingGroups",
                numbered("AutoScalingGroupNames.member.", groups),
                "DescribeAutoScalingGroupsResult/")
            .stream()
            .flatMap(
                page ->
                    page
                        .all(
                            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/Instances/member")
                        .stream())
            .filter(member -> member.text("LifecycleState").filter("InService"::equals).isPresent())
            .filter(member -> member.text("HealthStatus").filter("Healthy"::equals).isPresent())
            .flatMap(member -> member.text("InstanceId").stream())
            .toList();
    return Optional.of(addressesOf(inService));
  }

  private Optional<Collection<String>> ofTag(String stack, int port) throws AwsException {
    for (String tag : List.of(STACK_TAG, "Name")) {
      Collection<String> found = runningAddresses(instances(filter("tag:" + tag, List.of(stack))));
      if (!found.isEmpty()) {
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  /** Names or ARNs of a stack's resources of a type; none where there is no such stack. */
  private List<String> resources(String stack, String type) throws AwsException {
    try {
      return pages(
              CLOUD_FORMATION,
              "ListStackResources",
              Map.of("StackName", stack),
              "ListStackResourcesResult/")
          .stream()
          .flatMap(
              page -> page.all("ListStackResourcesResult/StackResourceSummaries/member").stream())
          .filter(resource -> resource.text("ResourceType").filter(type::equals).isPresent())
          // It has none yet while it is made.
          .flatMap(resource -> resource.text("PhysicalResourceId").stream())
          .toList();
    } catch (AwsException failure) {
      if (failure.kind() == AwsException.Kind.MISSING) {
        return List.of();
      }
      throw failure;
    }
  }

  private Collection<String> addressesOf(List<String> instances) throws AwsException {
    List<String> addresses = new ArrayList<>();
    for (int from = 0; from < instances.size(); from += FILTER_VALUES) {
      List<String> some = instances.subList(from, Math.min(instances.size(), from + FILTER_VALUES));
      // A filter, for an id that is unknown by now is no error there.
      addresses.addAll(runningAddresses(instances(filter("instance-id", some))));
    }
    return addresses;
  }

  private static List<String> runningAddresses(List<Xml> instances) {
    return instances.stream()
        .filter(it -> it.text("instanceState/name").filter("running"::equals).isPresent())
        .flatMap(it -> it.text("privateIpAddress").stream())
        .toList();
  }

  private List<Xml> instances(Map<String, String> filter) throws AwsException {
    return pages(EC2, "DescribeInstances", filter, "").stream()
        .flatMap(page -> page.all("reservationSet/item/instancesSet/item").stream())
        .toList();
  }

  private static Map<String, String> filter(String name, List<String> values) {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("Filter.1.Name", name);
    parameters.putAll(numbered("Filter.1.Value.", values));
    return parameters;
  }

  private static Map<String, String> numbered(String prefix, List<String> values) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      parameters.put(prefix + (i + 1), values.get(i));
    }
    return parameters;
  }

  private Optional<Xml> unlessMissing(
      AwsService service, String action, Map<String, String> parameters) throws AwsException {
    try {
      return Optional.of(aws.query(service, action, parameters));
    } catch (AwsException failure) {
      if (failure.kind() == AwsException.Kind.MISSING) {
        return Optional.empty();
      }
      throw failure;
    }
  }

  /** All pages of an answer. */
  private List<Xml> pages(
      AwsService service, String action, Map<String, String> parameters, String result)
      throws AwsException {
    List<Xml> pages = new ArrayList<>();
    Map<String, String> next = new LinkedHashMap<>(parameters);
    while (true) {
      Xml page = aws.query(service, action, next);
      pages.add(page);
      Optional<String> token =
          Stream.of("NextToken", "nextToken")
              .flatMap(name -> page.text(result + name).stream())
              .findFirst();
      if (token.isEmpty()) {
        return pages;
      }
      next.put("NextToken", token.get());
    }
  }
}
