package io.sparkappliance;

import io.sparkappliance.settings.Resolved;
import io.sparkappliance.settings.SecretReference;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.settings.SparkSetting;
import io.sparkappliance.sparkconf.MemoryPlan;
import io.sparkappliance.sparkconf.NodeConfiguration;
import io.sparkappliance.sparkconf.Property;
import java.util.List;
import java.util.function.Predicate;

/** What {@code check} prints: settings, where they came from, and what would be started. */
final class CheckReport {
  private CheckReport() {}

  /**
   * One planned daemon.
   *
   * @param name its name in logs
   * @param after names of the daemons it waits for
   * @param command its command line; holds no secret of the appliance
   */
  record Planned(String name, List<String> after, List<String> command) {}

  static String render(
      SettingsReader.Result read, NodeConfiguration configuration, List<Planned> daemons) {
    // What a terminal shows without scrolling is the end: what was said, and what comes of it.
    StringBuilder text = new StringBuilder();
    text.append("Variables that nobody set, with their defaults\n");
    variables(text, read, Resolved::isDefault);
    text.append("\nSpark settings, as written to ")
        .append(configuration.confDir().resolve("spark-defaults.conf"))
        .append('\n');
    configuration
        .properties()
        .forEach(
            (key, property) ->
                line(text, key, configuration.shown(key).orElseThrow(), origin(key, property)));
    text.append("\nVariables that were set\n");
    variables(text, read, variable -> !variable.isDefault());
    text.append("\nMemory\n");
    memory(text, configuration.memory());
    text.append("\nNode\n");
    line(text, "address", configuration.host(), "listens on " + configuration.bindHost());
    line(text, "master", configuration.masterUrl(), "");
    text.append("\nDaemons, in the order of their start\n");
    for (Planned daemon : daemons) {
      String after = daemon.after().isEmpty() ? "" : ", after " + String.join(", ", daemon.after());
      text.append("  ").append(daemon.name()).append(after).append('\n');
      text.append("    ").append(String.join(" ", daemon.command())).append('\n');
    }
    notes(text, "\nWarnings\n", read.warnings());
    notes(text, "\nNotices\n", configuration.notices());
    return text.toString();
  }

  private static void variables(
      StringBuilder text, SettingsReader.Result read, Predicate<Resolved> which) {
    read.resolved().stream()
        .filter(variable -> !variable.value().isEmpty())
        .filter(which)
        .forEach(variable -> line(text, variable.name(), variable.value(), variable.origin()));
  }

  private static String origin(String key, Property property) {
    String layer = property.layer().label();
    return SecretReference.parse(property.value())
        .filter(any -> SparkSetting.isSecret(key))
        .map(reference -> layer + ", from " + reference)
        .orElse(layer);
  }

  private static void notes(StringBuilder text, String title, List<String> notes) {
    if (!notes.isEmpty()) {
      text.append(title);
      notes.forEach(note -> text.append("  ").append(note).append('\n'));
    }
  }

  private static void memory(StringBuilder text, MemoryPlan plan) {
    line(text, "node", plan.total().toString(), "what the container or the machine has");
    line(text, "launcher", plan.launcher().toString(), "heap");
    line(text, "daemons", plan.daemonHeap().toString(), "heap of master, worker, history server");
    line(text, "drivers", plan.driverHeap().toString(), "heap of each driver started here");
    line(text, "gateway", plan.gatewayHeap().toString(), "heap");
    line(text, "notebook", plan.notebook().toString(), "beside its drivers");
    line(text, "applications", plan.applications().toString(), "left for submitted drivers");
    line(text, "worker", plan.workerMemory().toString(), "for executors");
    line(text, "executor", plan.executorMemory().toString(), "heap of one executor");
  }

  private static void line(StringBuilder text, String name, String value, String origin) {
    text.append("  ").append(name).append(" = ").append(value);
    if (!origin.isEmpty()) {
      text.append("   (").append(origin).append(')');
    }
    text.append('\n');
  }
}
