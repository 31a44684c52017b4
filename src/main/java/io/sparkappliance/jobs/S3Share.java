package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder in S3. What came with a job is there before its record is, what its process writes
 * follows every few seconds, and all that it has left behind is there before its end is written
 * down. Until then a gateway works in a directory of its own.
 */
final class S3Share implements JobShare {
  private static final Logger LOG = LoggerFactory.getLogger(S3Share.class);

  /**
   * Who watches a job from another gateway sees a line after so long; a job that writes all the
   * time costs 1200 calls an hour for it.
   */
  private static final Duration FOLLOWED = Duration.ofSeconds(3);

  /** Many may watch a job: what is there is not listed for each look of each of them. */
  private static final Duration LISTED = Duration.ofSeconds(1);

  /** Some troubles of a machine pass, in minutes: a file that can't be read by then never can. */
  private static final int MOST_READINGS = 60;

  private static final Duration NEXT_TRY = Duration.ofSeconds(1);
  private static final Duration STOP_TIME = Duration.ofSeconds(2);

  private final S3Objects objects;
  private final Path root;
  private final IncomingMarks incoming;
  private final Map<JobId, JobOutputs> outputs = new ConcurrentHashMap<>();
  private final Map<JobId, Holder> followed = new ConcurrentHashMap<>();
  private final Set<JobId> unpublished = ConcurrentHashMap.newKeySet();
  private final Map<JobId, Integer> unreadable = new ConcurrentHashMap<>();
  private final Set<JobId> rejected = ConcurrentHashMap.newKeySet();

  /** Their marks can go. */
  private final Set<JobId> added = ConcurrentHashMap.newKeySet();

  private final Map<String, Listing> listings = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("jobs-to-s3").factory());

  private boolean away;

  private record Listing(long at, List<FileParts.Part> parts) {
    boolean isOld(long now) {
      return now - at > LISTED.toNanos();
    }
  }

  /**
   * Begins to follow what is written.
   *
   * @param objects the folder; closed with this
   * @param root directory of this gateway alone in which it works
   * @param gateway its {@link Gateways#id}
   */
  S3Share(S3Objects objects, Path root, String gateway) {
    this.objects = objects;
    this.root = root;
    this.incoming = new IncomingMarks(objects, gateway);
    long pause = FOLLOWED.toMillis();
    var _ = timer.scheduleWithFixedDelay(this::followAll, pause, pause, TimeUnit.MILLISECONDS);
  }

  @Override
  public void add(JobId id) throws IOException {
    try {
      incoming.add(id);
      Path directory = directory(id);
      for (Path file : files(directory)) {
        String name = id + "/" + directory.relativize(file);
        new FileParts(objects, name).putWhole(file);
      }
      outputs.put(id, JobOutputs.none(objects, id));
    } catch (FetchFailure failure) {
      throw unreachable(failure);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @Override
  public void added(JobId id) {
    // Not now: who submits it need not wait for that.
    added.add(id);
  }

  @Override
  public void reject(JobId id) {
    outputs.remove(id);
    try {
      delete(id);
      incoming.remove(List.of(id));
      rejected.remove(id);
    } catch (IOException | FetchFailure stays) {
      LOG.debug("what came with job {} is removed later", id, stays);
      rejected.add(id);
    }
  }

  @Override
  public boolean fetch(Job job, BooleanSupplier inVain) throws IOException {
    return patiently(
        job.id(),
        inVain,
        () -> {
          if (!unpublished.isEmpty()) {
            return Attempt.LATER;
          }
          new JobInputs(objects, job.id()).fetch(directory(job.id()));
          new JobOutputs(objects, job.id(), job.attempt()).deleteEarlier(directory(job.id()));
          outputs(job);
          return Attempt.DONE;
        });
  }

  @Override
  public boolean resume(Job job, BooleanSupplier inVain) throws IOException {
    return patiently(
        job.id(),
        inVain,
        () -> {
          try {
            new JobInputs(objects, job.id()).fetchWithOutputs(directory(job.id()), job.attempt());
            return Attempt.DONE;
          } catch (NoSuchFileException gone) {
            throw gone;
          } catch (UnreachableFilesException away) {
            throw away;
          } catch (IOException full) {
            // What goes on in the cluster has to be followed as soon as there is room.
            return "it can't be written here: " + full;
          }
        });
  }

  private interface Attempt {
    String DONE = "";
    String LATER = "the ends of other jobs are not in S3 yet";

    /** What it waits for, to be tried again; {@link #DONE} when there is nothing. */
    String waitsFor() throws FetchFailure, IOException;
  }

  private boolean patiently(JobId id, BooleanSupplier inVain, Attempt attempt) throws IOException {
    boolean told = false;
    while (!inVain.getAsBoolean() && !Thread.currentThread().isInterrupted()) {
      try {
        String reason = attempt.waitsFor();
        if (reason.equals(Attempt.DONE)) {
          return true;
        }
        told = told || waits(id, reason);
      } catch (FetchFailure failure) {
        told = told || waits(id, unreachable(failure).getMessage());
      } catch (UnreachableFilesException broken) {
        told = told || waits(id, broken.getMessage());
      }
      LockSupport.parkNanos(NEXT_TRY.toNanos());
    }
    return false;
  }

  private static boolean waits(JobId id, String why) {
    LOG.warn("job {} waits: {}", id, why);
    return true;
  }

  @Override
  public void follow(Job job, Holder holder) {
    outputs(job);
    followed.put(job.id(), holder);
  }

  private JobOutputs outputs(Job job) {
    return outputs.compute(
        job.id(),
        (id, known) ->
            known != null && known.attempt() == job.attempt()
                ? known
                : new JobOutputs(objects, id, job.attempt()));
  }

  private void followAll() {
    try {
      Optional<String> trouble = Optional.empty();
      for (Map.Entry<JobId, Holder> one : followed.entrySet()) {
        // Of each, whatever became of those before it.
        if (holds(one.getKey(), one.getValue())) {
          Optional<String> why = passOn(one.getKey());
          trouble = trouble.or(() -> why);
        }
      }
      List.copyOf(rejected).forEach(this::reject);
      removeMarks();
      if (trouble.isPresent() && !away) {
        LOG.warn("jobs go on, but other gateways don't see it: {}", trouble.get());
      } else if (trouble.isEmpty() && away) {
        LOG.info("other gateways see again what jobs write");
      }
      away = trouble.isPresent();
    } catch (RuntimeException | LinkageError fault) {
      LOG.error("an error of the appliance itself", fault);
    }
  }

  private void removeMarks() {
    Set<JobId> some = Set.copyOf(added);
    try {
      incoming.remove(some);
      added.removeAll(some);
    } catch (FetchFailure notNow) {
      LOG.debug("the marks of {} jobs stay for now", some.size(), notNow);
    }
  }

  /**
   * Who has taken over a job writes the same files. While the database does not say who has it,
   * nobody else can look either.
   */
  private boolean holds(JobId id, Holder holder) {
    try {
      holder.check(id);
      return true;
    } catch (TakenOverException others) {
      followed.remove(id);
      return false;
    } catch (IOException unknown) {
      LOG.debug("whether job {} is still this gateway's is not known", id, unknown);
      return false;
    }
  }

  /** Why that can't be done now; empty: it is done. */
  private Optional<String> passOn(JobId id) {
    try {
      JobOutputs known = outputs.get(id);
      if (known != null) {
        known.putLogs(directory(id));
      }
      return Optional.empty();
    } catch (FetchFailure failure) {
      return Optional.of(unreachable(failure).getMessage());
    } catch (IOException | RuntimeException unreadable) {
      return Optional.of(unreadable.toString());
    }
  }

  @Override
  public void publish(Job job, Holder holder) throws IOException {
    holder.check(job.id());
    try {
      outputs(job).putAll(directory(job.id()));
      unpublished.remove(job.id());
    } catch (FetchFailure failure) {
      unpublished.add(job.id());
      throw unreachable(failure);
    } catch (UnreadableFilesException never) {
      unpublished.remove(job.id());
      throw never;
    } catch (IOException trouble) {
      // Nobody else has to wait for that.
      unpublished.remove(job.id());
      if (unreadable.merge(job.id(), 1, Integer::sum) >= MOST_READINGS) {
        throw new UnreadableFilesException(trouble);
      }
      throw trouble;
    }
  }

  @Override
  public boolean takesTime() {
    return true;
  }

  @Override
  public void release(JobId id) {
    unreadable.remove(id);
    followed.remove(id);
    outputs.remove(id);
    unpublished.remove(id);
    deleteHere(id);
  }

  private void deleteHere(JobId id) {
    try {
      FileTrees.delete(directory(id));
    } catch (IOException stays) {
      LOG.warn("what is here of job {} is removed at the next start: {}", id, stays.toString());
    }
  }

  @Override
  public Optional<SeekableByteChannel> input(JobId id, String name) throws IOException {
    return open(id + "/" + name, true);
  }

  @Override
  public Optional<SeekableByteChannel> open(Job job, String name) throws IOException {
    return open(JobOutputs.path(job, name), job.state().isFinal());
  }

  private Optional<SeekableByteChannel> open(String path, boolean over) throws IOException {
    try {
      List<FileParts.Part> parts = parts(path, over);
      return parts.isEmpty() ? Optional.empty() : Optional.of(new PartsChannel(objects, parts));
    } catch (FetchFailure failure) {
      throw unreachable(failure);
    }
  }

  private List<FileParts.Part> parts(String name, boolean over) throws FetchFailure {
    if (over) {
      return FileParts.list(objects, name);
    }
    long now = System.nanoTime();
    listings.values().removeIf(listing -> listing.isOld(now));
    Listing known = listings.get(name);
    if (known == null) {
      known = new Listing(now, FileParts.list(objects, name));
      listings.put(name, known);
    }
    return known.parts();
  }

  @Override
  public long bytes(JobId id) {
    try {
      return objects.list(id.value()).stream().mapToLong(S3Objects.Entry::size).sum();
    } catch (FetchFailure unknown) {
      LOG.warn("what job {} has left behind can't be counted: {}", id, unknown.getMessage());
      return 0;
    }
  }

  @Override
  public void delete(JobId id) throws IOException {
    try {
      objects.delete(objects.list(id.value()).stream().map(S3Objects.Entry::name).toList());
    } catch (FetchFailure failure) {
      throw unreachable(failure);
    }
  }

  @Override
  public void deleteIncoming(String gateway, Records records) throws IOException {
    try {
      for (JobId id : incoming.of(gateway)) {
        if (!records.have(id)) {
          delete(id);
        }
        incoming.remove(gateway, List.of(id));
      }
    } catch (FetchFailure failure) {
      throw unreachable(failure);
    }
  }

  @Override
  public void sweep(Predicate<JobId> isHere) {
    try (Stream<Path> directories = Files.list(root)) {
      // Looked at before it is asked for: what is begun meanwhile is not among them.
      List<JobId> found =
          directories
              .flatMap(directory -> JobId.parse(directory.getFileName().toString()).stream())
              .toList();
      found.stream().filter(isHere.negate()).forEach(this::deleteHere);
    } catch (IOException unreadable) {
      LOG.warn("what earlier processes left in {} stays: {}", root, unreadable.toString());
    }
  }

  private Path directory(JobId id) {
    return root.resolve(id.value());
  }

  private UnreachableFilesException unreachable(FetchFailure failure) {
    return new UnreachableFilesException(objects.location(), failure);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    try {
      if (!timer.awaitTermination(STOP_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a call to {} hangs", objects.location());
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    objects.close();
  }
}
