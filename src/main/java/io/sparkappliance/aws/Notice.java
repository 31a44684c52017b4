package io.sparkappliance.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.NoticeKind;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;

/** What EC2 tells an instance about its end. */
public sealed interface Notice {
  /** Which of the kinds that settings know. */
  NoticeKind kind();

  /** For people: what is going to happen, without a full stop. */
  String words();

  /** Whether this instance, as far as a node on it is concerned, will be gone. */
  boolean endsInstance();

  /**
   * A spot instance will be interrupted.
   *
   * @param action {@code terminate}, {@code stop} or {@code hibernate}
   * @param time when; empty where the notice doesn't say so in a way that is understood
   * @see <a
   *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html">Interruption
   *     notices</a>
   */
  record Interruption(String action, Optional<Instant> time) implements Notice {
    /** What has not come so long after its time doesn't come. */
    private static final Duration LATE = Duration.ofMinutes(5);

    static Optional<Notice> parse(String text, Instant now) {
      JsonNode json;
      try {
        json = new ObjectMapper().readTree(text);
      } catch (JsonProcessingException unknownForm) {
        json = new ObjectMapper().createObjectNode();
      }
      Interruption notice =
          new Interruption(json.path("action").asText("terminate"), time(json.path("time")));
      return notice.time().filter(time -> time.plus(LATE).isBefore(now)).isPresent()
          ? Optional.empty()
          : Optional.of(notice);
    }

    private static Optional<Instant> time(JsonNode text) {
      try {
        return Optional.of(Instant.parse(text.asText("")));
      } catch (DateTimeParseException unknownForm) {
        return Optional.empty();
      }
    }

    @Override
    public NoticeKind kind() {
      return NoticeKind.SPOT;
    }

    @Override
    public String words() {
      return "EC2 interrupts this spot instance ("
          + action
          + time.map(when -> " at " + when).orElse("")
          + ")";
    }

    /** One that hibernates does so at once, and wakes up with everything that runs on it. */
    @Override
    public boolean endsInstance() {
      return !action.equals("hibernate");
    }
  }

  /**
   * A spot instance may be interrupted soon.
   *
   * @see <a
   *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html">Rebalance
   *     recommendations</a>
   */
  record Rebalance() implements Notice {
    @Override
    public NoticeKind kind() {
      return NoticeKind.REBALANCE;
    }

    @Override
    public String words() {
      return "EC2 recommends to replace this spot instance (rebalance recommendation)";
    }

    @Override
    public boolean endsInstance() {
      return false;
    }
  }

  /**
   * The auto-scaling group ends the instance.
   *
   * @param target the state that it is on the way to
   * @see <a
   *     href="https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html">Target
   *     lifecycle state</a>
   */
  record Termination(String target) implements Notice {
    /** All others, such as {@code InService} or {@code Standby}, leave it running. */
    private static final Set<String> ENDS = Set.of("Terminated", "Warmed:Terminated");

    static Optional<Notice> parse(String text) {
      String target = text.strip();
      return ENDS.contains(target) ? Optional.of(new Termination(target)) : Optional.empty();
    }

    @Override
    public NoticeKind kind() {
      return NoticeKind.LIFECYCLE;
    }

    @Override
    public String words() {
      return "the auto-scaling group ends this instance";
    }

    @Override
    public boolean endsInstance() {
      return true;
    }
  }
}
