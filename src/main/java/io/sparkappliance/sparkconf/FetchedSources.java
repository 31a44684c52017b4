package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.FetchLimits;
import io.sparkappliance.storage.Fetcher;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.Locations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of which a variable names several and whose order counts. */
public final class FetchedSources {
  private FetchedSources() {}

  /**
   * Fetches the scripts that {@code INIT_SCRIPTS} names.
   *
   * @param outside where they come from
   * @return where they are now, mode 0600, in the order given
   * @throws ConfigurationException with all that can't be had
   */
  public static List<Path> initScripts(Settings settings, Outside outside) {
    return fetch(
        "INIT_SCRIPTS",
        settings.sources().initScripts(),
        settings.paths().fetched().resolve("scripts"),
        outside,
        FetchLimits.DEFAULT);
  }

  /** Fetches into a directory of their own, numbered: those of an earlier start go. */
  static List<Path> fetch(
      String variable,
      List<String> locations,
      Path directory,
      Outside outside,
      FetchLimits limits) {
    try {
      FileTrees.delete(directory);
    } catch (IOException failure) {
      throw new ConfigurationException(
          new Problem(
              directory.toString(),
              "",
              "can't be emptied for what " + variable + " names: " + failure,
              "Remove the directory, or give it to the user the appliance runs as."));
    }
    List<Path> fetched = new ArrayList<>();
    List<Problem> problems = new ArrayList<>();
    try (Fetcher fetcher = new Fetcher(outside.environment(), limits, outside.role())) {
      for (String location : locations) {
        Path target = directory.resolve((fetched.size() + 1) + "-" + Locations.fileName(location));
        fetched.add(target);
        try {
          fetcher.fetch(variable, location, target);
        } catch (ConfigurationException failure) {
          problems.addAll(failure.problems());
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return List.copyOf(fetched);
  }
}
