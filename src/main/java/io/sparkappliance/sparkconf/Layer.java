package io.sparkappliance.sparkconf;

/**
 * Where the value of a Spark setting came from, weakest first: a later layer replaces the whole
 * value of an earlier one. Spark's own default is the layer below them all and has no entry.
 */
public enum Layer {
  /** The appliance's {@code conf/spark-defaults.conf}. */
  SHIPPED("shipped conf/"),
  /**
   * Found out or planned on this node: addresses, paths, memory that nobody set, generated secrets.
   */
  NODE("this node"),
  /** A file that an operator mounted, {@code /etc/spark-appliance} unless told otherwise. */
  MOUNTED("mounted configuration"),
  /** The properties file named by {@code EXT_CONF}. */
  EXT_CONF("EXT_CONF"),
  /** An environment variable that is set. */
  VARIABLE("variable");

  private final String label;

  Layer(String label) {
    this.label = label;
  }

  /** What people call it; {@code check} prints it. */
  public String label() {
    return label;
  }

  /** Whether a person chose the value, so that it must not be changed to make something fit. */
  public boolean isSetByUser() {
    return compareTo(MOUNTED) >= 0;
  }
}
