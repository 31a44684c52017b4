package io.sparkappliance.testing;

import java.util.concurrent.TimeUnit;

/** Programs that tests have started. */
final class Processes {
  private Processes() {}

  /** Asks it to end; kills it when it has not done so in ten seconds. */
  static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
