package io.sparkappliance.jobs;

import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends jobs that take too long or leave too much. */
final class RunLimits {
  private static final Logger LOG = LoggerFactory.getLogger(RunLimits.class);

  private static final Duration LOOK_AT_OUTPUT = Duration.ofSeconds(5);
  private static final Duration SHORTEST = Duration.ofMillis(50);

  private final JobFiles files;
  private final NotedApplications applications;
  private final long outputBytes;
  private final ScheduledExecutorService timer;

  /**
   * Looks at jobs now and then.
   *
   * @param applications is asked at each look, too
   * @param outputBytes what one job may leave behind
   */
  RunLimits(
      JobFiles files,
      NotedApplications applications,
      long outputBytes,
      ScheduledExecutorService timer) {
    this.files = files;
    this.applications = applications;
    this.outputBytes = outputBytes;
    this.timer = timer;
  }

  /**
   * Watches one, until that is cancelled.
   *
   * @param started since when it runs
   * @return empty when nothing bounds it
   */
  Optional<ScheduledFuture<?>> watch(LiveJob job, Instant started) {
    Optional<Duration> limit = job.job().submission().terms().timeLimit();
    boolean writesFreely = job.job().kind() == JobKind.APPLICATION;
    if (writesFreely) {
      files.share().follow(job.job(), job.holder());
    }
    if (limit.isEmpty() && !writesFreely) {
      return Optional.empty();
    }
    Duration interval =
        limit
            .map(time -> time.dividedBy(20))
            .filter(time -> time.compareTo(LOOK_AT_OUTPUT) < 0)
            .map(time -> time.compareTo(SHORTEST) < 0 ? SHORTEST : time)
            .orElse(LOOK_AT_OUTPUT);
    return Optional.of(
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                look(job, started, limit, writesFreely);
              } catch (RuntimeException fault) {
                // Its next look may do better; without one the job had no limits any more.
                LOG.error("the limits of job {} can't be watched now", job.id(), fault);
              }
            },
            interval.toMillis(),
            interval.toMillis(),
            TimeUnit.MILLISECONDS));
  }

  private void look(LiveJob job, Instant started, Optional<Duration> limit, boolean writesFreely) {
    applications.look(job);
    if (limit.isPresent() && Instant.now().isAfter(started.plus(limit.get()))) {
      job.stop(
          new Stop("it ran longer than its time limit of " + limit.get().toSeconds() + " seconds"));
    } else if (writesFreely
        // Until what it has written is here, nothing can be counted.
        && Files.exists(files.directory(job.id()))
        && files.outputBytes(job.id(), job.job().submission().inputBytes()) > outputBytes) {
      job.stop(new Stop(SqlRunner.tooMuch(outputBytes)));
    }
  }
}
