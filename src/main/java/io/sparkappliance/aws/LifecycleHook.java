package io.sparkappliance.aws;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The hook by which an auto-scaling group waits for an instance that it ends.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html">Lifecycle
 *     hooks</a>
 */
public final class LifecycleHook {
  private static final String GROUP_TAG = "meta-data/tags/instance/aws:autoscaling:groupName";

  private final AwsApi aws;
  private final Instance instance;
  private final String name;
  private volatile String group = "";

  /**
   * Asks nothing yet.
   *
   * @param instance the one that ends
   * @param name of the hook
   */
  public LifecycleHook(AwsApi aws, Instance instance, String name) {
    this.aws = aws;
    this.instance = instance;
    this.name = name;
  }

  /**
   * Lets the group wait as long again as it does by itself.
   *
   * @return false when the group doesn't wait, not yet or no longer
   * @throws AwsException when AWS doesn't take it
   */
  public boolean heartbeat() throws AwsException {
    return call("RecordLifecycleActionHeartbeat", Map.of());
  }

  /**
   * Lets the group go on with the end of the instance.
   *
   * @return false when the group doesn't wait, not yet or no longer
   * @throws AwsException when AWS doesn't take it
   */
  public boolean complete() throws AwsException {
    return call("CompleteLifecycleAction", Map.of("LifecycleActionResult", "CONTINUE"));
  }

  private boolean call(String action, Map<String, String> more) throws AwsException {
    Map<String, String> parameters = new LinkedHashMap<>(more);
    parameters.put("AutoScalingGroupName", group());
    parameters.put("LifecycleHookName", name);
    parameters.put("InstanceId", instance.identity().instanceId());
    try {
      aws.query(AwsService.AUTO_SCALING, action, parameters);
      return true;
    } catch (AwsException refused) {
      // The only thing that tells: the code is the one of any wrong parameter.
      if (String.valueOf(refused.getMessage()).contains("No active Lifecycle Action")) {
        return false;
      }
      throw refused;
    }
  }

  /** By the instance's tags, where its metadata have them, else by the group's own service. */
  private String group() throws AwsException {
    if (group.isEmpty()) {
      Optional<String> tagged = tag();
      group = tagged.isPresent() ? tagged.get() : described();
    }
    return group;
  }

  private Optional<String> tag() {
    try {
      return instance.metadata().get(GROUP_TAG).filter(text -> !text.isBlank());
    } catch (IOException away) {
      return Optional.empty();
    }
  }

  private String described() throws AwsException {
    String id = instance.identity().instanceId();
    return aws.query(
            AwsService.AUTO_SCALING,
            "DescribeAutoScalingInstances",
            Map.of("InstanceIds.member.1", id))
        .text("DescribeAutoScalingInstancesResult/AutoScalingInstances/member/AutoScalingGroupName")
        .orElseThrow(() -> AwsException.missing(id + " is in no auto-scaling group"));
  }

  /** With the group, if that is known by now. */
  @Override
  public String toString() {
    return group.isEmpty() ? name : name + " of the group " + group;
  }
}
