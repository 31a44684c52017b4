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

/**
 * Writes results down as they arrive, one JSON value per line: for each result an object with its
 * columns, then an array per row. A value is the text that Hive's driver gives for it, binary data
 * is base 64, null is null. {@link ResultReader} reads it back.
 */
final class ResultWriter implements AutoCloseable {
  private final JsonGenerator json;

  ResultWriter(Path file) throws IOException {
    json =
        new JsonFactory()
            .createGenerator(
                new BufferedOutputStream(Files.newOutputStream(file)), JsonEncoding.UTF8);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
  }

  /** Writes one result to its end. */
  void write(ResultSet result) throws IOException, SQLException {
    List<Column> columns = columns(result.getMetaData());
    json.writeStartObject();
    Column.write(columns, json);
    json.writeEndObject();
    while (result.next()) {
      // A value that the driver can't make sense of must not leave half a row behind.
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= columns.size(); i++) {
        row.add(result.getObject(i));
      }
      json.writeStartArray();
      for (Object value : row) {
        writeValue(value);
      }
      json.writeEndArray();
    }
    // What was read so far is there to be seen if the next statement fails, or the process dies.
    json.flush();
  }

  private void writeValue(Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case byte[] bytes -> json.writeString(Base64.getEncoder().encodeToString(bytes));
      default -> json.writeString(value.toString());
    }
  }

  private static List<Column> columns(ResultSetMetaData meta) throws SQLException {
    List<Column> columns = new ArrayList<>();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      columns.add(
          new Column(meta.getColumnLabel(i), meta.getColumnTypeName(i).toLowerCase(Locale.ROOT)));
    }
    return columns;
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
