package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

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
   * @param content what it has left behind
   * @param format how; applications know text only
   * @param out not closed
   * @throws IOException when it can't be read or written
   */
  static void write(Job job, JobContent content, OutputFormat format, OutputStream out)
      throws IOException {
    if (job.kind() == JobKind.SQL) {
      Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
      ResultReader.Visitor renderer =
          switch (format) {
            case TEXT -> new TableRenderer(writer);
            case CSV -> new CsvRenderer(writer);
            case JSON -> new JsonRenderer(writer, job.id(), job.reason());
          };
      readIfThere(content.stream(RESULTS), renderer);
      writer.flush();
    } else {
      writeIfThere(content.open(ApplicationRunner.OUTPUT), job, out);
    }
    if (format == OutputFormat.TEXT && job.reason().isPresent()) {
      writeReason(job, content, out);
    }
    out.flush();
  }

  private static void readIfThere(Optional<InputStream> results, ResultReader.Visitor renderer)
      throws IOException {
    if (results.isPresent()) {
      ResultReader.read(results.get(), renderer);
    } else {
      renderer.end();
    }
  }

  private static void writeIfThere(Optional<SeekableByteChannel> output, Job job, OutputStream out)
      throws IOException {
    if (output.isPresent()) {
      try (SeekableByteChannel file = output.get();
          InputStream in = Channels.newInputStream(file)) {
        in.transferTo(out);
        // What a failed program printed last may be half a line.
        if (job.reason().isPresent() && file.size() > 0) {
          file.position(file.size() - 1);
          if (in.read() != '\n') {
            out.write('\n');
          }
        }
      }
    }
  }

  private static void writeReason(Job job, JobContent content, OutputStream out)
      throws IOException {
    StringBuilder text = new StringBuilder("Error: ").append(job.reason().orElse("")).append('\n');
    // Who has cancelled it does not wonder why.
    boolean wonders = job.state() != JobState.CANCELLED;
    if (job.kind() == JobKind.APPLICATION && wonders) {
      List<String> tail = tail(content.open(ApplicationRunner.DRIVER_LOG));
      if (!tail.isEmpty()) {
        text.append("Last lines of the driver's log:\n");
        tail.forEach(line -> text.append(line).append('\n'));
      }
    }
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> tail(Optional<SeekableByteChannel> log) throws IOException {
    if (log.isEmpty()) {
      return List.of();
    }
    try (SeekableByteChannel file = log.get()) {
      file.position(Math.max(0, file.size() - LOG_TAIL_BYTES));
      byte[] bytes = Channels.newInputStream(file).readNBytes(LOG_TAIL_BYTES);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size());
    }
  }
}
