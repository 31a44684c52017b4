package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@link ResultWriter} wrote, line by line. */
final class ResultReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Takes results in the order in which they were written. */
  interface Visitor {
    /** A result begins. */
    void columns(List<Column> columns) throws IOException;

    /** A row of it: one text per column, null for null. */
    void row(List<String> values) throws IOException;

    /** There are no more results. */
    void end() throws IOException;
  }

  private ResultReader() {}

  /**
   * Walks over a file. A last line that a crash cut short is left out.
   *
   * @param file is closed
   * @throws IOException when the file can't be read, or the visitor can't write
   */
  static void read(InputStream file, Visitor visitor) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode node;
        try {
          node = JSON.readTree(line);
        } catch (JsonProcessingException cutShort) {
          break;
        }
        if (node.isArray()) {
          visitor.row(values(node));
        } else {
          visitor.columns(columns(node.path("columns")));
        }
      }
    }
    visitor.end();
  }

  /**
   * Reads the line of a row.
   *
   * @throws IOException when it is none
   */
  static List<String> row(String line) throws IOException {
    if (line == null) {
      throw new IOException("a job's results are shorter than they were");
    }
    return values(JSON.readTree(line));
  }

  private static List<String> values(JsonNode row) {
    List<String> values = new ArrayList<>(row.size());
    for (JsonNode value : row) {
      values.add(value.isNull() ? null : value.asText());
    }
    return values;
  }

  private static List<Column> columns(JsonNode described) {
    List<Column> columns = new ArrayList<>(described.size());
    for (JsonNode column : described) {
      columns.add(new Column(column.path("name").asText(), column.path("type").asText()));
    }
    return columns;
  }
}
