package io.sparkappliance.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** S3Mock in a process of its own, on free ports. */
public final class S3MockServer implements AutoCloseable {
  private static final Pattern STARTED =
      Pattern.compile("Tomcat started on ports .* (\\d+) \\(http\\)");

  private final Process process;
  private final URI endpoint;

  private S3MockServer(Process process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts a server that has one bucket and keeps it in a directory; returns when it answers. */
  public static S3MockServer start(String bucket, Path directory) throws IOException {
    Path store = Files.createDirectories(directory.resolve("store"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Its web server leaves a folder where temporary files are.
                "-Djava.io.tmpdir=" + directory,
                "-jar",
                S3MockArchive.find().toString(),
                "--server.port=0",
                "--com.adobe.testing.s3mock.httpPort=0",
                "--com.adobe.testing.s3mock.store.root=" + store,
                "--com.adobe.testing.s3mock.store.initialBuckets=" + bucket)
            .redirectErrorStream(true)
            .start();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    List<String> lines = new ArrayList<>();
    int port = 0;
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      lines.add(line);
      Matcher matcher = STARTED.matcher(line);
      if (matcher.find()) {
        port = Integer.parseInt(matcher.group(1));
      }
      if (port > 0 && line.contains("as root folder")) {
        // From here on somebody must read what it says, or it would block one day.
        Thread.ofVirtual().start(() -> drain(output));
        return new S3MockServer(process, URI.create("http://127.0.0.1:" + port));
      }
    }
    throw new IOException("S3Mock did not start:\n" + String.join("\n", lines));
  }

  private static void drain(BufferedReader output) {
    try {
      output.transferTo(Writer.nullWriter());
    } catch (IOException stopped) {
      // The test is over.
    }
  }

  /** Where it answers, without TLS. */
  public URI endpoint() {
    return endpoint;
  }

  @Override
  public void close() {
    Processes.end(process);
  }
}
