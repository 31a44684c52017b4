package io.sparkappliance;

import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.cluster.MasterStatus.State;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.OwnAddress;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.daemon.Daemons;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Moves leadership from this node's master to another, for maintenance: the master is told to end,
 * leaves the election first, and is started again by its launcher to stand by.
 */
final class Handover {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration LOOK = Duration.ofMillis(100);

  private final MasterClient masters;
  private final int page;
  private final List<String> others;
  private final String own;

  private Handover(Settings settings, String own, List<String> others) {
    this.masters = new MasterClient(SparkPages.client(settings.access().ssl()));
    this.page = settings.network().ports().masterUi();
    this.own = own;
    this.others = others;
  }

  /**
   * What came of it.
   *
   * @param done whether another master leads
   * @param message for the person who asked
   */
  record Result(boolean done, String message) {}

  /** Hands over, and waits until another master leads. */
  static Result run(Settings settings, String own) {
    if (!settings.runs(Role.MASTER) || settings.cluster().zooKeeper().isEmpty()) {
      return new Result(
          false,
          "there is nothing to hand over: this node has no master that ZooKeeper elects"
              + " (START_MASTER, ZOOKEEPER_STACK_NAME)");
    }
    List<String> hosts =
        new ArrayList<>(Members.ofMasters(settings).now().stream().map(HostAndPort::host).toList());
    Optional<Integer> place = OwnAddress.placeIn(hosts, own);
    if (place.isEmpty()) {
      return new Result(
          false,
          "exactly one host of MASTER_STACK_NAME must be this one, which is "
              + own
              + "; it names "
              + String.join(",", hosts));
    }
    hosts.remove(place.get() - 1);
    return new Handover(settings, own, hosts).run();
  }

  private Result run() {
    Optional<String> leader = leader();
    if (leader.isPresent()) {
      return new Result(true, leader.get() + " leads, not this node");
    }
    if (state(own).filter(State.ALIVE::equals).isEmpty()) {
      return new Result(false, "the master of this node does not lead, and no other does");
    }
    if (others.stream().noneMatch(host -> state(host).filter(State.STANDBY::equals).isPresent())) {
      return new Result(
          false,
          "no other master stands by: start one first"
              + (others.isEmpty() ? "; MASTER_STACK_NAME names no other" : ""));
    }
    List<ProcessHandle> processes = ownMasters();
    if (processes.isEmpty()) {
      return new Result(false, "the process of this node's master was not found");
    }
    processes.forEach(ProcessHandle::destroy);
    return awaitLeader();
  }

  private Result awaitLeader() {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<String> leader = leader();
      if (leader.isPresent()) {
        return new Result(true, leader.get() + " leads now");
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
    return new Result(
        false, "no other master leads after " + DEADLINE.toSeconds() + " s: look at their logs");
  }

  private Optional<String> leader() {
    return others.stream()
        .filter(host -> state(host).filter(State.ALIVE::equals).isPresent())
        .findFirst();
  }

  private Optional<State> state(String host) {
    return masters.status(new HostAndPort(host, page)).map(MasterStatus::state);
  }

  /** Processes of this user that the launcher started as a master. */
  private static List<ProcessHandle> ownMasters() {
    String user = ProcessHandle.current().info().user().orElse("");
    return ProcessHandle.allProcesses()
        .filter(one -> one.info().user().orElse("").equals(user))
        .filter(Handover::isMaster)
        .toList();
  }

  /** The JDK itself reads no more than a page of a command line. */
  private static boolean isMaster(ProcessHandle process) {
    try {
      Path file = Path.of("/proc", Long.toString(process.pid()), "cmdline");
      return List.of(Files.readString(file).split("\0")).contains(Daemons.MASTER_CLASS);
    } catch (IOException ended) {
      return false;
    }
  }
}
