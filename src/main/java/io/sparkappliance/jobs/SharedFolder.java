package io.sparkappliance.jobs;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Makes sure that gateways which share a database share the jobs' folder as well: the folder and
 * the database hold the same random name.
 */
final class SharedFolder {
  private static final String MARK = "shared-by-gateways";
  private static final String FACT = "jobs_folder";

  private SharedFolder() {}

  /**
   * Checks a folder; the first gateway of a new database marks its own.
   *
   * @throws ConfigurationException when it is another one than that of the other gateways
   * @throws IOException when it can't be read or written, or the database can't be used
   */
  static void check(JobDatabase database, Path folder) throws IOException {
    JobFiles.createDirectory(folder);
    Path file = folder.resolve(MARK);
    Optional<String> known = known(database);
    if (known.isEmpty()) {
      String mark = mark(file).orElseGet(() -> JobId.random().value());
      AtomicFiles.write(file, mark, "rw-------");
      database.update(
          "insert into gateway_facts (name, fact) values (?, ?) on conflict do nothing",
          List.of(FACT, mark));
      known = known(database);
    }
    if (!mark(file).equals(known)) {
      throw new ConfigurationException(
          new Problem(
              "JOBS_DIR",
              folder.toString(),
              "is not the folder that the other gateways of JOBS_DATABASE use: they would not find"
                  + " what this one writes there",
              "Mount one folder (NFS, EFS) on all gateways and name it in JOBS_DIR; to begin anew with"
                  + " this one, use an empty database."));
    }
  }

  private static Optional<String> known(JobDatabase database) throws IOException {
    return database
        .query(
            "select fact from gateway_facts where name = ?", List.of(FACT), row -> row.getString(1))
        .stream()
        .findFirst();
  }

  private static Optional<String> mark(Path file) throws IOException {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }
}
