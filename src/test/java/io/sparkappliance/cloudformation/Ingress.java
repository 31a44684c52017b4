package io.sparkappliance.cloudformation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A rule of a security group that lets somebody in.
 *
 * @param group whom it opens
 * @param source a security group, a network or a prefix list
 * @param from the first port
 * @param to the last port
 */
record Ingress(String group, String source, int from, int to) {
  /** All of a stack, those that are resources of their own and those within groups. */
  static List<Ingress> of(Stack stack) {
    List<Ingress> rules = new ArrayList<>();
    stack
        .ofType("AWS::EC2::SecurityGroupIngress")
        .values()
        .forEach(rule -> rules.add(read(rule.get("GroupId").toString(), rule)));
    stack
        .ofType("AWS::EC2::SecurityGroup")
        .forEach(
            (name, group) ->
                Values.maps(group.getOrDefault("SecurityGroupIngress", List.of()))
                    .forEach(rule -> rules.add(read("{" + name + "}", rule))));
    return rules;
  }

  private static Ingress read(String group, Map<String, Object> rule) {
    if (!rule.get("IpProtocol").equals("tcp")) {
      throw new AssertionError("more than TCP: " + rule);
    }
    return new Ingress(
        group, sourceOf(rule), (Integer) rule.get("FromPort"), (Integer) rule.get("ToPort"));
  }

  private static String sourceOf(Map<String, Object> rule) {
    for (String key :
        List.of("SourceSecurityGroupId", "CidrIp", "CidrIpv6", "SourcePrefixListId")) {
      if (rule.containsKey(key)) {
        return rule.get(key).toString();
      }
    }
    throw new AssertionError("a rule for nobody: " + rule);
  }

  boolean opens(int port) {
    return from <= port && port <= to;
  }

  String ports() {
    return from == to ? Integer.toString(from) : from + "-" + to;
  }
}
