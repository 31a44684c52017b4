package io.sparkappliance.spark;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkappliance.auth.ZooKeeperChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * What {@link FencedState} does, told line by line. A process of its own, for it needs all of
 * Spark's jars: {@code FencedStateProgram ENSEMBLE SESSION_FILE}.
 */
final class FencedStateProgram {
  private static final ClassTag<String> TEXT = ClassTag$.MODULE$.apply(String.class);
  private static final String MINE = "/spark/leader_election/mine";

  private FencedStateProgram() {}

  public static void main(String[] arguments) throws Exception {
    RecoverySettings settings =
        new RecoverySettings(
            arguments[0],
            "shop",
            "/spark",
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Optional.of(Path.of(arguments[1])),
            Optional.empty(),
            ZooKeeperChannel.PLAIN);
    SparkConf conf = new SparkConf(false).set("spark.deploy.recoveryCompressionCodec", "zstd");
    Leadership leadership = new Leadership();
    AtomicInteger lost = new AtomicInteger();
    leadership.whenLost(lost::incrementAndGet);
    try (ZooKeeperSession session = ZooKeeperSession.open(settings)) {
      if (!session.client().blockUntilConnected(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("no ZooKeeper");
      }
      FencedState state =
          new FencedState(
              session,
              settings.state(),
              new StateCodec(conf, new JavaSerializer(conf)),
              leadership);
      say("not leading: " + failure(() -> state.persist("app_1", "one")));

      session.client().create().creatingParentsIfNeeded().forPath(MINE);
      leadership.won(MINE);
      state.persist("app_1", "one");
      state.persist("app_1", "uno");
      state.persist("worker_1", "two");
      state.persist("app_2", "three");
      state.unpersist("app_2");
      state.unpersist("never-there");
      say("leading: " + state.read("app_", TEXT).mkString(","));
      say("lost so far: " + lost);

      session.client().delete().forPath(MINE);
      say("deposed: " + failure(() -> state.persist("app_1", "due")));
      say("lost: " + lost);
      say("still: " + state.read("app_", TEXT).mkString(","));

      String foreign = settings.state() + "/driver_1";
      session.client().create().forPath(foreign, "unreadable".getBytes(UTF_8));
      say(
          "unreadable left out: %s, kept: %s"
              .formatted(
                  state.read("driver_", TEXT).isEmpty(),
                  session.client().checkExists().forPath(foreign) != null));
    }
  }

  private static void say(String line) {
    System.out.println("> " + line);
  }

  private static String failure(Runnable refused) {
    try {
      refused.run();
      return "none";
    } catch (IllegalStateException expected) {
      return expected.getMessage();
    }
  }
}
