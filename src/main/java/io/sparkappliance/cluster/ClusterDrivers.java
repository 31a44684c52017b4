package io.sparkappliance.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.HostAndPort;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Drivers that run on workers, as a master's page {@code /json/} and the workers' pages of logs
 * tell of them.
 */
public final class ClusterDrivers {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What Spark puts before a part of a log. */
  private static final Pattern HEAD =
      Pattern.compile("==== Bytes ([0-9]{1,18})-([0-9]{1,18}) of [0-9]{1,18} of .* ====");

  private final HttpClient http;

  /**
   * Uses the given client.
   *
   * @param http should follow redirects, as {@link SparkPages#client} does
   */
  public ClusterDrivers(HttpClient http) {
    this.http = http;
  }

  /**
   * A driver as its master sees it.
   *
   * @param id such as {@code driver-20260131120000-0001}
   * @param state Spark's {@code DriverState}: {@code SUBMITTED}, {@code RUNNING}, {@code FINISHED},
   *     {@code RELAUNCHING}, {@code UNKNOWN}, {@code KILLED}, {@code FAILED}, {@code ERROR}
   * @param program the third word of its command, for most its main class
   * @param cores how many of its worker's it takes
   * @param memoryMebibytes how much of its worker's memory
   * @param worker where it runs or ran; empty as long as it waits for one
   */
  public record Driver(
      String id,
      String state,
      String program,
      int cores,
      long memoryMebibytes,
      Optional<Worker> worker) {}

  /**
   * Where a driver runs.
   *
   * @param id as its master calls it
   * @param page its web page; empty when its master has forgotten where that was
   */
  public record Worker(String id, Optional<HostAndPort> page) {}

  /**
   * A part of a log.
   *
   * @param begin its first byte's place in the whole, from 0
   * @param end that of the byte behind its last
   * @param text its bytes, of which those that are no UTF-8 can't be known
   */
  public record LogText(long begin, long end, String text) {}

  /**
   * Asks a master.
   *
   * @param master its page
   * @return those that it knows, also for a while after their ends; empty when it does not lead
   */
  public Optional<List<Driver>> of(HostAndPort master) {
    return get("http://" + master + "/json/").flatMap(ClusterDrivers::parse);
  }

  /**
   * Reads a part of what a driver writes, by way of the master's page or its worker's own.
   *
   * @param master the page of the master that leads
   * @param driver which has a worker
   * @param stream name of its file: {@code stdout}, {@code stderr} or {@code out}
   * @param offset its first byte
   * @param length how many, at most; less than a mebibyte
   * @return empty when nobody answers
   */
  public Optional<LogText> log(
      HostAndPort master, Driver driver, String stream, long offset, int length) {
    String query =
        "/log?driverId=%s&logType=%s&offset=%d&byteLength=%d"
            .formatted(
                URLEncoder.encode(driver.id(), StandardCharsets.UTF_8), stream, offset, length);
    Worker worker = driver.worker().orElseThrow();
    // Ids of workers may have an IPv6 address in them.
    String id = worker.id().replace("[", "%5B").replace("]", "%5D");
    return Stream.concat(
            Stream.of("http://" + master + "/proxy/" + id),
            worker.page().stream().map(page -> "http://" + page))
        .flatMap(page -> get(page + query).flatMap(ClusterDrivers::part).stream())
        .findFirst();
  }

  private Optional<String> get(String address) {
    CompletableFuture<HttpResponse<String>> sent;
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(address)).timeout(TIMEOUT).build();
      sent = http.sendAsync(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException noAddress) {
      return Optional.empty();
    }
    try {
      // A request's own limit ends where its answer begins.
      HttpResponse<String> answer = sent.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
    } catch (ExecutionException | TimeoutException unreachable) {
      sent.cancel(true);
      return Optional.empty();
    } catch (InterruptedException stopped) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /**
   * Reads a master's page.
   *
   * @return empty when it is none of a master that leads
   */
  static Optional<List<Driver>> parse(String body) {
    JsonNode root;
    try {
      root = JSON.readTree(body);
    } catch (JsonProcessingException notAMaster) {
      return Optional.empty();
    }
    if (!root.path("status").asText().equals(MasterStatus.State.ALIVE.name())) {
      return Optional.empty();
    }
    Map<String, HostAndPort> pages = new HashMap<>();
    for (JsonNode worker : root.path("workers")) {
      page(worker).ifPresent(page -> pages.put(worker.path("id").asText(), page));
    }
    List<Driver> drivers = new ArrayList<>();
    for (String list : List.of("activedrivers", "completeddrivers")) {
      for (JsonNode driver : root.path(list)) {
        String worker = driver.path("worker").asText("None");
        drivers.add(
            new Driver(
                driver.path("id").asText(),
                driver.path("state").asText(),
                driver.path("mainclass").asText(),
                driver.path("cores").asInt(),
                driver.path("memory").asLong(),
                worker.equals("None")
                    ? Optional.empty()
                    : Optional.of(new Worker(worker, Optional.ofNullable(pages.get(worker))))));
      }
    }
    return Optional.of(drivers);
  }

  /** Its host as other nodes call it; the page's own address may be for people outside. */
  private static Optional<HostAndPort> page(JsonNode worker) {
    try {
      int port = URI.create(worker.path("webuiaddress").asText()).getPort();
      return Optional.of(new HostAndPort(worker.path("host").asText(), port));
    } catch (IllegalArgumentException nowhere) {
      return Optional.empty();
    }
  }

  /**
   * Reads a worker's answer.
   *
   * @return empty when it is none of a log
   */
  static Optional<LogText> part(String answer) {
    int line = answer.indexOf('\n');
    Matcher head = HEAD.matcher(line < 0 ? answer : answer.substring(0, line));
    if (!head.matches()) {
      return Optional.empty();
    }
    long begin = Long.parseLong(head.group(1));
    long end = Long.parseLong(head.group(2));
    // What it could not read it describes where the text would be.
    String text = begin >= end ? "" : answer.substring(line + 1);
    return Optional.of(new LogText(begin, end, text));
  }
}
