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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
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
 * are.
 */
final class AuditLog {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);

  private static final String FILE = "audit.log";
  private static final long LARGEST_FILE = 16L << 20;
  private static final int OLDER_FILES = 9;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private static final String NAME = "audit.name";
  private static final String WHAT = "audit.what";
  private static final String JOB = "audit.job";

  private static final Set<Integer> REFUSALS = Set.of(401, 403, 429);
  private static final Set<HandlerType> READING =
      Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);

  private final Path file;
  private final InstantSource clock;

  /** Others may read what is written here in UTF-8, or in anything that has ASCII. */
  private final ObjectMapper json =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /**
   * Appends to the file of a directory, which is made when it is not there.
   *
   * @param directory of the logs
   */
  AuditLog(Path directory, InstantSource clock) {
    this.file = directory.resolve(FILE);
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
        .ifPresent(name -> line.put("who", name));
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
    line.put("who", job.owner());
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

  private synchronized void write(ObjectNode line) {
    try {
      byte[] bytes = (json.writeValueAsString(line) + "\n").getBytes(StandardCharsets.US_ASCII);
      makeRoom(bytes.length);
      Files.write(file, bytes, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    } catch (IOException | UnsupportedOperationException unwritable) {
      // Work goes on; whoever reads the gateway's log learns what the audit log lacks.
      LOG.error("the audit log can't be written: {} {}", unwritable, line);
    }
  }

  private void makeRoom(int bytes) throws IOException {
    if (Files.exists(file) && Files.size(file) + bytes > LARGEST_FILE) {
      for (int number = OLDER_FILES; number >= 1; number--) {
        Path newer = number == 1 ? file : older(number - 1);
        if (Files.exists(newer)) {
          Files.move(newer, older(number), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    }
  }

  private Path older(int number) {
    return file.resolveSibling(FILE + "." + number);
  }
}
