package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.WebhookKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Writes and signs what receivers are told of the end of a job, as the Standard Webhooks
 * specification (version 1) has it: an id that stays the same, the time of the attempt, and a
 * signature of both and the body.
 */
final class WebhookSender implements AutoCloseable {
  private static final String ALGORITHM = "HmacSHA256";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Optional<Secret> secret;
  private final WebhookClient client;
  private final InstantSource clock;

  WebhookSender(Settings.Webhooks settings, WebhookClient client, InstantSource clock) {
    this.secret = settings.secret();
    this.client = client;
    this.clock = clock;
  }

  /**
   * Tells of the end of a job.
   *
   * @param job one that is over and has a receiver
   * @throws WebhookFailure when nobody has said to have been told
   */
  void send(Job job) throws WebhookFailure {
    byte[] body = body(job).getBytes(StandardCharsets.UTF_8);
    client.post(
        job.submission().terms().webhook().orElseThrow(),
        headers(job.delivery().orElseThrow().event(), clock.instant(), body),
        body);
  }

  private Map<String, String> headers(String event, Instant now, byte[] body) {
    String seconds = Long.toString(now.getEpochSecond());
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/json");
    headers.put("User-Agent", "spark-appliance");
    headers.put("webhook-id", event);
    headers.put("webhook-timestamp", seconds);
    secret.ifPresent(key -> headers.put("webhook-signature", signature(key, event, seconds, body)));
    return headers;
  }

  private static String signature(Secret key, String event, String seconds, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(WebhookKey.bytes(key), ALGORITHM));
      mac.update((event + "." + seconds + ".").getBytes(StandardCharsets.US_ASCII));
      return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** One JSON object; neither SQL nor anything of a result is in it. */
  private static String body(Job job) {
    ObjectNode json = JSON.createObjectNode();
    json.put("type", "job.ended");
    json.put("timestamp", job.finished().orElseThrow().toString());
    json.put("event_id", job.delivery().orElseThrow().event());
    ObjectNode data = json.putObject("data");
    data.put("job_id", job.id().value());
    data.put("kind", job.kind().name().toLowerCase(Locale.ROOT));
    data.put("name", job.submission().terms().name());
    data.put("state", job.state().name().toLowerCase(Locale.ROOT));
    job.error().map(WebhookSender::reason).ifPresent(why -> data.put("reason", why));
    job.error().flatMap(JobError::errorClass).ifPresent(name -> data.put("error_class", name));
    job.error().flatMap(JobError::sqlState).ifPresent(state -> data.put("sql_state", state));
    data.put("attempt", job.attempt());
    data.put("submitted_at", job.submission().at().toString());
    job.started().ifPresent(at -> data.put("started_at", at.toString()));
    data.put("finished_at", job.finished().orElseThrow().toString());
    return json.toString();
  }

  /**
   * What the server says of a statement repeats parts of it; only the server's errors have a state.
   */
  private static String reason(JobError error) {
    if (error.sqlState().isEmpty()) {
      return error.message();
    }
    return Stream.concat(
            Stream.of("a statement failed"),
            error.errorClass().map(name -> "with " + name).stream())
        .reduce((first, second) -> first + " " + second)
        .orElseThrow();
  }

  @Override
  public void close() {
    client.close();
  }
}
