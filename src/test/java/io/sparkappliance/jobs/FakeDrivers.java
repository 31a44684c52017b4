package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.cluster.ClusterDrivers.LogText;
import io.sparkappliance.cluster.ClusterDrivers.Worker;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A cluster whose answers get lost as a test likes. */
final class FakeDrivers implements Drivers {
  private static final Worker WORKER = new Worker("worker-1", Optional.empty());

  /** What it was asked for. */
  final List<Properties> asked = new CopyOnWriteArrayList<>();

  /** What is said to who asks; empty: that it is accepted. */
  volatile Optional<Answer> answer = Optional.empty();

  /** Whether a driver begins to run although the answer is another. */
  volatile boolean starts = true;

  volatile boolean leads = true;

  /** What becomes of a driver that is to be ended. */
  volatile String killsAs = "KILLED";

  final List<String> killed = new CopyOnWriteArrayList<>();
  final Map<String, Driver> known = new ConcurrentHashMap<>();
  final Map<String, byte[]> logs = new ConcurrentHashMap<>();

  @Override
  public Optional<Answer> submit(Properties program, Path log, CountDownLatch leaving) {
    asked.add(program);
    String id = "driver-" + asked.size();
    if (starts) {
      put(id, "RUNNING", program.getProperty("class") + program.getProperty("mark"));
    }
    return Optional.of(answer.orElseGet(() -> new Accepted(id)));
  }

  void put(String id, String state, String program) {
    known.put(id, new Driver(id, state, program, 1, 1024, Optional.of(WORKER)));
  }

  void become(String id, String state) {
    put(id, state, known.get(id).program());
  }

  @Override
  public void kill(String id) {
    killed.add(id);
    become(id, killsAs);
  }

  @Override
  public Optional<String> trouble(String id) {
    return Optional.of("no reason");
  }

  @Override
  public Optional<List<Driver>> now() {
    return leads ? Optional.of(List.copyOf(known.values())) : Optional.empty();
  }

  @Override
  public Optional<LogText> log(Driver driver, String stream, long offset, int length) {
    byte[] all = logs.getOrDefault(driver.id() + "/" + stream, new byte[0]);
    int begin = (int) Math.min(offset, all.length);
    int end = Math.min(begin + length, all.length);
    return Optional.of(
        new LogText(
            begin, end, new String(Arrays.copyOfRange(all, begin, end), StandardCharsets.UTF_8)));
  }

  @Override
  public Duration patience() {
    return Duration.ofMillis(500);
  }
}
