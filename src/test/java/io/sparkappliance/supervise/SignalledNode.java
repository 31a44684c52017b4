package io.sparkappliance.supervise;

import java.nio.file.Path;
import java.time.Duration;

/** A node with one shell script, as a process of its own that signals can be sent to. */
final class SignalledNode {
  private SignalledNode() {}

  /** Takes the directory to work in, and the script. */
  public static void main(String[] arguments) throws Exception {
    ShellNode node = new ShellNode(Path.of(arguments[0]));
    node.gracePeriod = Duration.ofMinutes(5);
    node.whenReady = () -> System.out.println("ready");
    node.daemon("daemon", arguments[1]).start();
    Signals.handle(
        node.supervisor()::stop,
        code -> {
          node.supervisor().kill();
          Runtime.getRuntime().halt(code);
        });
    System.exit(node.exitCodeWhenever());
  }
}
