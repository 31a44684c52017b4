package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.FetchLimits;
import io.sparkappliance.storage.Fetcher;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.Locations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

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

  /**
   * What there is of files that are kept from one start to the next.
   *
   * @param files in the order given, mode 0600; where a problem is, one of an earlier start, if
   *     there is any
   * @param problems why some are not those of this start
   */
  record Kept(List<Path> files, List<Problem> problems) {
    boolean areAllThere() {
      return files.stream().allMatch(Files::exists);
    }
  }

  /**
   * Fetches into a directory of their own; where that fails, what was fetched from there before
   * stays. Those that nobody names any more go.
   *
   * @throws ConfigurationException when the directory can't be looked at
   */
  static Kept keep(
      String variable,
      List<String> locations,
      Path directory,
      Outside outside,
      FetchLimits limits) {
    List<Path> files = new ArrayList<>();
    for (String location : locations) {
      // Known again by what is no credential: signatures are others at each start.
      String place = DigestUtils.sha256Hex(Locations.redact(location)).substring(0, 16);
      files.add(
          directory.resolve((files.size() + 1) + "-" + place + "-" + Locations.fileName(location)));
    }
    try (Stream<Path> known =
        Files.isDirectory(directory) ? Files.list(directory) : Stream.empty()) {
      for (Path old : known.filter(file -> !files.contains(file)).toList()) {
        FileTrees.delete(old);
      }
    } catch (IOException failure) {
      throw cantEmpty(directory, variable, failure);
    }
    return new Kept(List.copyOf(files), fetch(variable, locations, files, outside, limits));
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
      throw cantEmpty(directory, variable, failure);
    }
    List<Path> targets = new ArrayList<>();
    for (String location : locations) {
      targets.add(directory.resolve((targets.size() + 1) + "-" + Locations.fileName(location)));
    }
    List<Problem> problems = fetch(variable, locations, targets, outside, limits);
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return List.copyOf(targets);
  }

  private static List<Problem> fetch(
      String variable,
      List<String> locations,
      List<Path> targets,
      Outside outside,
      FetchLimits limits) {
    List<Problem> problems = new ArrayList<>();
    try (Fetcher fetcher = new Fetcher(outside.environment(), limits, outside.role())) {
      for (int i = 0; i < targets.size(); i++) {
        try {
          fetcher.fetch(variable, locations.get(i), targets.get(i));
        } catch (ConfigurationException failure) {
          problems.addAll(failure.problems());
        }
      }
    }
    return List.copyOf(problems);
  }

  private static ConfigurationException cantEmpty(
      Path directory, String variable, IOException failure) {
    return new ConfigurationException(
        new Problem(
            directory.toString(),
            "",
            "can't be emptied for what " + variable + " names: " + failure,
            "Remove the directory, or give it to the user the appliance runs as."));
  }
}
