package io.sparkappliance.supervise;

import io.sparkappliance.settings.Settings.LogFormat;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** A node with one shell script, as a process of its own that signals can be sent to. */
final class SignalledNode {
  private SignalledNode() {}

  /** Takes the directory to work in, and the script; without one it stays in preparation. */
  public static void main(String[] arguments) throws Exception {
    ShellNode node = new ShellNode(Path.of(arguments[0]));
    node.gracePeriod = Duration.ofMinutes(5);
    NodeLife life = new NodeLife(new Console(System.out, LogFormat.TEXT, Clock.systemUTC()));
    Signals.handle(life::stop, life::kill);
    if (arguments.length == 1) {
      // What a node does before it has daemons: an installation that takes its time.
      Process installation = new ProcessBuilder("sleep", "1000").start();
      System.out.println("ready");
      installation.waitFor();
      life.unlessStopped();
      throw new IllegalStateException("went on although it was stopped");
    }
    node.whenReady =
        () -> {
          life.supervisedBy(node.supervisor());
          System.out.println("ready");
        };
    node.daemon("daemon", arguments[1]).start();
    System.exit(node.exitCodeWhenever());
  }
}
