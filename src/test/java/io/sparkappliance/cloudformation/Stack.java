package io.sparkappliance.cloudformation;

import static io.sparkappliance.cloudformation.Values.list;
import static io.sparkappliance.cloudformation.Values.map;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template with values for its parameters, with all its functions worked out as CloudFormation
 * does it. Where a resource is referred to, its name stands in braces: {@code {Alb}}, {@code
 * {Alb.DNSName}}.
 */
final class Stack {
  private static final Object NO_VALUE = new Object();
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(!?)([^}]+)}");
  private static final Map<String, String> PSEUDO =
      Map.of(
          "AWS::StackName", "sparks",
          "AWS::StackId", "arn:aws:cloudformation:eu-central-1:123456789012:stack/sparks/0",
          "AWS::Region", "eu-central-1",
          "AWS::AccountId", "123456789012",
          "AWS::Partition", "aws");

  private final Template template;
  private final Map<String, Object> parameters = new TreeMap<>();
  private final Map<String, Object> resources = new LinkedHashMap<>();

  private Stack(String file, Map<String, String> given) {
    template = Template.read(file);
    Map<String, Object> declared = template.section("Parameters");
    given.keySet().stream()
        .filter(name -> !declared.containsKey(name))
        .forEach(
            name -> {
              throw new IllegalArgumentException(file + " has no parameter " + name);
            });
    declared.forEach(
        (name, parameter) -> {
          Object value = given.getOrDefault(name, text(map(parameter).get("Default")));
          String type = map(parameter).get("Type").toString();
          boolean many = type.startsWith("List<") || type.equals("CommaDelimitedList");
          parameters.put(name, many ? List.of(value.toString().split(",", -1)) : value);
        });
    template
        .section("Resources")
        .forEach(
            (name, resource) -> {
              if (isOn(map(resource))) {
                resources.put(name, resolve(resource));
              }
            });
  }

  /**
   * Works a template out.
   *
   * @param parameters those without a default, and those that are to differ from it
   */
  static Stack of(String file, Map<String, String> parameters) {
    return new Stack(file, parameters);
  }

  boolean has(String resource) {
    return resources.containsKey(resource);
  }

  /** A resource with its policies; an error where the stack has none of this name. */
  Map<String, Object> resource(String name) {
    if (!has(name)) {
      throw new AssertionError("the stack has no " + name + ", but " + resources.keySet());
    }
    return map(resources.get(name));
  }

  Map<String, Object> properties(String name) {
    return map(resource(name).getOrDefault("Properties", Map.of()));
  }

  /** Properties of all resources of a type, by their names. */
  Map<String, Map<String, Object>> ofType(String type) {
    Map<String, Map<String, Object>> found = new TreeMap<>();
    resources.forEach(
        (name, resource) -> {
          if (map(resource).get("Type").equals(type)) {
            found.put(name, properties(name));
          }
        });
    return found;
  }

  Map<String, String> outputs() {
    Map<String, String> found = new TreeMap<>();
    template
        .section("Outputs")
        .forEach(
            (name, output) -> {
              if (isOn(map(output))) {
                found.put(name, text(resolve(map(output).get("Value"))));
              }
            });
    return found;
  }

  /** Why CloudFormation would not take these parameters; empty when it would. */
  List<String> refusals() {
    List<String> refusals = new ArrayList<>();
    template
        .section("Parameters")
        .forEach((name, declared) -> checkParameter(name, map(declared), refusals));
    template
        .section("Rules")
        .values()
        .forEach(
            rule -> {
              Object condition = map(rule).get("RuleCondition");
              if (condition == null || Boolean.TRUE.equals(resolve(condition))) {
                for (Object assertion : list(map(rule).get("Assertions"))) {
                  if (Boolean.FALSE.equals(resolve(map(assertion).get("Assert")))) {
                    refusals.add(text(map(assertion).get("AssertDescription")));
                  }
                }
              }
            });
    return refusals;
  }

  private void checkParameter(String name, Map<String, Object> declared, List<String> refusals) {
    String value = text(parameters.get(name));
    if (declared.get("AllowedPattern") instanceof String pattern && !value.matches(pattern)) {
      refusals.add(name + ": " + declared.getOrDefault("ConstraintDescription", pattern));
    }
    if (declared.get("AllowedValues") instanceof List<?> allowed
        && allowed.stream().map(Stack::text).noneMatch(value::equals)) {
      refusals.add(name + ": one of " + allowed);
    }
    if (declared.get("MinValue") instanceof Integer least && Integer.parseInt(value) < least) {
      refusals.add(name + ": at least " + least);
    }
    if (declared.get("MaxValue") instanceof Integer most && Integer.parseInt(value) > most) {
      refusals.add(name + ": at most " + most);
    }
  }

  private boolean isOn(Map<String, Object> item) {
    return !(item.get("Condition") instanceof String name) || condition(name);
  }

  private boolean condition(String name) {
    Object condition = template.section("Conditions").get(name);
    if (condition == null) {
      throw new IllegalArgumentException("no condition " + name);
    }
    return (Boolean) resolve(condition);
  }

  private Object resolve(Object value) {
    return switch (value) {
      case null -> NO_VALUE;
      case List<?> items ->
          items.stream().map(this::resolve).filter(item -> !item.equals(NO_VALUE)).toList();
      case Map<?, ?> items when items.size() == 1 && isFunction(items) -> call(map(items));
      case Map<?, ?> items -> {
        Map<String, Object> resolved = new LinkedHashMap<>();
        items.forEach(
            (key, item) -> {
              Object result = resolve(item);
              if (!result.equals(NO_VALUE)) {
                resolved.put(key.toString(), result);
              }
            });
        yield resolved;
      }
      default -> value;
    };
  }

  private static boolean isFunction(Map<?, ?> items) {
    return items.keySet().stream()
        .allMatch(
            key ->
                key.equals("Ref") || key.equals("Condition") || key.toString().startsWith("Fn::"));
  }

  private Object call(Map<String, Object> call) {
    String function = call.keySet().iterator().next();
    Object argument = call.get(function);
    return switch (function) {
      case "Ref" -> reference(argument.toString());
      // In policies this is a key of IAM's.
      case "Condition" ->
          argument instanceof String name ? condition(name) : Map.of(function, resolve(argument));
      case "Fn::GetAtt" -> "{" + String.join(".", Values.strings(argument)) + "}";
      case "Fn::Sub" -> substitute(argument);
      case "Fn::Base64" -> resolve(argument);
      case "Fn::If" ->
          resolve(list(argument).get(condition(list(argument).get(0).toString()) ? 1 : 2));
      case "Fn::Not" -> !(Boolean) resolve(list(argument).get(0));
      case "Fn::And" -> list(argument).stream().allMatch(item -> (Boolean) resolve(item));
      case "Fn::Or" -> list(argument).stream().anyMatch(item -> (Boolean) resolve(item));
      case "Fn::Equals" ->
          text(resolve(list(argument).get(0))).equals(text(resolve(list(argument).get(1))));
      case "Fn::Join" ->
          String.join(text(list(argument).get(0)), Values.strings(resolve(list(argument).get(1))));
      case "Fn::Split" ->
          List.of(
              text(resolve(list(argument).get(1)))
                  .split(Pattern.quote(text(list(argument).get(0))), -1));
      case "Fn::Select" ->
          list(resolve(list(argument).get(1))).get(Integer.parseInt(text(list(argument).get(0))));
      case "Fn::FindInMap" -> {
        List<Object> path = list(resolve(argument));
        yield Values.at(
            template.section("Mappings"), path.stream().map(Stack::text).toArray(String[]::new));
      }
      case "Fn::GetAZs" -> List.of("eu-central-1a", "eu-central-1b", "eu-central-1c");
      default -> throw new IllegalArgumentException(function + " is not known here");
    };
  }

  private Object reference(String name) {
    if (name.equals("AWS::NoValue")) {
      return NO_VALUE;
    }
    if (PSEUDO.containsKey(name)) {
      return PSEUDO.get(name);
    }
    if (parameters.containsKey(name)) {
      return parameters.get(name);
    }
    if (template.section("Resources").containsKey(name)) {
      return "{" + name + "}";
    }
    throw new IllegalArgumentException("nothing is called " + name);
  }

  private String substitute(Object argument) {
    List<Object> parts = argument instanceof List<?> ? list(argument) : List.of(argument, Map.of());
    Map<String, Object> own = map(parts.get(1));
    Matcher matcher = PLACEHOLDER.matcher(parts.get(0).toString());
    return matcher.replaceAll(
        found -> {
          String name = found.group(2);
          String value;
          if (!found.group(1).isEmpty()) {
            value = "${" + name + "}";
          } else if (own.containsKey(name)) {
            value = text(resolve(own.get(name)));
          } else if (name.contains(".")) {
            value = "{" + name + "}";
          } else {
            value = text(reference(name));
          }
          return Matcher.quoteReplacement(value);
        });
  }

  private static String text(Object value) {
    return switch (value) {
      case null -> "";
      case List<?> items -> String.join(",", Values.strings(items));
      default -> value.toString();
    };
  }
}
