package io.sparkappliance.gateway;

import io.sparkappliance.settings.MemorySize;

/** A request is larger than this node takes. */
final class TooLargeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;
  private final transient MemorySize limit;

  TooLargeException(String field, MemorySize limit, String remedy) {
    super("is too large: at most " + limit + remedy);
    this.field = field;
    this.limit = limit;
  }

  String field() {
    return field;
  }

  MemorySize limit() {
    return limit;
  }
}
