package io.sparkappliance.senza;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/**
 * AWS on loopback ({@code src/test/senza/cloud.py}) and the environment in which Senza finds
 * nothing else: no credentials but made-up ones, no metadata service, no proxy.
 */
final class SenzaCloud implements AutoCloseable {
  static final Path FOLDER = Path.of("senza").toAbsolutePath();
  private static final Path HOME = Path.of("build/senza").toAbsolutePath();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Path directory;
  private final String certificate;
  private final Map<String, String> subnets = new TreeMap<>();
  private final HttpClient http = HttpClient.newHttpClient();
  final URI uri;

  /**
   * What a command left behind.
   *
   * @param code its exit code
   * @param out its standard output
   * @param error its standard error
   */
  record Ended(int code, String out, String error) {
    String all() {
      return "exit code " + code + "\n" + out + "\n" + error;
    }
  }

  private SenzaCloud(Process process, Path directory, JsonNode said) {
    this.process = process;
    this.directory = directory;
    this.uri = URI.create(said.path("uri").asText());
    this.certificate = said.path("certificate").asText();
    said.path("subnets").properties().forEach(s -> subnets.put(s.getKey(), s.getValue().asText()));
  }

  /**
   * Starts it; returns when it answers.
   *
   * @param directory for what it and its callers write
   * @throws org.opentest4j.TestAbortedException where this machine has no Python that Senza runs
   *     with; the message says so
   */
  static SenzaCloud start(Path directory) throws IOException {
    Path unavailable = HOME.resolve("unavailable");
    Assumptions.assumeFalse(
        Files.exists(unavailable), () -> "not tested: " + read(unavailable).strip());
    if (!Files.isExecutable(python())) {
      throw new IllegalStateException(
          python() + " is missing: run setup/python-environments build/senza");
    }
    ProcessBuilder builder =
        new ProcessBuilder(python().toString(), "src/test/senza/cloud.py")
            .redirectError(directory.resolve("cloud.log").toFile());
    builder.environment().clear();
    builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "HOME", directory.toString()));
    Process process = builder.start();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    String line = output.readLine();
    if (line == null) {
      throw new IllegalStateException(Files.readString(directory.resolve("cloud.log")));
    }
    return new SenzaCloud(process, directory, JSON.readTree(line));
  }

  static Path python() {
    return HOME.resolve("bin/python");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The variables of every process here, and nothing of this process's own. */
  Map<String, String> environment() {
    Map<String, String> variables = new TreeMap<>();
    variables.put("PATH", HOME.resolve("bin") + ":/usr/bin:/bin");
    variables.put("HOME", directory.toString());
    variables.put("LANG", "C.UTF-8");
    variables.put("AWS_ENDPOINT_URL", uri.toString());
    variables.put("AWS_ACCESS_KEY_ID", "testing");
    variables.put("AWS_SECRET_ACCESS_KEY", "testing");
    variables.put("AWS_DEFAULT_REGION", "eu-central-1");
    variables.put("AWS_EC2_METADATA_DISABLED", "true");
    variables.put("AWS_CONFIG_FILE", directory.resolve("no-config").toString());
    variables.put("AWS_SHARED_CREDENTIALS_FILE", directory.resolve("no-credentials").toString());
    // Whoever turns to anything but this machine is turned away.
    variables.put("http_proxy", "http://127.0.0.1:1");
    variables.put("https_proxy", "http://127.0.0.1:1");
    variables.put("no_proxy", "127.0.0.1");
    variables.put("CERTIFICATE", certificate);
    return variables;
  }

  /** Runs a command in {@code senza/}, as somebody would who follows the README there. */
  Ended run(Map<String, String> environment, List<String> command) {
    try {
      Path out = Files.createTempFile(directory, "out", ".txt");
      Path error = Files.createTempFile(directory, "error", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(FOLDER.toFile())
              .redirectOutput(out.toFile())
              .redirectError(error.toFile());
      builder.environment().clear();
      builder.environment().putAll(environment);
      Process started = builder.start();
      started.getOutputStream().close();
      if (!started.waitFor(5, TimeUnit.MINUTES)) {
        started.destroyForcibly();
        throw new AssertionError(command + " does not end\n" + Files.readString(error));
      }
      return new Ended(started.exitValue(), Files.readString(out), Files.readString(error));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Runs lines of shell that must succeed. */
  Ended shell(String lines) {
    Ended ended = run(environment(), List.of("bash", "-eu", "-c", lines));
    if (ended.code() != 0) {
      throw new AssertionError(lines + "\n" + ended.all());
    }
    return ended;
  }

  /** Names of the account's subnets by their ids. */
  Map<String, String> subnets() {
    return subnets;
  }

  /** The stacks that are there, as they were given to CloudFormation; none is busy any more. */
  Map<String, StackTemplate> stacks() {
    Map<String, StackTemplate> stacks = new TreeMap<>();
    ask("stacks", "GET")
        .properties()
        .forEach(
            entry ->
                stacks.put(entry.getKey(), new StackTemplate(entry.getKey(), entry.getValue())));
    return stacks;
  }

  /** What was called so far, as {@code service:Operation}. */
  Set<String> calls() {
    return texts(ask("calls", "GET"));
  }

  /** The access keys that a service was called with. */
  Set<String> keysOf(String service) {
    return texts(ask("keys/" + service, "GET"));
  }

  private static Set<String> texts(JsonNode array) {
    return StackTemplate.elements(array)
        .map(JsonNode::asText)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The next stack that is made or updated fails at this resource. */
  void failAt(String resource) {
    ask("fail/" + resource, "POST");
  }

  private JsonNode ask(String what, String method) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(uri.resolve("/_test/" + what))
              .method(method, HttpRequest.BodyPublishers.noBody())
              .build();
      return JSON.readTree(http.send(request, BodyHandlers.ofString()).body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
