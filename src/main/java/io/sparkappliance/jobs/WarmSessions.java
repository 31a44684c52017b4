package io.sparkappliance.jobs;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions on one thrift server that wait for their jobs, since to open one takes longer than most
 * small queries. Each is used once; another one is opened then. A pool of connections, which is
 * made for those that come back, opens them one after the other, with pauses.
 */
final class WarmSessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WarmSessions.class);

  private static final int COUNT = 2;

  /** One that waits holds memory in the driver, and a firewall may forget it: it is renewed. */
  private static final Duration MAX_AGE = Duration.ofMinutes(10);

  /** One that was opened or looked at just now is taken to be well. */
  private static final Duration SURE = Duration.ofMillis(500);

  private static final Duration INTERVAL = Duration.ofSeconds(30);

  private final Login login;
  private final Deque<Warm> ready = new ArrayDeque<>();
  private int opening;
  private boolean closed;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sql-sessions").factory());

  /** Opens sessions; any thread may call it, and several at once. */
  @FunctionalInterface
  interface Login {
    /**
     * Opens one.
     *
     * @throws SQLException when the server refuses, or does not answer
     */
    Warm open() throws SQLException;
  }

  /**
   * An open session.
   *
   * @param application id of the server's Spark application, where it is known
   * @param since when it was opened, by {@link System#nanoTime}
   */
  record Warm(Connection connection, Optional<String> application, long since) {}

  /** Begins to open some. */
  WarmSessions(Login login) {
    this.login = login;
    var _ =
        timer.scheduleWithFixedDelay(this::renew, 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * A session, for one job.
   *
   * @param patience how long to wait for one that has to be opened; it is the next one's if it
   *     comes later
   * @throws SQLException when the server refuses, or does not answer in time
   */
  Warm take(Duration patience) throws SQLException {
    Optional<Warm> next = next();
    if (next.isPresent() && isSure(next.get())) {
      return next.get();
    }
    CompletableFuture<Warm> found = new CompletableFuture<>();
    Thread.ofVirtual().name("sql-login").start(() -> find(next, found));
    try {
      return found.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      SQLException silent = new SQLException("it does not answer", late);
      if (found.completeExceptionally(silent)) {
        throw silent;
      }
      return outcome(found);
    } catch (ExecutionException refused) {
      throw failure(refused);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      SQLException interrupted = new SQLException("interrupted", stopped);
      if (found.completeExceptionally(interrupted)) {
        throw interrupted;
      }
      return outcome(found);
    }
  }

  private static Warm outcome(CompletableFuture<Warm> found) throws SQLException {
    try {
      return found.resultNow();
    } catch (IllegalStateException failed) {
      throw new SQLException(found.exceptionNow().getMessage(), found.exceptionNow());
    }
  }

  private static SQLException failure(ExecutionException refused) {
    return refused.getCause() instanceof SQLException known
        ? known
        : new SQLException(refused.getCause().getMessage(), refused.getCause());
  }

  /** The given one if it is well, or else a new one. */
  private void find(Optional<Warm> known, CompletableFuture<Warm> found) {
    try {
      boolean well = known.isPresent() && isWell(known.get());
      known.filter(_ -> !well).ifPresent(broken -> end(broken.connection()));
      Warm session = well ? known.get() : login.open();
      if (!found.complete(session)) {
        keep(session);
      }
    } catch (SQLException | RuntimeException | LinkageError refused) {
      found.completeExceptionally(refused);
    }
  }

  private synchronized Optional<Warm> next() {
    return Optional.ofNullable(ready.pollFirst());
  }

  private static boolean isSure(Warm session) {
    return System.nanoTime() - session.since() < SURE.toNanos();
  }

  private static boolean isWell(Warm session) {
    try {
      return session.connection().isValid(1);
    } catch (SQLException | RuntimeException broken) {
      return false;
    }
  }

  private void keep(Warm session) {
    synchronized (this) {
      if (!closed && ready.size() < COUNT) {
        ready.addLast(session);
        return;
      }
    }
    end(session.connection());
  }

  /** Ends one that was taken, and has another one opened. */
  void giveBack(Connection connection) {
    end(connection);
    fill();
  }

  /** Not by who has done with it: a server that was cut off never answers. */
  private static void end(Connection connection) {
    Thread.ofVirtual()
        .name("sql-logout")
        .start(
            () -> {
              try {
                connection.close();
              } catch (SQLException | RuntimeException gone) {
                LOG.debug("a session could not be closed", gone);
              }
            });
  }

  private void renew() {
    List<Warm> old = new ArrayList<>();
    synchronized (this) {
      long now = System.nanoTime();
      while (!ready.isEmpty() && now - ready.getFirst().since() > MAX_AGE.toNanos()) {
        old.add(ready.pollFirst());
      }
    }
    old.forEach(session -> end(session.connection()));
    fill();
  }

  private void fill() {
    int missing;
    synchronized (this) {
      missing = closed ? 0 : Math.max(0, COUNT - ready.size() - opening);
      opening += missing;
    }
    for (int i = 0; i < missing; i++) {
      Thread.ofVirtual().name("sql-login").start(this::open);
    }
  }

  private void open() {
    try {
      keep(login.open());
    } catch (SQLException | RuntimeException | LinkageError notNow) {
      LOG.debug("no session can be opened now", notNow);
    } finally {
      synchronized (this) {
        opening--;
      }
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    List<Warm> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(ready);
      ready.clear();
    }
    left.forEach(session -> end(session.connection()));
  }
}
