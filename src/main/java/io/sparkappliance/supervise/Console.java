package io.sparkappliance.supervise;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.Settings.LogFormat;
import java.io.PrintStream;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/** The container's log: everything goes through here, so that lines stay whole. */
public final class Console {
  /** Role in front of the appliance's own lines. */
  public static final String APPLIANCE = "appliance";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintStream out;
  private final LogFormat format;
  private final Clock clock;

  /** Writes to the given stream; {@code clock} gives the times of JSON lines. */
  public Console(PrintStream out, LogFormat format, Clock clock) {
    this.out = out;
    this.format = format;
    this.clock = clock;
  }

  /**
   * Writes one line.
   *
   * @param role who said it
   * @param message what was said, without a line break
   */
  public void line(String role, String message) {
    String text = format == LogFormat.JSON ? json(role, message) : role + " | " + message;
    raw(text);
  }

  /** Writes a line as it is, for a program that reads it. */
  public void raw(String text) {
    // One call with the line break in it: lines of different threads never mix.
    synchronized (out) {
      out.print(text + "\n");
      out.flush();
    }
  }

  /** Writes a line of the appliance itself. */
  public void say(String message) {
    message.lines().forEach(line -> line(APPLIANCE, line));
  }

  private String json(String role, String message) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("time", clock.instant().toString());
    fields.put("role", role);
    fields.put("message", message);
    try {
      return JSON.writeValueAsString(fields);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
