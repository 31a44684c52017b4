package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Writes results down as they arrive, one JSON value per line: for each result an object with its
 * columns, then an array per row. A value is the text that Hive's driver gives for it, binary data
 * is base 64, null is null. {@link ResultReader} reads it back; a {@link ResultIndex} is written
 * when all is there.
 */
final class ResultWriter implements AutoCloseable {
  private final CountedStream counted;
  private final JsonGenerator json;
  private final Path index;
  private final long maxBytes;
  private final List<ResultIndex.Result> results = new ArrayList<>();

  /**
   * Begins a file.
   *
   * @param directory where to
   * @param maxBytes size that the file may have, give or take a row
   * @throws IOException when it can't be written
   */
  ResultWriter(Path directory, long maxBytes) throws IOException {
    this.index = directory.resolve(JobOutput.INDEX);
    this.maxBytes = maxBytes;
    Files.deleteIfExists(index);
    counted =
        new CountedStream(
            new BufferedOutputStream(Files.newOutputStream(directory.resolve(JobOutput.RESULTS))));
    json = new JsonFactory().createGenerator(counted, JsonEncoding.UTF8);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
  }

  /** Tells in which time zone a session writes timestamps. */
  @FunctionalInterface
  interface Zone {
    /** Its name; empty when it is not known. */
    Optional<String> name() throws SQLException;
  }

  /**
   * Writes one result to its end.
   *
   * @param zone asked when there is a timestamp
   * @throws JobFailure when it is too large
   */
  void write(ResultSet result, Zone zone) throws IOException, SQLException, JobFailure {
    List<Column> columns = columns(result.getMetaData(), zone);
    json.writeStartObject();
    Column.write(columns, json);
    json.writeEndObject();
    long rows = 0;
    List<Long> marks = new ArrayList<>();
    try {
      while (result.next()) {
        // A value that the driver can't make sense of must not leave half a row behind.
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= columns.size(); i++) {
          row.add(result.getObject(i));
        }
        if (rows % ResultIndex.STRIDE == 0) {
          marks.add(position() + 1);
        }
        json.writeStartArray();
        for (Object value : row) {
          writeValue(value);
        }
        json.writeEndArray();
        rows++;
        if (position() > maxBytes) {
          throw new JobFailure(SqlRunner.tooMuch(maxBytes));
        }
      }
    } finally {
      results.add(new ResultIndex.Result(columns, rows, marks));
      // What was read so far is there to be seen if the next statement fails, or the process dies.
      json.flush();
    }
  }

  /** The next byte's; a line's end is written with what follows it. */
  private long position() {
    return counted.count() + json.getOutputBuffered();
  }

  private void writeValue(Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case byte[] bytes -> json.writeString(Base64.getEncoder().encodeToString(bytes));
      default -> json.writeString(value.toString());
    }
  }

  private static List<Column> columns(ResultSetMetaData meta, Zone zone) throws SQLException {
    List<Column> columns = new ArrayList<>();
    Optional<Optional<String>> known = Optional.empty();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      String type = meta.getColumnTypeName(i).toLowerCase(Locale.ROOT);
      Optional<String> parameter = Optional.empty();
      if (type.equals("decimal")) {
        parameter = Optional.of(meta.getPrecision(i) + "," + meta.getScale(i));
      } else if (type.equals("timestamp")) {
        known = known.isPresent() ? known : Optional.of(zone.name());
        parameter = known.get();
      }
      columns.add(new Column(meta.getColumnLabel(i), type, parameter));
    }
    return columns;
  }

  @Override
  public void close() throws IOException {
    json.close();
    new ResultIndex(results).write(index);
  }
}
