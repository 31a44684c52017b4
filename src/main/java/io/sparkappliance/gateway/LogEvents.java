package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.sparkappliance.jobs.Job;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.jobs.LogPart;
import io.sparkappliance.jobs.LogStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * What an application writes, as it writes it: server-sent events (WHATWG HTML), one for each line.
 * An event's id is the offset behind it, so that a client which lost its connection goes on there.
 * The event {@code end} is the last one; its data is the job's state, or {@code deleted}.
 */
final class LogEvents {
  static final String TYPE = "text/event-stream";

  private static final Duration LOOK = Duration.ofMillis(200);

  /** A proxy takes a connection for dead on which nothing comes. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private static final int PART = 1 << 16;

  /** Without an end for so long, what is there is sent as a line. */
  private static final int MAX_LINE = 1 << 20;

  private final Jobs jobs;
  private final Job job;
  private final LogStream stream;

  LogEvents(Jobs jobs, Job job, LogStream stream) {
    this.jobs = jobs;
    this.job = job;
    this.stream = stream;
  }

  /**
   * Sends events until the job is over, or the client goes away.
   *
   * @param from where to begin, unless the client says where it has lost its connection
   */
  void send(Context context, long from) throws IOException {
    context.contentType(TYPE);
    context.header("X-Accel-Buffering", "no");
    // Not the context's own stream: that one waits for more, to compress it.
    OutputStream out = context.res().getOutputStream();
    context.res().flushBuffer();
    long offset = lastEvent(context).orElse(from);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long quietSince = System.nanoTime();
    // Whether the last byte was the last one of a piece of a line.
    boolean cut = false;
    try {
      while (true) {
        // The state first: what was written before the end is then there to be read.
        Optional<Job> known = jobs.find(Optional.empty(), job.id());
        if (known.isEmpty()) {
          write(out, "event: end\ndata: deleted");
          out.flush();
          return;
        }
        Job now = known.get();
        LogPart part = jobs.log(now, stream, offset, PART);
        for (byte next : part.bytes()) {
          offset++;
          if (next != '\n') {
            line.write(next);
            cut = line.size() >= MAX_LINE;
            if (cut) {
              event(out, line, offset);
            }
          } else if (!cut) {
            event(out, line, offset);
          }
          cut = cut && next != '\n';
        }
        if (part.bytes().length > 0) {
          out.flush();
          quietSince = System.nanoTime();
        } else if (part.complete()) {
          if (line.size() > 0) {
            event(out, line, offset);
          }
          write(out, "event: end\ndata: " + now.state().name().toLowerCase(Locale.ROOT));
          out.flush();
          return;
        } else {
          if (System.nanoTime() - quietSince > HEARTBEAT.toNanos()) {
            write(out, ": still here");
            out.flush();
            quietSince = System.nanoTime();
          }
          jobs.await(now, LOOK);
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static Optional<Long> lastEvent(Context context) {
    return Optional.ofNullable(context.header("Last-Event-ID"))
        .filter(id -> id.matches("\\d{1,18}"))
        .map(Long::valueOf);
  }

  private static void event(OutputStream out, ByteArrayOutputStream line, long offset)
      throws IOException {
    String text = line.toString(StandardCharsets.UTF_8).replace('\r', ' ');
    line.reset();
    write(out, "id: " + offset + "\ndata: " + text);
  }

  private static void write(OutputStream out, String event) throws IOException {
    out.write((event + "\n\n").getBytes(StandardCharsets.UTF_8));
  }
}
