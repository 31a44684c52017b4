package io.sparkappliance.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A session that a user has named, and the jobs that want to run in it. Its lock is that of {@link
 * NamedSessions}, but for the connection: that is its user's, who holds {@link #use()}.
 */
final class NamedSession {
  private final SessionKey key;
  private final Map<String, String> settings;
  private final ReentrantLock use = new ReentrantLock();

  /** Jobs that wait or run, with the life of the session in which they were sent. */
  private final Map<JobId, Integer> jobs = new HashMap<>();

  private Optional<SqlSession> open = Optional.empty();
  private Instant created;
  private Instant lastUsed;
  private int life;
  private boolean begun;
  private boolean lost;
  private boolean ending;

  NamedSession(SessionKey key, Map<String, String> settings, Instant now) {
    this.key = key;
    this.settings = new LinkedHashMap<>(settings);
    this.created = now;
    this.lastUsed = now;
  }

  SessionKey key() {
    return key;
  }

  /** With which it begins, in this order. */
  Map<String, String> settings() {
    return Collections.unmodifiableMap(settings);
  }

  /** Held while the thrift server is asked for something, so that one does that at a time. */
  ReentrantLock use() {
    return use;
  }

  void add(JobId job) {
    jobs.put(job, life);
    ending = false;
  }

  void remove(JobId job, Instant now) {
    jobs.remove(job);
    lastUsed = now;
  }

  boolean isBusy() {
    return !jobs.isEmpty();
  }

  boolean isIdle(Duration time, Instant now) {
    return !isBusy() && lastUsed.plus(time).isBefore(now);
  }

  Optional<SqlSession> open() {
    return open;
  }

  void open(SqlSession session, Instant now) {
    open = Optional.of(session);
    created = begun ? created : now;
  }

  /** It holds something from now on, which may get lost. */
  void begin() {
    begun = true;
  }

  boolean hasBegun() {
    return begun;
  }

  /** What it held is gone. */
  void lose() {
    open = Optional.empty();
    lost = begun;
  }

  boolean isLost() {
    return lost;
  }

  /**
   * Tells a job whether it was sent for what is there no longer. With the first that is told so a
   * life of the session ends: what is sent afterwards begins anew.
   */
  boolean tellsLoss(JobId job, Instant now) {
    boolean gone = lost || jobs.getOrDefault(job, life) != life;
    if (lost) {
      life++;
      lost = false;
      // Settings with which it was made are those of its next life, too.
      begun = !settings.isEmpty();
      created = now;
    }
    return gone;
  }

  /** It is to be closed when the last job of it has ended. */
  void endSoon() {
    ending = true;
  }

  boolean isEnding() {
    return ending;
  }

  SessionInfo info() {
    return new SessionInfo(key.name(), key.owner(), created, lastUsed, isBusy());
  }
}
