package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes out what a job that is over has left behind; as often as somebody asks. */
final class JobOutput {
  static final String RESULTS = "results.jsonl";
  static final String INDEX = "results-index.json";

  private static final int LOG_TAIL_LINES = 20;
  private static final int LOG_TAIL_BYTES = 16 << 10;

  private JobOutput() {}

  /**
   * Writes the output.
   *
   * @param job a job that is over
   * @param directory its directory
   * @param format how; applications know text only
   * @param out not closed
   * @throws IOException when it can't be read or written
   */
  static void write(Job job, Path directory, OutputFormat format, OutputStream out)
      throws IOException {
    if (job.kind() == JobKind.SQL) {
      Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
      ResultReader.Visitor renderer =
          switch (format) {
            case TEXT -> new TableRenderer(writer);
            case CSV -> new CsvRenderer(writer);
            case JSON -> new JsonRenderer(writer, job.id(), job.reason());
          };
      readIfThere(directory.resolve(RESULTS), renderer);
      writer.flush();
    } else {
      copyIfThere(directory.resolve(ApplicationRunner.OUTPUT), out);
      endLine(directory.resolve(ApplicationRunner.OUTPUT), job, out);
    }
    if (format == OutputFormat.TEXT && job.reason().isPresent()) {
      writeReason(job, directory, out);
    }
    out.flush();
  }

  private static void readIfThere(Path results, ResultReader.Visitor renderer) throws IOException {
    if (Files.exists(results)) {
      ResultReader.read(results, renderer);
    } else {
      renderer.end();
    }
  }

  private static void copyIfThere(Path output, OutputStream out) throws IOException {
    if (Files.exists(output)) {
      Files.copy(output, out);
    }
  }

  /** What a failed program printed last may be half a line. */
  private static void endLine(Path output, Job job, OutputStream out) throws IOException {
    if (job.reason().isEmpty() || !Files.exists(output)) {
      return;
    }
    try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
      if (file.length() > 0) {
        file.seek(file.length() - 1);
        if (file.read() != '\n') {
          out.write('\n');
        }
      }
    }
  }

  private static void writeReason(Job job, Path directory, OutputStream out) throws IOException {
    StringBuilder text = new StringBuilder("Error: ").append(job.reason().orElse("")).append('\n');
    Path log = directory.resolve(ApplicationRunner.DRIVER_LOG);
    // Who has cancelled it does not wonder why.
    boolean wonders = job.state() != JobState.CANCELLED;
    if (job.kind() == JobKind.APPLICATION && wonders && Files.exists(log)) {
      List<String> tail = tail(log);
      if (!tail.isEmpty()) {
        text.append("Last lines of the driver's log:\n");
        tail.forEach(line -> text.append(line).append('\n'));
      }
    }
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> tail(Path log) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(0, file.length() - LOG_TAIL_BYTES);
      byte[] bytes = new byte[(int) (file.length() - from)];
      file.seek(from);
      file.readFully(bytes);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size());
    }
  }
}
