package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sparkappliance.testing.FakeSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page for people: how it is served, its types, and what it does in a browser. */
class WebPageTest {
  /** An environment of its own: {@code src/test/web/requirements.txt}. */
  private static final Path PYTHON = Path.of("build/web/bin/python");

  private static final Path TYPESCRIPT =
      Path.of("target/web/typescript/META-INF/resources/webjars/typescript/6.0.3/lib/tsc.js");
  private static final int MOST_BYTES = 500_000;
  private static final Pattern ASSET = Pattern.compile("\"(/ui/assets/[^\"]+)\"");

  @TempDir private static Path directory;
  private static GatewayFixture gateway;

  @BeforeAll
  static void start() throws IOException {
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            Map.of());
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> get(String path) throws IOException {
    return gateway.send(gateway.open(path));
  }

  private static List<String> assets() throws IOException {
    return ASSET.matcher(get("/ui").body()).results().map(found -> found.group(1)).toList();
  }

  @Test
  void its_files_are_kept_for_good_and_the_page_that_names_them_is_not() throws Exception {
    HttpResponse<String> page = get("/ui");
    assertThat(page.headers().firstValue("Cache-Control")).contains("no-store");
    assertThat(get("/").body()).isEqualTo(page.body());
    assertThat(assets())
        .hasSize(3)
        .allMatch(path -> path.matches("/ui/assets/[a-z]+-[0-9a-f]{16}\\.(css|js|svg)"));
    for (String path : assets()) {
      HttpResponse<String> asset = get(path);
      assertThat(asset.statusCode()).as(path).isEqualTo(200);
      assertThat(asset.headers().firstValue("Cache-Control").orElse("")).contains("immutable");
    }
    assertThat(get("/ui/assets/app.js").headers().firstValue("Cache-Control")).contains("no-store");
    assertThat(get("/ui/assets/licences.txt").body())
        .contains("MIT", "Jason Miller", "Marijn Haverbeke");
    assertThat(get("/ui/assets/index.html").statusCode()).isEqualTo(404);
    assertThat(get("/ui/assets/..%2Fweb%2Fapp.js").statusCode()).isIn(400, 404);
  }

  @Test
  void nothing_in_the_page_runs_but_its_own_files() throws Exception {
    HttpResponse<String> page = get("/");
    assertThat(page.headers().allValues("Content-Security-Policy"))
        .containsExactly(WebPage.POLICY)
        .noneMatch(policy -> policy.contains("unsafe"));
    assertThat(page.body()).doesNotContain("<style", "style=", "//").containsOnlyOnce("<script");
    assertThat(get("/healthz").headers().allValues("Content-Security-Policy"))
        .noneMatch(policy -> policy.contains("'self'") || policy.contains("unsafe"));
  }

  @Test
  void it_is_small() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(packed)) {
      zip.write(get("/ui").body().getBytes(StandardCharsets.UTF_8));
      for (String path : assets()) {
        zip.write(get(path).body().getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(packed.size()).isLessThan(MOST_BYTES);
    for (String path : assets()) {
      if (!path.endsWith(".svg")) {
        assertThat(gateway.send(gateway.open(path).header("Accept-Encoding", "gzip")).headers())
            .extracting(headers -> headers.firstValue("Content-Encoding").orElse("none"))
            .isEqualTo("gzip");
      }
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void its_sources_keep_the_strict_types_they_promise() throws Exception {
    run(
        "types",
        Map.of(),
        PYTHON.toString(),
        "-c",
        // The remote control of browsers brings the engine that runs the compiler.
        "import subprocess, sys; from playwright._impl._driver import compute_driver_executable as"
            + " f; sys.exit(subprocess.call([f()[0], *sys.argv[1:]]))",
        TYPESCRIPT.toString(),
        "--project",
        "src/main/web");
  }

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void people_can_use_it_in_a_browser() throws Exception {
    // The set-up says so where no browser can be had.
    assumeFalse("none".equals(System.getProperty("web.browser")), "no Chromium on this machine");
    String result =
        run(
            "browser",
            Map.of("PAGE_FROM", gateway.uri("").toString()),
            PYTHON.toString(),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "src/test/web");
    assertThat(Pattern.compile("(\\d+) passed").matcher(result).results().toList())
        .extracting(MatchResult::group)
        .hasSize(1);
  }

  /** What a program printed; it must succeed. */
  private static String run(String name, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    assertThat(PYTHON)
        .as("made by setup/python-environments build/web")
        .matches(Files::isExecutable);
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process = builder.start();
    try {
      int code = process.waitFor();
      String output = Files.readString(log);
      assertThat(code).as(output).isZero();
      return output;
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }
}
