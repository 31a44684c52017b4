package io.sparkappliance.jobs;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * Sessions that outlive a job, by the names that their users gave them. What they hold (variables,
 * temporary views, the current database) is in the thrift server, behind one connection. Where that
 * is lost, nothing goes on as if it were there: every job that was sent before somebody was told of
 * the loss fails, and what is sent afterwards begins a new session.
 */
public final class NamedSessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NamedSessions.class);

  /** A firewall may forget a connection on which nothing happens. */
  private static final Duration LOOK = Duration.ofMinutes(1);

  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration CLOSE = Duration.ofSeconds(2);

  private final SqlSessions logins;
  private final SessionMarks marks;
  private final Duration idle;
  private final int perUser;
  private final InstantSource clock;
  private final Map<SessionKey, NamedSession> sessions = new HashMap<>();
  private final Map<JobId, NamedSession> byJob = new HashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sql-sessions").factory());

  /**
   * Knows no session yet.
   *
   * @param logins to the thrift server
   * @param directory for marks of its own
   * @param idle after which a session that nobody uses is closed
   * @param perUser how many sessions a user may have
   */
  NamedSessions(
      SqlSessions logins, Path directory, Duration idle, int perUser, InstantSource clock) {
    this.logins = logins;
    this.marks = new SessionMarks(directory);
    this.idle = idle;
    this.perUser = perUser;
    this.clock = clock;
  }

  /**
   * Learns what sessions an earlier process had, so that their owners are told of their loss, and
   * looks after sessions from now on.
   *
   * @throws IOException when that can't be read
   */
  void start() throws IOException {
    for (SessionMarks.Mark mark : marks.all()) {
      NamedSession session = new NamedSession(mark.key(), mark.settings(), now());
      session.begin();
      session.lose();
      synchronized (this) {
        sessions.put(mark.key(), session);
      }
    }
    Duration interval = idle.dividedBy(4).compareTo(LOOK) < 0 ? idle.dividedBy(4) : LOOK;
    var _ =
        timer.scheduleWithFixedDelay(
            this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /** The sessions of a user, by name. */
  public synchronized List<SessionInfo> of(String owner) {
    return sessions.values().stream()
        .filter(session -> session.key().owner().equals(owner) && !session.isLost())
        .map(NamedSession::info)
        .sorted(Comparator.comparing(SessionInfo::name))
        .toList();
  }

  /**
   * Makes a session; the thrift server learns of it with its first job.
   *
   * @param settings with which it begins
   * @throws InvalidRequestException when the name is none
   * @throws ConflictException when the user has one of this name
   * @throws QuotaException when the user has too many
   * @throws IOException when it can't be written down
   */
  public synchronized SessionInfo create(String owner, String name, Map<String, String> settings)
      throws IOException {
    SessionKey key = new SessionKey(owner, SessionKey.checkedName("name", name));
    Optional<NamedSession> before = Optional.ofNullable(sessions.get(key));
    // Who makes a lost one anew knows that it is gone, unless jobs still wait for it.
    if (before.filter(session -> session.isBusy() || !session.isLost()).isPresent()) {
      throw new ConflictException("you have a session " + name + " already");
    }
    checkQuota(owner);
    NamedSession session = new NamedSession(key, settings, now());
    marks.add(new SessionMarks.Mark(key, settings));
    session.begin();
    sessions.put(key, session);
    return session.info();
  }

  private void checkQuota(String owner) {
    // One that is lost holds nothing, unless a job will begin it anew.
    long many =
        sessions.values().stream()
            .filter(session -> session.key().owner().equals(owner))
            .filter(session -> !session.isLost() || session.isBusy())
            .count();
    if (many >= perUser) {
      throw new QuotaException(
          "you have as many sessions as you may have, "
              + perUser
              + ": close one that you don't need (the operator's setting MAX_USER_SESSIONS)");
    }
  }

  /**
   * Closes a session.
   *
   * @return false when the user has none of this name
   * @throws ConflictException when a job of it waits or runs
   */
  public boolean delete(String owner, String name) {
    Optional<SqlSession> open;
    synchronized (this) {
      NamedSession session = sessions.get(new SessionKey(owner, name));
      if (session == null) {
        return false;
      }
      if (session.isBusy()) {
        throw new ConflictException(
            "a job of the session waits or runs; cancel it, or wait for its end");
      }
      open = forget(session);
    }
    open.ifPresent(NamedSessions::end);
    return true;
  }

  /** Closes the sessions of a user who leaves; those that jobs need, when these are over. */
  public void deleteAll(String owner) {
    List<Optional<SqlSession>> open = new ArrayList<>();
    synchronized (this) {
      for (NamedSession session : List.copyOf(sessions.values())) {
        if (session.key().owner().equals(owner)) {
          if (session.isBusy()) {
            session.endSoon();
          } else {
            open.add(forget(session));
          }
        }
      }
    }
    open.forEach(session -> session.ifPresent(NamedSessions::end));
  }

  private Optional<SqlSession> forget(NamedSession session) {
    sessions.remove(session.key());
    marks.remove(session.key());
    Optional<SqlSession> open = session.open();
    session.lose();
    return open;
  }

  /**
   * A job waits for its turn.
   *
   * @param request which may name a session
   * @throws QuotaException when it names a new one, and its owner has too many
   */
  synchronized void enter(JobId job, String owner, JobRequest request) {
    Optional<SessionKey> key = sessionOf(request).map(name -> new SessionKey(owner, name));
    if (key.isPresent()) {
      NamedSession known = sessions.get(key.get());
      if (known == null || (known.isLost() && !known.isBusy())) {
        checkQuota(owner);
      }
    }
    enterAgain(job, owner, request);
  }

  /** A job that was taken by an earlier process waits for its turn. */
  synchronized void enterAgain(JobId job, String owner, JobRequest request) {
    sessionOf(request)
        .map(name -> new SessionKey(owner, name))
        .ifPresent(
            key -> {
              NamedSession session =
                  sessions.computeIfAbsent(key, it -> new NamedSession(it, Map.of(), now()));
              session.add(job);
              byJob.put(job, session);
            });
  }

  /** The session that a request names. */
  static Optional<String> sessionOf(JobRequest request) {
    return request instanceof SqlRequest query ? query.session() : Optional.empty();
  }

  /** A job is over, or was never taken. */
  void leave(JobId job) {
    Optional<SqlSession> open = Optional.empty();
    synchronized (this) {
      NamedSession session = byJob.remove(job);
      if (session != null) {
        session.remove(job, now());
        // One that never began, or was given up, is nothing to keep.
        if (!session.isBusy()
            && (session.isEnding() || !session.hasBegun())
            && sessions.get(session.key()) == session) {
          open = forget(session);
        }
      }
    }
    open.ifPresent(NamedSessions::end);
  }

  /**
   * The session of a job, whose turn it is.
   *
   * @param server where it begins if it has not yet
   * @throws JobFailure when what it held is gone
   * @throws SQLException when it can't be opened
   * @throws IOException when it can't be written down that it has begun
   */
  SqlSession use(JobId job, HostAndPort server) throws JobFailure, SQLException, IOException {
    NamedSession session;
    synchronized (this) {
      session = Optional.ofNullable(byJob.get(job)).orElseThrow();
    }
    session.use().lock();
    try {
      check(session);
      synchronized (this) {
        if (session.tellsLoss(job, now())) {
          if (!session.hasBegun()) {
            marks.remove(session.key());
          }
          throw new JobFailure(
              "the session "
                  + session.key().name()
                  + " is gone, with its variables, its temporary views and its current database:"
                  + " the thrift server or this gateway was restarted, or their connection broke."
                  + " What is sent to the session from now on begins it anew");
        }
      }
      SqlSession open = session.open().isPresent() ? session.open().get() : open(session, server);
      return new SqlSession(open.server(), open.connection(), open.application(), _ -> {});
    } finally {
      session.use().unlock();
    }
  }

  private SqlSession open(NamedSession session, HostAndPort server)
      throws SQLException, IOException {
    SqlSession open = logins.open(server);
    boolean ready = false;
    try {
      for (Map.Entry<String, String> setting : session.settings().entrySet()) {
        try (Statement statement = open.connection().createStatement()) {
          statement.execute(SqlRunner.set(setting));
        }
      }
      // Nothing is in it before this: what a crash loses from now on is told.
      marks.add(new SessionMarks.Mark(session.key(), session.settings()));
      ready = true;
    } finally {
      if (!ready) {
        end(open);
      }
    }
    synchronized (this) {
      session.open(open, now());
      session.begin();
    }
    return open;
  }

  /** Finds out whether a session is still there; whoever calls has it in use. */
  private void check(NamedSession session) throws JobFailure {
    Optional<SqlSession> open;
    synchronized (this) {
      open = session.open();
    }
    if (open.isPresent() && !answers(open.get())) {
      LOG.info("the session {} of {} is lost", session.key().name(), session.key().owner());
      synchronized (this) {
        session.lose();
      }
      Thread.startVirtualThread(() -> end(open.get()));
    }
  }

  private static boolean answers(SqlSession session) throws JobFailure {
    CompletableFuture<Boolean> answer =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return session.connection().isValid(0);
              } catch (SQLException | RuntimeException | LinkageError broken) {
                return false;
              }
            },
            Thread::startVirtualThread);
    try {
      return answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException silent) {
      return false;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new JobFailure("interrupted");
    }
  }

  /** Closes what nobody uses any more, and keeps the rest from being forgotten by firewalls. */
  private void look() {
    try {
      List<NamedSession> others = new ArrayList<>();
      List<Optional<SqlSession>> unused = new ArrayList<>();
      synchronized (this) {
        for (NamedSession session : List.copyOf(sessions.values())) {
          if (session.isIdle(idle, now())) {
            unused.add(forget(session));
          } else {
            others.add(session);
          }
        }
      }
      unused.forEach(
          session -> session.ifPresent(open -> Thread.startVirtualThread(() -> end(open))));
      others.forEach(session -> Thread.startVirtualThread(() -> lookAt(session)));
    } catch (RuntimeException trouble) {
      LOG.error("sessions can't be looked after", trouble);
    }
  }

  private void lookAt(NamedSession session) {
    synchronized (this) {
      if (session.isBusy()) {
        return;
      }
    }
    if (session.use().tryLock()) {
      try {
        check(session);
      } catch (JobFailure stopped) {
        LOG.debug("a session was not looked at", stopped);
      } finally {
        session.use().unlock();
      }
    }
  }

  private static void end(SqlSession session) {
    try {
      session.close();
    } catch (SQLException | RuntimeException gone) {
      LOG.debug("a session could not be closed", gone);
    }
  }

  /** Closes all of them; their marks stay, for whoever comes next. */
  @Override
  public void close() {
    timer.shutdownNow();
    List<CompletableFuture<Void>> ends;
    synchronized (this) {
      ends =
          sessions.values().stream()
              .flatMap(session -> session.open().stream())
              .map(open -> CompletableFuture.runAsync(() -> end(open), Thread::startVirtualThread))
              .toList();
    }
    try {
      CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
          .get(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException silent) {
      LOG.debug("sessions could not be closed", silent);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
