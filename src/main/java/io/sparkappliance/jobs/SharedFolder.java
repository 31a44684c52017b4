package io.sparkappliance.jobs;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.storage.AtomicFiles;
import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Makes sure that gateways which share a database share the jobs' folder as well: the folder and
 * the database hold the same random name.
 */
final class SharedFolder {
  private static final String VARIABLE = "JOBS_DIR";
  private static final String MARK = "shared-by-gateways";
  private static final String PROBE = "probe";
  private static final String FACT = "jobs_folder";

  private SharedFolder() {}

  /** A folder that may have a mark. */
  interface Place {
    /** Where it is, for messages. */
    String location();

    /** Its mark; empty when it has none yet. */
    Optional<String> mark() throws IOException;

    /** Marks it. */
    void mark(String mark) throws IOException;
  }

  /** A directory that is mounted here. */
  record Mounted(Path folder) implements Place {
    @Override
    public String location() {
      return folder.toString();
    }

    @Override
    public Optional<String> mark() throws IOException {
      try {
        return Optional.of(Files.readString(folder.resolve(MARK)).strip());
      } catch (NoSuchFileException none) {
        return Optional.empty();
      }
    }

    @Override
    public void mark(String mark) throws IOException {
      JobFiles.createDirectory(folder);
      AtomicFiles.write(folder.resolve(MARK), mark, "rw-------");
    }
  }

  /** A folder in S3. */
  record InS3(S3Objects objects) implements Place {
    @Override
    public String location() {
      return objects.location();
    }

    /**
     * Makes sure that this gateway may do all that it has to do there.
     *
     * @throws ConfigurationException when it may not
     * @throws UnreachableFilesException when S3 does not say now
     */
    void check() throws UnreachableFilesException {
      try {
        objects.put(PROBE, new byte[0]);
        objects.list(PROBE);
        objects.find(MARK);
        objects.delete(List.of(PROBE));
      } catch (FetchFailure failure) {
        throw trouble(failure);
      }
    }

    @Override
    public Optional<String> mark() throws IOException {
      try {
        return objects.find(MARK).map(mark -> new String(mark, StandardCharsets.UTF_8).strip());
      } catch (FetchFailure failure) {
        throw trouble(failure);
      }
    }

    @Override
    public void mark(String mark) throws IOException {
      try {
        objects.put(MARK, mark.getBytes(StandardCharsets.UTF_8));
      } catch (FetchFailure failure) {
        throw trouble(failure);
      }
    }

    private UnreachableFilesException trouble(FetchFailure failure) {
      if (failure.isTemporary()) {
        return new UnreachableFilesException(location(), failure);
      }
      throw new ConfigurationException(
          new Problem(VARIABLE, location(), failure.getMessage(), failure.remedy()));
    }
  }

  /**
   * Checks a folder; the first gateway of a new database marks its own.
   *
   * @throws ConfigurationException when it is another one than that of the other gateways
   * @throws IOException when it can't be read or written, or the database can't be used
   */
  static void check(JobDatabase database, Place place) throws IOException {
    Optional<String> known = known(database, place);
    if (!place.mark().equals(known)) {
      throw new ConfigurationException(
          new Problem(
              VARIABLE,
              place.location(),
              "is not the folder that the other gateways of JOBS_DATABASE use: they would not find"
                  + " what this one writes there",
              "Name one place in JOBS_DIR on all gateways: a folder that each of them has mounted (NFS,"
                  + " EFS), or s3a://bucket/prefix; to begin anew with this one, use an empty"
                  + " database."));
    }
  }

  /** The mark that the database knows: written into both by one gateway, however many start. */
  private static Optional<String> known(JobDatabase database, Place place) throws IOException {
    Optional<String> known = database.run(SharedFolder::known);
    return known.isPresent()
        ? known
        : database.oneAfterTheOther(
            connection -> {
              Optional<String> meanwhile = known(connection);
              if (meanwhile.isPresent()) {
                return meanwhile;
              }
              // One that a gateway wrote which did not get further.
              String mark = place.mark().orElseGet(() -> JobId.random().value());
              place.mark(mark);
              JobDatabase.update(
                  connection,
                  "insert into gateway_facts (name, fact) values (?, ?)",
                  List.of(FACT, mark));
              return Optional.of(mark);
            });
  }

  private static Optional<String> known(Connection connection) throws SQLException, IOException {
    return JobDatabase.query(
            connection,
            "select fact from gateway_facts where name = ?",
            List.of(FACT),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }
}
