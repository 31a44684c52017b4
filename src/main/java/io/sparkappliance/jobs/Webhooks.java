package io.sparkappliance.jobs;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells others of the ends of this gateway's jobs. That somebody is to be told is part of a job's
 * record, written down together with its end: so it is done after a crash as well, by whoever holds
 * the job then, and may be done twice. What is waiting is in the database alone; few messages at a
 * time are under way, to one host fewer still.
 */
public final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);

  /** More would only help where receivers are slow. */
  private static final int AT_ONCE = 8;

  /** Who is slow must not keep the others waiting. */
  private static final int AT_ONCE_TO_A_HOST = 2;

  private static final Duration STOP_TIME = Duration.ofSeconds(5);

  private final JobRecords records;
  private final WebhookSender sender;
  private final Patience patience;
  private final Consumer<Job> outcome;
  private final InstantSource clock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("webhooks").factory());

  /** Jobs that are being told of, and the hosts of their receivers. */
  private final Map<JobId, String> underWay = new HashMap<>();

  /** For what waits for the database. */
  private final CountDownLatch ending = new CountDownLatch(1);

  private boolean closed;
  private boolean away;

  /**
   * How long it is tried.
   *
   * @param look between two looks for what is to be told
   * @param pauses after each attempt that failed, but the last
   */
  record Patience(Duration look, List<Duration> pauses) {
    /** Ten attempts in eight hours. */
    static final Patience DEFAULT =
        new Patience(
            Duration.ofSeconds(1),
            List.of(
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(2),
                Duration.ofMinutes(10),
                Duration.ofMinutes(30),
                Duration.ofHours(1),
                Duration.ofHours(2),
                Duration.ofHours(4)));

    Patience {
      pauses = List.copyOf(pauses);
    }
  }

  Webhooks(
      JobRecords records,
      WebhookSender sender,
      Patience patience,
      Consumer<Job> outcome,
      InstantSource clock) {
    this.records = records;
    this.sender = sender;
    this.patience = patience;
    this.outcome = outcome;
    this.clock = clock;
  }

  /** Begins, with what an earlier process has left. */
  public void start() {
    var _ =
        timer.scheduleWithFixedDelay(
            this::look, 0, patience.look().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      for (JobId id : next()) {
        begin(id);
      }
      away = false;
    } catch (IOException unreachable) {
      if (!away) {
        LOG.warn("can't look whose end is to be told: {}", unreachable.getMessage());
      }
      away = true;
    } catch (RuntimeException | LinkageError fault) {
      LOG.error("an error of the appliance itself", fault);
    }
  }

  private List<JobId> next() throws IOException {
    Set<JobId> known;
    Set<String> busy;
    synchronized (this) {
      known = Set.copyOf(underWay.keySet());
      busy =
          underWay.values().stream()
              .filter(host -> toHost(host) >= AT_ONCE_TO_A_HOST)
              .collect(Collectors.toSet());
    }
    int free = AT_ONCE - known.size();
    return free > 0 ? records.toBeTold(clock.instant(), busy, known, free) : List.of();
  }

  private long toHost(String host) {
    return underWay.values().stream().filter(host::equals).count();
  }

  private void begin(JobId id) throws IOException {
    Optional<Job> found;
    try {
      found = records.find(id);
    } catch (DamagedRecordException damaged) {
      LOG.error("nobody is told of the end of job {}", id, damaged);
      records.tellNobody(id);
      return;
    }
    if (found.isEmpty()) {
      return;
    }
    Job job = found.get();
    Optional<URI> address = job.submission().terms().webhook();
    if (address.isEmpty() || job.delivery().isEmpty()) {
      LOG.error("nobody is told of the end of job {}: its record does not say whom", id);
      records.tellNobody(id);
      return;
    }
    String host = WebhookAddress.host(address.get());
    synchronized (this) {
      if (closed || toHost(host) >= AT_ONCE_TO_A_HOST) {
        return;
      }
      underWay.put(id, host);
    }
    Thread.ofVirtual().name("webhook " + id).start(() -> tell(job));
  }

  private void tell(Job job) {
    try {
      Job told = job.told(attempt(job, job.delivery().orElseThrow()));
      if (save(told) && told.delivery().flatMap(Delivery::due).isEmpty()) {
        outcome.accept(told);
      }
    } catch (RuntimeException | LinkageError fault) {
      LOG.error("an error of the appliance itself", fault);
    } finally {
      synchronized (this) {
        underWay.remove(job.id());
        notifyAll();
      }
      lookAtOnce();
    }
  }

  /** There is a place again. */
  private void lookAtOnce() {
    try {
      timer.execute(this::look);
    } catch (RejectedExecutionException closing) {
      LOG.trace("no look any more", closing);
    }
  }

  private Delivery attempt(Job job, Delivery before) {
    try {
      sender.send(job);
      LOG.info("the end of job {} was told", job.id());
      return before.delivered();
    } catch (WebhookFailure failure) {
      return failed(job, before, failure);
    } catch (RuntimeException fault) {
      LOG.error("an error of the appliance itself", fault);
      return failed(job, before, WebhookFailure.passing("an error of the appliance itself"));
    }
  }

  private Delivery failed(Job job, Delivery before, WebhookFailure failure) {
    boolean last = failure.isLasting() || before.attempts() >= patience.pauses().size();
    LOG.info(
        "the end of job {} could not be told{}: {}",
        job.id(),
        last ? ", and will not be" : "",
        failure.getMessage());
    return last
        ? before.failed(failure.getMessage())
        : before.again(next(before.attempts()), failure.getMessage());
  }

  /** Not all at the same moment, when a receiver is back. */
  private Instant next(int attempts) {
    long pause = patience.pauses().get(attempts).toMillis();
    return clock.instant().plusMillis(pause + ThreadLocalRandom.current().nextLong(pause / 5 + 1));
  }

  /**
   * As soon as the database answers: otherwise the same would be told again and again.
   *
   * @return false when it is another gateway's by now, or deleted
   */
  private boolean save(Job told) {
    while (true) {
      try {
        records.save(told);
        return true;
      } catch (TakenOverException others) {
        LOG.info("whether the end of job {} was told does not count here", told.id());
        return false;
      } catch (IOException notNow) {
        LOG.warn(
            "how far the end of job {} was told has to be written down later: {}",
            told.id(),
            notNow.toString());
        if (!pause()) {
          return false;
        }
      }
    }
  }

  /** Returns false when it is time to end. */
  private boolean pause() {
    try {
      return !ending.await(patience.look().toMillis() * 2, TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Begins nothing any more; what is under way has a moment. */
  @Override
  public void close() {
    timer.shutdownNow();
    long deadline = System.nanoTime() + STOP_TIME.toNanos();
    synchronized (this) {
      closed = true;
      ending.countDown();
      try {
        while (!underWay.isEmpty() && System.nanoTime() < deadline) {
          wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
        }
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
    sender.close();
  }
}
