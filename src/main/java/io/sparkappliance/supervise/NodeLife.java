package io.sparkappliance.supervise;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Answers for the node from its first moment, when configuration and libraries are still fetched
 * and there is no supervisor yet.
 */
public final class NodeLife {
  private static final NodeStatus PREPARING = new NodeStatus(NodeStatus.Phase.PREPARING, List.of());

  private final Console console;
  private final IntConsumer halt;

  /** For how long each retirement may take that was asked for before there were daemons. */
  private final List<Duration> postponed = new ArrayList<>();

  private Supervisor supervisor;
  private Runnable beforeEarlyEnd = () -> {};
  private boolean endsEarly;
  private int codeOfEarlyEnd;

  /**
   * Before anything is started.
   *
   * @param console gets what the node says
   */
  public NodeLife(Console console) {
    this(console, NodeLife::halt);
  }

  NodeLife(Console console, IntConsumer halt) {
    this.console = console;
    this.halt = halt;
  }

  /** What is to be done first when {@link #drain} ends a node that has no daemons yet. */
  public synchronized void beforeEarlyEnd(Runnable action) {
    beforeEarlyEnd = action;
  }

  /** From now on the supervisor answers, and is told. */
  public synchronized void supervisedBy(Supervisor supervisor) {
    awaitEarlyEnd();
    this.supervisor = supervisor;
    postponed.forEach(supervisor::retire);
    postponed.clear();
  }

  /**
   * Gives this node's work to others, and ends it with exit code 0; returns at once. Before there
   * are daemons there is nothing to give: this process ends soon, as by {@link #stop}.
   *
   * @param time for all of it
   */
  public synchronized void drain(Duration time) {
    if (supervisor != null) {
      supervisor.drain(time);
    } else if (!endsEarly) {
      endsEarly = true;
      console.say("ends before a daemon was started: there is no work to give to others");
      Thread.ofPlatform().name("early end").start(this::endEarly);
    }
  }

  private void endEarly() {
    Runnable first;
    synchronized (this) {
      first = beforeEarlyEnd;
    }
    try {
      first.run();
    } finally {
      int code;
      synchronized (this) {
        code = codeOfEarlyEnd;
      }
      halt.accept(code);
    }
  }

  /** Whoever prepares the node goes no further: it ends in a moment. */
  private void awaitEarlyEnd() {
    while (endsEarly) {
      try {
        wait();
      } catch (InterruptedException ignored) {
        // The process ends anyway.
      }
    }
  }

  /**
   * Gives the worker's work to others, for good; the rest goes on. Returns at once.
   *
   * @param time for all of it
   */
  public synchronized void retire(Duration time) {
    if (supervisor == null) {
      postponed.add(time);
    } else {
      supervisor.retire(time);
    }
  }

  /** How the node is now. */
  public synchronized NodeStatus status() {
    return supervisor == null ? PREPARING : supervisor.status();
  }

  /**
   * To be asked before a failure of the preparation is reported. Returns at once, but never when
   * the node is being stopped: what failed was then killed, and is nobody's fault.
   */
  public synchronized void unlessStopped() {
    awaitEarlyEnd();
    // Whoever stops the node before it has daemons holds the lock until this process has ended.
  }

  /**
   * Stops in order what runs; returns at once. Before there are daemons, this process ends here,
   * with what it started: a download or an installation goes on in a temporary file that nobody
   * will take for the whole.
   *
   * @param code exit code of the node
   */
  public synchronized void stop(int code) {
    if (supervisor != null) {
      supervisor.stop(code);
    } else if (endsEarly) {
      codeOfEarlyEnd = code;
    } else {
      console.say("stops before a daemon was started");
      halt.accept(code);
    }
  }

  /**
   * Ends at once.
   *
   * @param code exit code of the node
   */
  public synchronized void kill(int code) {
    console.say("a second signal: kills what still runs");
    if (supervisor != null) {
      supervisor.kill();
    }
    halt.accept(code);
  }

  private static void halt(int code) {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    Runtime.getRuntime().halt(code);
  }
}
