package io.sparkappliance.jobs;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a gateway's jobs are: their files and their records, its own or shared with others. */
final class JobStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
  private static final Duration NEXT_TRY = Duration.ofSeconds(2);

  /** For a part of a file, of which none is larger than a few megabytes. */
  private static final Duration ATTEMPT = Duration.ofSeconds(20);

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
   * Opens what the settings name; waits for a shared database that does not answer, and for S3.
   *
   * @param node this host's name
   * @param environment where the way to S3 is looked up
   * @throws ConfigurationException when the gateways of one database have different folders, or
   *     this one may not use its folder
   * @throws IOException when it can't be used
   */
  static JobStore open(Settings settings, String node, Map<String, String> environment)
      throws IOException {
    Path root = settings.gateway().jobsDir();
    Path home = home(settings.paths());
    Optional<Settings.JobsDatabase> shared = settings.gateway().jobsDatabase();
    Optional<S3Objects> objects = objects(settings, environment);
    if (objects.isEmpty()) {
      return shared.isPresent()
          ? shared(root, home, awaitDatabase(shared.get()), node)
          : embedded(root, node);
    }
    S3Objects bucket = objects.get();
    boolean opened = false;
    try {
      await(
          "S3",
          () -> {
            new SharedFolder.InS3(bucket).check();
            return bucket;
          });
      JobStore store =
          shared.isPresent()
              ? shared(root, home, awaitDatabase(shared.get()), node, bucket)
              : embedded(root, node, bucket);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        bucket.close();
      }
    }
  }

  private static Optional<S3Objects> objects(Settings settings, Map<String, String> environment) {
    return settings
        .gateway()
        .jobsInS3()
        .map(location -> S3Objects.of("JOBS_DIR", location, environment, ATTEMPT));
  }

  /** One of a single gateway. */
  static JobStore embedded(Path root, String node) throws IOException {
    JobFiles files = JobFiles.open(root);
    JobDatabase database = JobDatabase.embedded(files.records());
    return new JobStore(files, database, new Gateways(database, "alone", node), Optional.empty());
  }

  /**
   * One of a single gateway whose jobs' files are in S3.
   *
   * @param root for its records, and what it works with
   * @param objects closed with it
   */
  static JobStore embedded(Path root, String node, S3Objects objects) throws IOException {
    JobFiles.createDirectory(root);
    JobDatabase database = JobDatabase.embedded(JobFiles.at(root).records());
    return inS3(root, database, new Gateways(database, "alone", node), Optional.empty(), objects);
  }

  private static JobStore inS3(
      Path root,
      JobDatabase database,
      Gateways gateways,
      Optional<GatewayHome> home,
      S3Objects objects)
      throws IOException {
    boolean opened = false;
    JobShare share = new S3Share(objects, root, gateways.id());
    try {
      JobStore store = new JobStore(JobFiles.open(root, share), database, gateways, home);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        share.close();
        database.close();
      }
    }
  }

  /**
   * One that gateways share.
   *
   * @param home directory of this gateway alone
   * @param database closed with it
   */
  static JobStore shared(Path root, Path home, JobDatabase database, String node)
      throws IOException {
    return shared(
        home,
        database,
        node,
        new SharedFolder.Mounted(root),
        (own, gateways) ->
            new JobStore(
                JobFiles.shared(root, own, gateways.id()), database, gateways, Optional.of(own)));
  }

  /**
   * One that gateways share whose jobs' files are in S3.
   *
   * @param root directory of this gateway alone in which it works
   * @param home another one
   * @param database closed with it
   * @param objects closed with it
   */
  static JobStore shared(Path root, Path home, JobDatabase database, String node, S3Objects objects)
      throws IOException {
    return shared(
        home,
        database,
        node,
        new SharedFolder.InS3(objects),
        (own, gateways) -> inS3(root, database, gateways, Optional.of(own), objects));
  }

  /** Makes a store of what was opened for it. */
  @FunctionalInterface
  private interface Opening {
    JobStore of(GatewayHome home, Gateways gateways) throws IOException;
  }

  private static JobStore shared(
      Path home, JobDatabase database, String node, SharedFolder.Place place, Opening opening)
      throws IOException {
    boolean opened = false;
    try {
      SharedFolder.check(database, place);
      GatewayHome own = GatewayHome.open(home);
      JobStore store = opening.of(own, new Gateways(database, own.id(), node));
      opened = true;
      return store;
    } finally {
      if (!opened) {
        database.close();
      }
    }
  }

  private static JobDatabase awaitDatabase(Settings.JobsDatabase settings) throws IOException {
    return await("the database of jobs", () -> JobDatabase.shared(settings));
  }

  /** Something that may not answer yet. */
  @FunctionalInterface
  private interface Answer<T> {
    T get() throws IOException;
  }

  private static <T> T await(String what, Answer<T> answer) throws IOException {
    boolean told = false;
    while (true) {
      try {
        return answer.get();
      } catch (UnreachableRecordsException | UnreachableFilesException notYet) {
        if (!told) {
          LOG.warn("waits for {}: {}", what, notYet.getMessage());
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
   * Checks that this gateway may use, and gateways may share, what the settings name.
   *
   * @param environment where the way to S3 is looked up
   * @return why that can't be told now; empty: they may, or need not
   * @throws ConfigurationException when they can't
   */
  static Optional<String> check(Settings settings, Map<String, String> environment) {
    Optional<S3Objects> objects = objects(settings, environment);
    try {
      Optional<SharedFolder.InS3> bucket = objects.map(SharedFolder.InS3::new);
      if (bucket.isPresent()) {
        bucket.get().check();
      }
      Path folder = settings.gateway().jobsDir();
      SharedFolder.Place place =
          bucket
              .map(SharedFolder.Place.class::cast)
              .orElseGet(() -> new SharedFolder.Mounted(folder));
      return settings.gateway().jobsDatabase().flatMap(shared -> check(shared, place));
    } catch (UnreachableFilesException later) {
      return Optional.of(later.getMessage());
    } finally {
      objects.ifPresent(S3Objects::close);
    }
  }

  private static Optional<String> check(Settings.JobsDatabase shared, SharedFolder.Place place) {
    try (JobDatabase database = JobDatabase.shared(shared)) {
      checkFolder(database, place);
      return Optional.empty();
    } catch (UnreachableRecordsException | UnreachableFilesException later) {
      return Optional.of(later.getMessage());
    } catch (IOException unusable) {
      throw new ConfigurationException(
          new Problem(
              "JOBS_DATABASE",
              shared.url(),
              unusable.getMessage(),
              "Check the address, JOBS_DATABASE_USER and JOBS_DATABASE_PASSWORD; the user must be"
                  + " allowed to create tables at the first start."));
    }
  }

  private static void checkFolder(JobDatabase database, SharedFolder.Place place)
      throws UnreachableRecordsException, UnreachableFilesException {
    try {
      SharedFolder.check(database, place);
    } catch (UnreachableRecordsException | UnreachableFilesException later) {
      throw later;
    } catch (IOException unusable) {
      throw new ConfigurationException(
          new Problem(
              "JOBS_DIR",
              place.location(),
              "can't be used: " + unusable,
              "Make the directory writable for the user the appliance runs as."));
    }
  }

  /** Files of a node's jobs, for whoever looks after a gateway that is gone. */
  static JobFiles filesOf(Settings settings) {
    Path root = settings.gateway().jobsDir();
    Settings.Gateway gateway = settings.gateway();
    return gateway.jobsDatabase().isPresent() && gateway.jobsInS3().isEmpty()
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
    files.share().close();
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
