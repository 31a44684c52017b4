package io.sparkappliance.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;

/** Writes out parts of a SQL job's results; the same part is the same bytes each time. */
final class ResultPages {
  private ResultPages() {}

  /**
   * Writes rows of one result.
   *
   * @param content the job's
   * @param result which of its results
   * @param format how
   * @param offset the first row, from 0
   * @param limit how many rows, at most
   * @param out not closed
   * @throws IOException when it can't be read or written
   */
  static void write(
      JobContent content,
      ResultIndex.Result result,
      ResultFormat format,
      long offset,
      long limit,
      OutputStream out)
      throws IOException {
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
    switch (format) {
      case ARROW -> {
        try (ArrowRenderer renderer = new ArrowRenderer(out)) {
          write(content, result, offset, limit, renderer);
        }
      }
      case PARQUET -> write(content, result, offset, limit, new ParquetRenderer(out));
      case TEXT -> write(content, result, offset, limit, new TableRenderer(writer));
      case CSV -> write(content, result, offset, limit, new CsvRenderer(writer));
      case TSV -> write(content, result, offset, limit, new TsvRenderer(writer));
      case JSON ->
          write(
              content, result, offset, limit, new JsonPageRenderer(writer, offset, result.rows()));
      case JSONL -> write(content, result, offset, limit, new JsonLinesRenderer(writer));
    }
    writer.flush();
  }

  private static void write(
      JobContent content,
      ResultIndex.Result result,
      long offset,
      long limit,
      ResultReader.Visitor renderer)
      throws IOException {
    renderer.columns(result.columns());
    long rows = Math.min(limit, result.rows() - offset);
    if (rows > 0) {
      copy(content, result, offset, rows, renderer);
    }
    renderer.end();
  }

  private static void copy(
      JobContent content,
      ResultIndex.Result result,
      long offset,
      long rows,
      ResultReader.Visitor renderer)
      throws IOException {
    int mark = Math.toIntExact(offset / ResultIndex.STRIDE);
    try (SeekableByteChannel channel =
        content
            .open(JobOutput.RESULTS)
            .orElseThrow(() -> new NoSuchFileException(JobOutput.RESULTS))) {
      channel.position(result.marks().get(mark));
      BufferedReader lines =
          new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      for (long skip = offset % ResultIndex.STRIDE; skip > 0; skip--) {
        lines.readLine();
      }
      for (long row = 0; row < rows; row++) {
        renderer.row(ResultReader.row(lines.readLine()));
      }
    }
  }
}
