package io.sparkappliance.jobs;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a gateway's jobs are: their files and their records, its own or shared with others. */
final class JobStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
  private static final Duration NEXT_TRY = Duration.ofSeconds(2);

  private final JobFiles files;
  private final JobDatabase database;
  private final Gateways gateways;
  private final Optional<GatewayHome> home;

  private JobStore(
      JobFiles files, JobDatabase database, Gateways gateways, Optional<GatewayHome> home) {
    this.files = files;
    this.database = database;
    this.gateways = gateways;
    this.home = home;
  }

  /**
   * Opens what the settings name; waits for a shared database that does not answer.
   *
   * @param node this host's name
   * @throws ConfigurationException when the gateways of one database have different folders
   * @throws IOException when it can't be used
   */
  static JobStore open(Settings settings, String node) throws IOException {
    Path root = settings.gateway().jobsDir();
    Optional<Settings.JobsDatabase> shared = settings.gateway().jobsDatabase();
    return shared.isPresent()
        ? shared(root, home(settings.paths()), awaitDatabase(shared.get()), node)
        : embedded(root, node);
  }

  /** One of a single gateway. */
  static JobStore embedded(Path root, String node) throws IOException {
    JobFiles files = JobFiles.open(root);
    JobDatabase database = JobDatabase.embedded(files.records());
    return new JobStore(files, database, new Gateways(database, "alone", node), Optional.empty());
  }

  /**
   * One that gateways share.
   *
   * @param home directory of this gateway alone
   * @param database closed with it
   */
  static JobStore shared(Path root, Path home, JobDatabase database, String node)
      throws IOException {
    boolean opened = false;
    try {
      SharedFolder.check(database, root);
      GatewayHome own = GatewayHome.open(home);
      Gateways gateways = new Gateways(database, own.id(), node);
      JobStore store =
          new JobStore(
              JobFiles.shared(root, own, gateways.id()), database, gateways, Optional.of(own));
      opened = true;
      return store;
    } finally {
      if (!opened) {
        database.close();
      }
    }
  }

  private static JobDatabase awaitDatabase(Settings.JobsDatabase settings) throws IOException {
    boolean told = false;
    while (true) {
      try {
        return JobDatabase.shared(settings);
      } catch (UnreachableRecordsException notYet) {
        if (!told) {
          LOG.warn("waits for the database of jobs: {}", notYet.getMessage());
          told = true;
        }
        LockSupport.parkNanos(NEXT_TRY.toNanos());
        if (Thread.interrupted()) {
          throw notYet;
        }
      }
    }
  }

  /**
   * Checks that gateways may share what the settings name.
   *
   * @return why that can't be told now; empty: they may, or need not
   * @throws ConfigurationException when they can't
   */
  static Optional<String> check(Settings settings) {
    Optional<Settings.JobsDatabase> shared = settings.gateway().jobsDatabase();
    if (shared.isEmpty()) {
      return Optional.empty();
    }
    try (JobDatabase database = JobDatabase.shared(shared.get())) {
      checkFolder(database, settings.gateway().jobsDir());
      return Optional.empty();
    } catch (UnreachableRecordsException later) {
      return Optional.of(later.getMessage());
    } catch (IOException unusable) {
      throw new ConfigurationException(
          new Problem(
              "JOBS_DATABASE",
              shared.get().url(),
              unusable.getMessage(),
              "Check the address, JOBS_DATABASE_USER and JOBS_DATABASE_PASSWORD; the user must be"
                  + " allowed to create tables at the first start."));
    }
  }

  private static void checkFolder(JobDatabase database, Path folder)
      throws UnreachableRecordsException {
    try {
      SharedFolder.check(database, folder);
    } catch (UnreachableRecordsException later) {
      throw later;
    } catch (IOException unusable) {
      throw new ConfigurationException(
          new Problem(
              "JOBS_DIR",
              folder.toString(),
              "can't be used: " + unusable,
              "Make the directory writable for the user the appliance runs as."));
    }
  }

  /** Files of a node's jobs, for whoever looks after a gateway that is gone. */
  static JobFiles filesOf(Settings settings) {
    Path root = settings.gateway().jobsDir();
    return settings.gateway().jobsDatabase().isPresent()
        ? JobFiles.at(root, home(settings.paths()))
        : JobFiles.at(root);
  }

  private static Path home(Settings.Paths paths) {
    return paths.data().resolve("gateway");
  }

  JobFiles files() {
    return files;
  }

  /** Whether other gateways may have jobs there. */
  boolean isShared() {
    return database.isShared();
  }

  /** The gateways that hold jobs there. */
  Gateways gateways() {
    return gateways;
  }

  /** The records, as this gateway may change them. */
  JobRecords records() {
    return new JobRecords(database, gateways.id());
  }

  @Override
  public void close() {
    database.close();
    try {
      if (home.isPresent()) {
        home.get().close();
      }
    } catch (IOException locked) {
      LOG.warn("the gateway's own directory can't be closed", locked);
    }
  }
}
