package io.sparkappliance.senza;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A template with the parameters of a stack, as CloudFormation understands both: conditions
 * decided, functions replaced by what they come to. What only AWS knows is named: an attribute is
 * {@code <Resource.Attribute>}, a resource's id {@code <Resource>}, another stack's export {@code
 * <export>}.
 */
final class StackTemplate {
  static final String REGION = "eu-central-1";
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]+)}");
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonNode NO_VALUE = MissingNode.getInstance();

  private final JsonNode template;
  private final String status;
  private final Map<String, String> values = new HashMap<>();

  StackTemplate(String name, JsonNode stack) {
    template = stack.path("template");
    status = stack.path("status").asText();
    parameters()
        .properties()
        .forEach(p -> values.put(p.getKey(), p.getValue().path("Default").asText()));
    stack
        .path("parameters")
        .properties()
        .forEach(p -> values.put(p.getKey(), p.getValue().asText()));
    values.put("AWS::StackName", name);
    values.put("AWS::Region", REGION);
    values.put("AWS::Partition", "aws");
    values.put("AWS::AccountId", "123456789012");
  }

  private StackTemplate(StackTemplate other, Map<String, String> changes) {
    template = other.template;
    status = other.status;
    values.putAll(other.values);
    values.putAll(changes);
  }

  /** The same template with other values of some parameters. */
  StackTemplate with(Map<String, String> changes) {
    return new StackTemplate(this, changes);
  }

  /** The text as it was given. */
  JsonNode raw() {
    return template;
  }

  String status() {
    return status;
  }

  /** The parameters' definitions. */
  JsonNode parameters() {
    return template.path("Parameters");
  }

  /** The properties of a resource; {@code null} where its condition is not met. */
  JsonNode resource(String name) {
    JsonNode resource = template.path("Resources").path(name);
    if (resource.isMissingNode()) {
      throw new AssertionError("the template has no resource " + name);
    }
    return applies(resource) ? resolve(resource.path("Properties")) : null;
  }

  /** One value of a resource that is there, by its JSON pointer below the properties. */
  String at(String resource, String pointer) {
    return resource(resource).at(pointer).asText();
  }

  /** The names of resources that are there, of one type or of all ({@code ""}). */
  List<String> resources(String type) {
    return template.path("Resources").properties().stream()
        .filter(r -> r.getValue().path("Type").asText().startsWith(type))
        .filter(r -> applies(r.getValue()))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** The outputs that are there. */
  Map<String, String> outputs() {
    Map<String, String> outputs = new TreeMap<>();
    template.path("Outputs").properties().stream()
        .filter(output -> applies(output.getValue()))
        .forEach(o -> outputs.put(o.getKey(), resolve(o.getValue().path("Value")).asText()));
    return outputs;
  }

  /** Everything that CloudFormation would refuse before it makes anything. */
  List<String> refusals() {
    List<String> refusals = new ArrayList<>();
    parameters()
        .properties()
        .forEach(
            parameter -> {
              String value = values.get(parameter.getKey());
              JsonNode pattern = parameter.getValue().path("AllowedPattern");
              JsonNode allowed = parameter.getValue().path("AllowedValues");
              boolean fits = pattern.isMissingNode() || value.matches(pattern.asText());
              boolean known = allowed.isMissingNode() || texts(allowed).contains(value);
              if (!fits || !known) {
                refusals.add(
                    parameter.getValue().path("ConstraintDescription").asText(parameter.getKey()));
              }
            });
    template
        .path("Rules")
        .forEach(
            rule -> {
              JsonNode condition = rule.path("RuleCondition");
              if (condition.isMissingNode() || holds(condition)) {
                rule.path("Assertions")
                    .forEach(
                        assertion -> {
                          if (!holds(assertion.path("Assert"))) {
                            refusals.add(assertion.path("AssertDescription").asText());
                          }
                        });
              }
            });
    return refusals;
  }

  private boolean applies(JsonNode part) {
    JsonNode condition = part.path("Condition");
    return condition.isMissingNode() || condition(condition.asText());
  }

  private boolean condition(String name) {
    JsonNode condition = template.path("Conditions").path(name);
    if (condition.isMissingNode()) {
      throw new AssertionError("the template has no condition " + name);
    }
    return holds(condition);
  }

  private boolean holds(JsonNode expression) {
    Map.Entry<String, JsonNode> only = only(expression);
    JsonNode operands = only.getValue();
    return switch (only.getKey()) {
      case "Condition" -> condition(operands.asText());
      case "Fn::Equals" -> text(operands.get(0)).equals(text(operands.get(1)));
      case "Fn::Not" -> !holds(operands.get(0));
      case "Fn::And" -> elements(operands).allMatch(this::holds);
      case "Fn::Or" -> elements(operands).anyMatch(this::holds);
      case "Fn::Contains" -> texts(operands.get(0)).contains(text(operands.get(1)));
      default -> throw new AssertionError("no condition: " + expression);
    };
  }

  private JsonNode resolve(JsonNode node) {
    if (node.isArray()) {
      ArrayNode resolved = NODES.arrayNode();
      elements(node).map(this::resolve).filter(one -> !one.isMissingNode()).forEach(resolved::add);
      return resolved;
    }
    if (!node.isObject()) {
      return node;
    }
    if (node.size() == 1) {
      String name = only(node).getKey();
      if (name.equals("Ref") || name.startsWith("Fn::")) {
        return function(name, only(node).getValue());
      }
    }
    ObjectNode resolved = NODES.objectNode();
    node.properties()
        .forEach(
            property -> {
              JsonNode value = resolve(property.getValue());
              if (!value.isMissingNode()) {
                resolved.set(property.getKey(), value);
              }
            });
    return resolved;
  }

  private JsonNode function(String name, JsonNode operand) {
    return switch (name) {
      case "Ref" ->
          operand.asText().equals("AWS::NoValue")
              ? NO_VALUE
              : TextNode.valueOf(ref(operand.asText()));
      case "Fn::If" -> resolve(operand.get(condition(operand.get(0).asText()) ? 1 : 2));
      case "Fn::GetAtt" -> TextNode.valueOf("<" + String.join(".", texts(operand)) + ">");
      case "Fn::ImportValue" -> TextNode.valueOf("<" + text(operand) + ">");
      case "Fn::Sub" -> TextNode.valueOf(substituted(operand));
      case "Fn::Base64" -> resolve(operand);
      case "Fn::Join" ->
          TextNode.valueOf(String.join(operand.get(0).asText(), texts(resolve(operand.get(1)))));
      case "Fn::Split" -> split(operand.get(0).asText(), text(operand.get(1)));
      case "Fn::Select" -> resolve(operand.get(1)).get(operand.get(0).asInt());
      case "Fn::FindInMap" ->
          texts(resolve(operand)).stream()
              .reduce(template.path("Mappings"), JsonNode::path, (one, other) -> other);
      default -> throw new AssertionError("no function: " + name);
    };
  }

  private String ref(String name) {
    return values.containsKey(name) ? values.get(name) : "<" + name + ">";
  }

  private String substituted(JsonNode operand) {
    JsonNode own = operand.isArray() ? operand.get(1) : NODES.objectNode();
    Matcher matcher =
        VARIABLE.matcher(operand.isArray() ? operand.get(0).asText() : operand.asText());
    return matcher.replaceAll(
        found -> {
          String name = found.group(1);
          return Matcher.quoteReplacement(own.has(name) ? text(own.get(name)) : ref(name));
        });
  }

  private static ArrayNode split(String delimiter, String text) {
    ArrayNode parts = NODES.arrayNode();
    Stream.of(text.split(Pattern.quote(delimiter), -1)).forEach(parts::add);
    return parts;
  }

  private String text(JsonNode node) {
    return resolve(node).asText();
  }

  static List<String> texts(JsonNode array) {
    return elements(array).map(JsonNode::asText).collect(Collectors.toList());
  }

  static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static Map.Entry<String, JsonNode> only(JsonNode object) {
    return object.properties().iterator().next();
  }
}
