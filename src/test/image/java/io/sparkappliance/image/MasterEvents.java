package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What masters did, from their logs, in the order of the engine's clock. */
final class MasterEvents {
  private static final String ELECTED = "I have been elected leader";

  /** Masters that stand by register nothing, although they say so of workers. */
  private static final List<String> ACTS =
      List.of(ELECTED, "Registering app ", "Launching executor ");

  private MasterEvents() {}

  /** A line of a master's log. */
  private record Event(Instant time, String node, String text) {}

  /** Who was elected last is the only one that hands out work. */
  static void assertNoTwoLeadersActed(Map<String, Container> nodes) {
    List<Event> events = new ArrayList<>();
    nodes.forEach(
        (name, container) ->
            Docker.run(HaCluster.DEADLINE, "logs", "--timestamps", container.inspect("{{.Id}}"))
                .all()
                .lines()
                .filter(line -> line.contains(" master | "))
                .filter(line -> ACTS.stream().anyMatch(line::contains))
                .map(line -> line.split(" ", 2))
                .map(parts -> new Event(Instant.parse(parts[0]), name, parts[1]))
                .forEach(events::add));
    events.sort(Comparator.comparing(Event::time));
    String leader = "nobody";
    for (Event event : events) {
      if (event.text.contains(ELECTED)) {
        leader = event.node;
      }
      assertThat(event.node)
          .as("%s acts while %s leads%n%s", event, leader, events)
          .isEqualTo(leader);
    }
    assertThat(leader).isNotEqualTo("nobody");
  }
}
