package io.sparkappliance.spark;

import java.lang.reflect.Field;
import java.util.Map;

/** The environment of this process, as Java code and the children it starts see it. */
final class OwnEnvironment {
  private OwnEnvironment() {}

  /**
   * Removes a variable. The JDK offers no way to; Spark opens {@code java.lang} to everybody, so
   * its copy of the environment can be reached.
   *
   * @throws IllegalStateException when the JDK keeps its copy elsewhere: better no executor than
   *     one that shows the secret
   */
  static void forget(String variable) {
    try {
      Field copy = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theEnvironment");
      copy.setAccessible(true);
      ((Map<?, ?>) copy.get(null)).keySet().removeIf(name -> name.toString().equals(variable));
    } catch (ReflectiveOperationException | RuntimeException elsewhere) {
      throw new IllegalStateException(
          "can't remove " + variable + " from the environment", elsewhere);
    }
    if (System.getenv(variable) != null) {
      throw new IllegalStateException("can't remove " + variable + " from the environment");
    }
  }
}
