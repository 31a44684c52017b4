package io.sparkappliance.auth;

/** What a provider wrote, for people to read. */
final class ProviderText {
  private static final int LONGEST = 1000;

  private ProviderText() {}

  /** Of bounded length, and without what would steer a terminal. */
  static String printable(String text) {
    String safe = text.replaceAll("\\p{C}", "?");
    return safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST) + "…";
  }
}
