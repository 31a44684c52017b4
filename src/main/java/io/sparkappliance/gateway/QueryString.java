package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.sparkappliance.jobs.InvalidRequestException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The parameters of a request's address, all of which are known. */
final class QueryString {
  private final Context context;
  private final Set<String> known = new TreeSet<>();

  QueryString(Context context) {
    this.context = context;
  }

  /** A parameter that may be missing or empty. */
  Optional<String> text(String name) {
    known.add(name);
    List<String> values = context.queryParams(name);
    if (values.size() > 1) {
      throw new InvalidRequestException(name, "may be given once only");
    }
    return values.stream().filter(value -> !value.isEmpty()).findFirst();
  }

  /** A whole number; what is meant when it is missing. */
  long number(String name, long least, long most, long otherwise) {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text.get());
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException noNumber) {
      // The same answer as for one that is out of bounds.
    }
    throw new InvalidRequestException(name, "must be a whole number from " + least + " to " + most);
  }

  /** A moment as RFC 3339 writes it; one before 1970 counts as its beginning. */
  Optional<Instant> instant(String name) {
    return text(name).map(value -> instant(name, value));
  }

  private static Instant instant(String name, String value) {
    try {
      // Instants know longer years, too.
      if (value.matches("\\d{4}-.*")) {
        Instant at = Instant.parse(value);
        return at.isBefore(Instant.EPOCH) ? Instant.EPOCH : at;
      }
    } catch (DateTimeParseException malformed) {
      // The same answer as for the others.
    }
    throw new InvalidRequestException(name, "must be a moment such as 2026-01-31T12:00:00Z");
  }

  /** Any number of an enumeration's constants. */
  <E extends Enum<E>> List<E> constants(String name, Class<E> type) {
    known.add(name);
    return context.queryParams(name).stream()
        .filter(value -> !value.isEmpty())
        .map(
            value ->
                Arrays.stream(type.getEnumConstants())
                    .filter(constant -> constant.name().equalsIgnoreCase(value))
                    .findAny()
                    .orElseThrow(
                        () ->
                            new InvalidRequestException(
                                name,
                                Arrays.stream(type.getEnumConstants())
                                    .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(", ", "must be one of ", "")))))
        .toList();
  }

  /**
   * Makes sure that nothing else was sent; to be called when all parameters were asked for.
   *
   * @throws InvalidRequestException when there is one that nobody has asked for
   */
  void finish() {
    for (String name : context.queryParamMap().keySet()) {
      if (!known.contains(name)) {
        String safe = name.replaceAll("[^\\x21-\\x7e]", "?");
        throw new InvalidRequestException(
            safe.length() <= 60 ? safe : safe.substring(0, 60) + "…",
            known.isEmpty()
                ? "is unknown; this call has no parameters"
                : "is unknown; known are " + String.join(", ", known));
      }
    }
  }
}
