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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
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

  private static final String GROUP = "AWS::AutoScaling::AutoScalingGroup";

  /** Calls of an account are counted: what tells about a stack is not looked for at each look. */
  private static final Duration VALID = Duration.ofMinutes(10);

  private final AwsApi aws;
  private final Clock clock;
  private final Map<Wanted, Known> known = new ConcurrentHashMap<>();

  /** By instance: a few bytes for each that this process has ever seen in service. */
  private final Map<String, String> addresses = new ConcurrentHashMap<>();

  /** Asks nothing yet. */
  public StackDirectory(AwsApi aws) {
    this(aws, Clock.systemUTC());
  }

  StackDirectory(AwsApi aws, Clock clock) {
    this.aws = aws;
    this.clock = clock;
  }

  /**
   * Who of a stack is in service now. What tells it is remembered for ten minutes, as long as it is
   * there and names somebody.
   *
   * @param stack its name
   * @param port where they listen: target groups on others say nothing about it
   * @return private IPv4 addresses
   * @throws AwsException {@link AwsException.Kind#MISSING} where nothing has that name
   */
  public Attendance members(String stack, int port) throws AwsException {
    Wanted wanted = new Wanted(stack, port);
    Known before = known.get(wanted);
    if (before != null && clock.instant().isBefore(before.until())) {
      Optional<Attendance> now = before.membership().now();
      if (now.filter(it -> !it.present().isEmpty()).isPresent()) {
        return now.get();
      }
    }
    known.remove(wanted);
    return lookUp(wanted);
  }

  private Attendance lookUp(Wanted wanted) throws AwsException {
    for (Membership membership : memberships(wanted)) {
      Optional<Attendance> found = membership.now();
      if (found.isPresent()) {
        known.put(wanted, new Known(membership, clock.instant().plus(VALID)));
        return found.get();
      }
    }
    throw AwsException.missing(
        "there is no load balancer, target group on port %d, auto-scaling group or tagged instance of a stack %s"
            .formatted(wanted.port(), wanted.stack()));
  }

  private record Wanted(String stack, int port) {}

  private record Known(Membership membership, Instant until) {}

  /** One thing that tells who is a member. */
  @FunctionalInterface
  private interface Membership {
    /** Empty: there is no such thing, or no longer. */
    Optional<Attendance> now() throws AwsException;
  }

  /** All that might tell, the strongest first. */
  private List<Membership> memberships(Wanted wanted) {
    Resources resources = new Resources(wanted.stack());
    return List.of(
        () -> ofClassicBalancer(wanted.stack()),
        new Remembering(() -> targetGroups(resources, wanted.port()), this::ofTargetGroups),
        new Remembering(() -> resources.of(GROUP), this::ofGroups),
        () -> ofTag(wanted.stack()));
  }

  /** Names or ARNs of things. */
  @FunctionalInterface
  private interface Names {
    List<String> get() throws AwsException;
  }

  /** Who is in these things; empty where they are gone. */
  @FunctionalInterface
  private interface InThem {
    Optional<Attendance> of(List<String> things) throws AwsException;
  }

  /** Finds its things once. */
  private static final class Remembering implements Membership {
    private final Names names;
    private final InThem inThem;
    private List<String> things;

    Remembering(Names names, InThem inThem) {
      this.names = names;
      this.inThem = inThem;
    }

    @Override
    public synchronized Optional<Attendance> now() throws AwsException {
      if (things == null) {
        things = names.get();
      }
      return things.isEmpty() ? Optional.empty() : inThem.of(things);
    }
  }

  /** The stack that an instance belongs to, if it belongs to one. */
  public Optional<String> stackOf(String instance) throws AwsException {
    return instances(filter("instance-id", List.of(instance))).stream()
        .flatMap(it -> it.all("tagSet/item").stream())
        .filter(tag -> tag.text("key").filter(STACK_TAG::equals).isPresent())
        .flatMap(tag -> tag.text("value").stream())
        .findFirst();
  }

  private Optional<Attendance> ofClassicBalancer(String stack) throws AwsException {
    if (stack.length() > LONGEST_BALANCER_NAME) {
      return Optional.empty();
    }
    Optional<Xml> health =
        unlessMissing(
            CLASSIC_LOAD_BALANCING, "DescribeInstanceHealth", Map.of("LoadBalancerName", stack));
    if (health.isEmpty()) {
      return Optional.empty();
    }
    List<Xml> registered = health.get().all("DescribeInstanceHealthResult/InstanceStates/member");
    List<String> inService =
        registered.stream()
            .filter(member -> member.text("State").filter("InService"::equals).isPresent())
            .flatMap(member -> member.text("InstanceId").stream())
            .toList();
    return Optional.of(attendance(addressesOf(inService), OptionalInt.of(registered.size())));
  }

  private List<String> targetGroups(Resources resources, int port) throws AwsException {
    List<String> groups = new ArrayList<>();
    for (String group : resources.of("AWS::ElasticLoadBalancingV2::TargetGroup")) {
      Optional<Xml> described =
          unlessMissing(
              LOAD_BALANCING, "DescribeTargetGroups", Map.of("TargetGroupArns.member.1", group));
      if (described
          .flatMap(it -> it.text("DescribeTargetGroupsResult/TargetGroups/member/Port"))
          .filter(Integer.toString(port)::equals)
          .isPresent()) {
        groups.add(group);
      }
    }
    return groups;
  }

  private Optional<Attendance> ofTargetGroups(List<String> groups) throws AwsException {
    Set<String> registered = new HashSet<>();
    Set<String> healthy = new LinkedHashSet<>();
    for (String group : groups) {
      Optional<Xml> health =
          unlessMissing(LOAD_BALANCING, "DescribeTargetHealth", Map.of("TargetGroupArn", group));
      if (health.isEmpty()) {
        return Optional.empty();
      }
      for (Xml target :
          health.get().all("DescribeTargetHealthResult/TargetHealthDescriptions/member")) {
        String state = target.text("TargetHealth/State").orElse("");
        Optional<String> id = target.text("Target/Id");
        id.filter(any -> !state.equals("draining")).ifPresent(registered::add);
        id.filter(any -> state.equals("healthy")).ifPresent(healthy::add);
      }
    }
    // A target is an instance, or an address.
    List<String> found = new ArrayList<>(healthy.stream().filter(it -> !isInstance(it)).toList());
    found.addAll(addressesOf(healthy.stream().filter(StackDirectory::isInstance).toList()));
    return Optional.of(attendance(found, OptionalInt.of(registered.size())));
  }

  private static boolean isInstance(String target) {
    return target.startsWith("i-");
  }

  private Optional<Attendance> ofGroups(List<String> names) throws AwsException {
    List<Xml> groups =
        pages(
                AUTO_SCALING,
                "DescribeAutoScalingGroups",
                numbered("AutoScalingGroupNames.member.", names),
                "DescribeAutoScalingGroupsResult/")
            .stream()
            .flatMap(
                page ->
                    page.all("DescribeAutoScalingGroupsResult/AutoScalingGroups/member").stream())
            .toList();
    if (groups.isEmpty()) {
      return Optional.empty();
    }
    int expected =
        groups.stream()
            .flatMap(group -> group.text("DesiredCapacity").stream())
            .mapToInt(Integer::parseInt)
            .sum();
    List<String> inService =
        groups.stream()
            .flatMap(group -> group.all("Instances/member").stream())
            .filter(member -> member.text("LifecycleState").filter("InService"::equals).isPresent())
            .filter(member -> member.text("HealthStatus").filter("Healthy"::equals).isPresent())
            .flatMap(member -> member.text("InstanceId").stream())
            .toList();
    return Optional.of(attendance(addressesOf(inService), OptionalInt.of(expected)));
  }

  private Optional<Attendance> ofTag(String stack) throws AwsException {
    for (String tag : List.of(STACK_TAG, "Name")) {
      Collection<String> found = runningAddresses(instances(filter("tag:" + tag, List.of(stack))));
      if (!found.isEmpty()) {
        return Optional.of(attendance(found, OptionalInt.empty()));
      }
    }
    return Optional.empty();
  }

  private static Attendance attendance(Collection<String> addresses, OptionalInt expected) {
    return new Attendance(List.copyOf(new TreeSet<>(addresses)), expected);
  }

  /** What a stack is made of, asked for once. */
  private final class Resources {
    private final String stack;
    private List<Xml> all;

    Resources(String stack) {
      this.stack = stack;
    }

    /** Names or ARNs of those of a type; none where there is no such stack. */
    List<String> of(String type) throws AwsException {
      if (all == null) {
        all = list();
      }
      return all.stream()
          .filter(resource -> resource.text("ResourceType").filter(type::equals).isPresent())
          // It has none yet while it is made.
          .flatMap(resource -> resource.text("PhysicalResourceId").stream())
          .toList();
    }

    private List<Xml> list() throws AwsException {
      try {
        return pages(
                CLOUD_FORMATION,
                "ListStackResources",
                Map.of("StackName", stack),
                "ListStackResourcesResult/")
            .stream()
            .flatMap(
                page -> page.all("ListStackResourcesResult/StackResourceSummaries/member").stream())
            .toList();
      } catch (AwsException failure) {
        if (failure.kind() == AwsException.Kind.MISSING) {
          return List.of();
        }
        throw failure;
      }
    }
  }

  /** An instance keeps its private address, so each is asked for once. */
  private Collection<String> addressesOf(Collection<String> instances) throws AwsException {
    List<String> unknown =
        instances.stream().filter(instance -> !addresses.containsKey(instance)).toList();
    for (int from = 0; from < unknown.size(); from += FILTER_VALUES) {
      List<String> some = unknown.subList(from, Math.min(unknown.size(), from + FILTER_VALUES));
      // A filter, for an id that is unknown by now is no error there.
      for (Xml instance : running(instances(filter("instance-id", some)))) {
        Optional<String> id = instance.text("instanceId");
        Optional<String> address = instance.text("privateIpAddress");
        if (id.isPresent() && address.isPresent()) {
          addresses.put(id.get(), address.get());
        }
      }
    }
    return instances.stream().map(addresses::get).filter(Objects::nonNull).toList();
  }

  private static List<Xml> running(List<Xml> instances) {
    return instances.stream()
        .filter(it -> it.text("instanceState/name").filter("running"::equals).isPresent())
        .toList();
  }

  private static List<String> runningAddresses(List<Xml> instances) {
    return running(instances).stream().flatMap(it -> it.text("privateIpAddress").stream()).toList();
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
