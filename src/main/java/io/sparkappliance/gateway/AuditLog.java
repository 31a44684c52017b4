package io.sparkappliance.gateway;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.jobs.Delivery;
import io.sparkappliance.jobs.Job;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who did what, when, from where, and with which result: one JSON object per line, in {@code
 * audit.log} beside the daemons' logs. Everything that changes something is in it, every refusal
 * and every sign-in, and who was told of the end of a job. Neither tokens nor queries of addresses
 * are. Calls of which nobody knows whose they are have a file of their own, {@code
 * audit-unknown.log}: anybody can make as many as they like, and none pushes out what people did.
 */
final class AuditLog {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);

  private static final String WHO = "who";

  private static final String NAME = "audit.name";
  private static final String WHAT = "audit.what";
  private static final String JOB = "audit.job";

  private static final Set<Integer> REFUSALS = Set.of(401, 403, 429);
  private static final Set<HandlerType> READING =
      Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);

  private final AuditFile known;
  private final AuditFile unknown;
  private final InstantSource clock;

  /** Others may read what is written here in UTF-8, or in anything that has ASCII. */
  private final ObjectMapper json =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /**
   * Appends to the files of a directory, which is made when it is not there.
   *
   * @param directory of the logs
   */
  AuditLog(Path directory, InstantSource clock) {
    this.known = new AuditFile(directory.resolve("audit.log"));
    this.unknown = new AuditFile(directory.resolve("audit-unknown.log"));
    this.clock = clock;
  }

  /** Somebody who is known by name, though not let through. */
  static void name(Context context, String name) {
    context.attribute(NAME, name);
  }

  /** A call that is worth a line although it only reads, and what it does. */
  static void what(Context context, String what) {
    context.attribute(WHAT, what);
  }

  /** Which job it is about. */
  static void job(Context context, String id) {
    context.attribute(JOB, id);
  }

  /** Notes a call that was answered, if it is one of those. */
  void record(Context context) {
    int status = context.status().getCode();
    Optional<String> what = Optional.ofNullable(context.attribute(WHAT));
    if (what.isEmpty() && READING.contains(context.method()) && !REFUSALS.contains(status)) {
      return;
    }
    ObjectNode line = json.createObjectNode();
    line.put("at", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
    Guard.principal(context)
        .map(Principal::name)
        .or(() -> Optional.ofNullable(context.attribute(NAME)))
        .ifPresent(name -> line.put(WHO, name));
    Guard.principal(context).ifPresent(it -> line.put("role", Names.of(it.role())));
    line.put("from", context.ip());
    line.put(
        "what",
        what.orElseGet(
            () ->
                context.method().name()
                    + " "
                    + Answers.printable(SparkPage.withoutPass(context.path()))));
    Optional.ofNullable(context.<String>attribute(JOB)).ifPresent(id -> line.put("job", id));
    line.put("status", status);
    line.put("result", result(status));
    write(line);
  }

  /** Notes that the receiver of a job's webhook was told of its end, or will never be. */
  void recordWebhook(Job job) {
    Delivery delivery = job.delivery().orElseThrow();
    ObjectNode line = json.createObjectNode();
    line.put("at", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
    line.put(WHO, job.owner());
    line.put("what", "WEBHOOK " + job.submission().terms().webhook().orElseThrow().getHost());
    line.put("job", job.id().value());
    line.put("event", delivery.event());
    line.put("attempts", delivery.attempts());
    line.put("result", delivery.state() == Delivery.State.DELIVERED ? "done" : "failed");
    delivery.trouble().ifPresent(why -> line.put("trouble", why));
    write(line);
  }

  private static String result(int status) {
    if (REFUSALS.contains(status)) {
      return "refused";
    }
    return status < 400 ? "done" : "failed";
  }

  private void write(ObjectNode line) {
    try {
      String text = json.writeValueAsString(line) + "\n";
      (line.has(WHO) ? known : unknown).append(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException | UnsupportedOperationException unwritable) {
      // Work goes on; whoever reads the gateway's log learns what the audit log lacks.
      LOG.error("the audit log can't be written: {} {}", unwritable, line);
    }
  }
}
