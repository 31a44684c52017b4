package io.sparkappliance.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a stack's role may do, by its only policy. */
final class Policies {
  private final List<Map<String, Object>> statements;

  Policies(Stack stack) {
    List<Map<String, Object>> policies = Values.maps(stack.properties("Role").get("Policies"));
    assertThat(policies).hasSize(1);
    statements = Values.maps(Values.at(policies.getFirst(), "PolicyDocument", "Statement"));
    assertThat(statements)
        .allSatisfy(
            statement ->
                assertThat(statement)
                    .doesNotContainKeys("NotAction", "NotResource", "NotPrincipal"));
  }

  /** As IAM takes them. */
  List<Map<String, Object>> statements() {
    return statements;
  }

  /** All actions that some resource allows. */
  Set<String> actions() {
    return statements.stream()
        .flatMap(statement -> Values.strings(statement.get("Action")).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Actions of one service. */
  Set<String> actionsOf(String service) {
    return actions().stream()
        .filter(action -> action.startsWith(service + ":"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Resources on which an action is allowed. */
  List<String> resourcesFor(String action) {
    return statements.stream()
        .filter(statement -> Values.strings(statement.get("Action")).contains(action))
        .flatMap(statement -> Values.strings(statement.get("Resource")).stream())
        .toList();
  }

  /** The only statement about an action on something that is called so. */
  Map<String, Object> statement(String action, String resource) {
    List<Map<String, Object>> found =
        statements.stream()
            .filter(statement -> Values.strings(statement.get("Action")).contains(action))
            .filter(statement -> Values.strings(statement.get("Resource")).contains(resource))
            .toList();
    assertThat(found).as("%s on %s", action, resource).hasSize(1);
    return found.getFirst();
  }
}
