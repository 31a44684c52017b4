package io.sparkappliance.supervise;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * SIGTERM and SIGINT. Not by a shutdown hook: while hooks run, the JVM ignores further signals, and
 * the second one must kill.
 *
 * <p>{@code sun.misc.Signal} is the only way a JVM offers; it is reached by reflection, because the
 * compiler's warning about it can't be silenced for one class.
 */
public final class Signals {
  private static final int SIGNAL_EXIT_BASE = 128;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  private Signals() {}

  /**
   * Takes the signals over from the JVM.
   *
   * @param first called at the first signal with the exit code that belongs to it: 143 for SIGTERM,
   *     130 for SIGINT
   * @param second called at every further one, likewise
   */
  public static void handle(IntConsumer first, IntConsumer second) {
    AtomicBoolean told = new AtomicBoolean();
    IntConsumer inTurn = code -> (told.compareAndSet(false, true) ? first : second).accept(code);
    handle("INT", () -> inTurn.accept(SIGNAL_EXIT_BASE + SIGINT));
    handle("TERM", () -> inTurn.accept(SIGNAL_EXIT_BASE + SIGTERM));
  }

  /**
   * SIGPWR, by which Spark's workers are retired, too; a system that doesn't know it can't send it.
   *
   * @param action called at each; must return at once
   */
  public static void handlePowerFailure(Runnable action) {
    if (Files.isDirectory(Path.of("/proc/self"))) {
      handle("PWR", action);
    }
  }

  private static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler invocation =
          (proxy, method, arguments) -> {
            action.run();
            return null;
          };
      Object proxy =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(), new Class<?>[] {handler}, invocation);
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException noSignals) {
      throw new IllegalStateException("this JVM offers no sun.misc.Signal", noSignals);
    }
  }
}
