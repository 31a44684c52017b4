package io.sparkappliance.supervise;

import io.sparkappliance.cluster.Turn;
import io.sparkappliance.daemon.Command;
import io.sparkappliance.daemon.DaemonSpec;
import io.sparkappliance.daemon.Probe;
import io.sparkappliance.daemon.ProcessStarter;
import io.sparkappliance.daemon.Renewal;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Settings.LogFormat;
import io.sparkappliance.settings.Settings.Supervision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A node whose daemons are shell scripts: real processes, in milliseconds. */
final class ShellNode {
  /** Notes its start and its end; is ready at once. Leaves a child behind. */
  static final String GOOD =
      """
      echo "start $0" >>events
      echo $$ >$0.pid
      trap 'echo "stop $0" >>events; exit 0' TERM
      sleep 1000 &
      echo $! >$0.child
      touch $0.ready
      wait
      """;

  private static final long WAIT_SECONDS = 30;

  private final Path directory;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final List<DaemonSpec> specs = new ArrayList<>();
  private final AtomicInteger timesReady = new AtomicInteger();
  private final AtomicInteger aftermaths = new AtomicInteger();
  private CompletableFuture<Integer> exitCode = CompletableFuture.completedFuture(0);
  private Supervisor supervisor;

  Duration gracePeriod = Duration.ofSeconds(10);
  Duration readyTimeout = Duration.ofSeconds(30);
  int maxRestarts = 2;
  Duration restartWindow = Duration.ofMinutes(10);
  Duration pause = Duration.ofMillis(10);
  ProbeTimes times =
      new ProbeTimes(Duration.ofMillis(20), Duration.ofMillis(50), Duration.ofSeconds(10));

  Runnable whenReady = () -> {};
  Optional<LogShipper> shipper = Optional.empty();

  ShellNode(Path directory) {
    this.directory = directory;
  }

  /** Adds a daemon that is ready when the file {@code NAME.ready} exists. */
  ShellNode daemon(String name, String script, String... after) {
    return daemon(name, script, readyFile(name), List.of(), after);
  }

  ShellNode daemon(
      String name, String script, Probe probe, List<HostAndPort> listens, String... after) {
    return command(name, List.of("/bin/sh", "-c", script, name), probe, listens, after);
  }

  ShellNode command(
      String name,
      List<String> arguments,
      Probe probe,
      List<HostAndPort> listens,
      String... after) {
    specs.add(new DaemonSpec(name, List.of(), command(arguments), List.of(after), listens, probe));
    return this;
  }

  /** Adds a daemon that needs others, who are there when the file {@code peers} exists. */
  ShellNode daemonWithPeers(String name, String script, boolean beforeStart) {
    return daemon(name, script, peers(beforeStart), DaemonSpec.Ending.FAILURE, Turn.ALWAYS);
  }

  private DaemonSpec.Peers peers(boolean beforeStart) {
    Path peers = file("peers");
    Probe presence = () -> Files.exists(peers) ? Optional.empty() : Optional.of("nobody is there");
    return beforeStart ? new DaemonSpec.Peers(presence, presence) : DaemonSpec.Peers.some(presence);
  }

  /** Adds a daemon whose exit code 0 is no failure; notes each end as {@code aftermath}. */
  ShellNode daemonThatMayEnd(String name, String script) {
    DaemonSpec.Ending ending =
        new DaemonSpec.Ending(
            code -> code == 0 ? Optional.of("it leads no more") : Optional.empty(),
            aftermaths::incrementAndGet,
            Optional.empty(),
            Optional::empty);
    return daemon(name, script, DaemonSpec.Peers.NONE, ending, Turn.ALWAYS);
  }

  /** Adds a daemon that is asked by a signal to give its work to others before it ends. */
  ShellNode daemonThatRetires(String name, String script, String signal) {
    return daemon(name, script, DaemonSpec.Peers.NONE, retiringAt(signal), Turn.ALWAYS);
  }

  private DaemonSpec.Ending retiringAt(String signal) {
    return new DaemonSpec.Ending(
        code -> Optional.empty(),
        () -> {},
        Optional.of(pid -> command(List.of("kill", "-s", signal, Long.toString(pid)))),
        Optional::empty);
  }

  /** Adds a daemon that is hopeless while the file is there; its peers are, as above. */
  ShellNode daemonWithoutHope(String name, String script, String hopeless) {
    Path file = file(hopeless);
    Probe hope = () -> Files.exists(file) ? Optional.of("nobody knows it") : Optional.empty();
    return daemon(name, script, peers(false), DaemonSpec.Ending.failureOr(hope), Turn.ALWAYS);
  }

  /** Adds the same, whose script is another when the file {@code others} exists. */
  ShellNode daemonThatIsRenewed(String name, String script, String later, String signal) {
    AtomicBoolean renewed = new AtomicBoolean();
    Renewal renewal =
        (current, moment) ->
            Files.exists(file("others")) && !renewed.getAndSet(true)
                ? Optional.of(command(List.of("/bin/sh", "-c", later, name)))
                : Optional.empty();
    return daemon(name, script, DaemonSpec.Peers.NONE, retiringAt(signal), Turn.ALWAYS, renewal);
  }

  /** Adds a daemon that starts when it is its turn. */
  ShellNode daemonInTurn(String name, String script, Turn turn) {
    return daemon(name, script, DaemonSpec.Peers.NONE, DaemonSpec.Ending.FAILURE, turn);
  }

  private ShellNode daemon(
      String name, String script, DaemonSpec.Peers peers, DaemonSpec.Ending ending, Turn turn) {
    return daemon(name, script, peers, ending, turn, Renewal.NONE);
  }

  private ShellNode daemon(
      String name,
      String script,
      DaemonSpec.Peers peers,
      DaemonSpec.Ending ending,
      Turn turn,
      Renewal renewal) {
    Probe ready = readyFile(name);
    specs.add(
        new DaemonSpec(
            name,
            List.of(),
            command(List.of("/bin/sh", "-c", script, name)),
            List.of(),
            List.of(),
            ready,
            ready,
            peers,
            ending,
            turn,
            renewal));
    return this;
  }

  private Probe readyFile(String name) {
    Path ready = file(name + ".ready");
    return () -> Files.exists(ready) ? Optional.empty() : Optional.of("no file");
  }

  /** How often the end of a process was followed up. */
  int aftermaths() {
    return aftermaths.get();
  }

  private Command command(List<String> arguments) {
    return new Command(arguments, Map.of("PATH", System.getenv("PATH")), directory);
  }

  ShellNode start() {
    return start(made -> {});
  }

  /** Starts it, after somebody was given its supervisor. */
  ShellNode start(Consumer<Supervisor> first) {
    supervisor =
        new Supervisor(
            specs,
            new Supervision(gracePeriod, readyTimeout, maxRestarts, restartWindow, LogFormat.TEXT),
            ProcessStarter.ofThisMachine(),
            new Console(
                new PrintStream(output, true, StandardCharsets.UTF_8),
                LogFormat.TEXT,
                Clock.systemUTC()),
            new DaemonLogs(directory, shipper),
            () -> {
              timesReady.incrementAndGet();
              whenReady.run();
            },
            new Backoff(pause, pause, () -> 0),
            times);
    first.accept(supervisor);
    exitCode =
        CompletableFuture.supplyAsync(supervisor::run, task -> Thread.ofPlatform().start(task));
    return this;
  }

  Supervisor supervisor() {
    return supervisor;
  }

  DaemonStatus status(String name) {
    return supervisor.status().daemons().stream()
        .filter(daemon -> daemon.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  State state(String name) {
    return status(name).state();
  }

  int timesReady() {
    return timesReady.get();
  }

  /** Waits for the end of the node. */
  int exitCode() throws Exception {
    return exitCode.get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  /** Waits for the end of the node, for as long as it takes. */
  int exitCodeWhenever() {
    return exitCode.join();
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  List<String> events() {
    return lines("events");
  }

  List<String> lines(String name) {
    try {
      return Files.exists(file(name)) ? Files.readAllLines(file(name)) : List.of();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The process whose number stands in a file; empty when it has ended. */
  Optional<ProcessHandle> process(String fileName) {
    return lines(fileName).stream()
        .findFirst()
        .map(Long::parseLong)
        .flatMap(ProcessHandle::of)
        .filter(ProcessHandle::isAlive);
  }

  List<String> output() {
    return output.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Leaves nothing behind, however the test went. */
  void end() throws Exception {
    if (supervisor != null && !exitCode.isDone()) {
      supervisor.stop(143);
      supervisor.kill();
      exitCode();
    }
  }
}
