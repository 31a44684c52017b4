package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where in the file of {@link ResultWriter} what is: any page of a large result is found without
 * reading those before it.
 *
 * @param results in the order of the statements that had one
 */
record ResultIndex(List<Result> results) {
  /** A row is found by reading at most so many before it. */
  static final int STRIDE = 1000;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Takes a copy. */
  ResultIndex {
    results = List.copyOf(results);
  }

  /**
   * One result.
   *
   * @param columns what its rows hold
   * @param rows how many it has
   * @param marks where rows 0, {@value #STRIDE}, 2 × {@value #STRIDE} … begin, in bytes from the
   *     beginning of the file
   */
  record Result(List<Column> columns, long rows, List<Long> marks) {
    /** Takes copies. */
    Result {
      columns = List.copyOf(columns);
      marks = List.copyOf(marks);
    }
  }

  /**
   * Writes it beside the results.
   *
   * @throws IOException when it can't be written
   */
  void write(Path file) throws IOException {
    ArrayNode all = JSON.createArrayNode();
    for (Result result : results) {
      ObjectNode json = all.addObject();
      ArrayNode columns = json.putArray("columns");
      result
          .columns()
          .forEach(
              column -> {
                ObjectNode one = columns.addObject();
                one.put("name", column.name()).put("type", column.type());
                column.parameter().ifPresent(parameter -> one.put("parameter", parameter));
              });
      json.put("rows", result.rows());
      ArrayNode marks = json.putArray("marks");
      result.marks().forEach(marks::add);
    }
    AtomicFiles.write(file, all.toString(), "rw-------");
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param file is closed
   * @throws IOException when it can't be read
   */
  static ResultIndex read(InputStream file) throws IOException {
    try (file) {
      List<Result> results = new ArrayList<>();
      for (JsonNode json : JSON.readTree(file)) {
        List<Column> columns = new ArrayList<>();
        json.required("columns")
            .forEach(
                column ->
                    columns.add(
                        new Column(
                            column.required("name").asText(),
                            column.required("type").asText(),
                            Optional.ofNullable(column.get("parameter")).map(JsonNode::asText))));
        List<Long> marks = new ArrayList<>();
        json.required("marks").forEach(mark -> marks.add(mark.asLong()));
        results.add(new Result(columns, json.required("rows").asLong(), marks));
      }
      return new ResultIndex(results);
    } catch (JsonProcessingException | IllegalArgumentException damaged) {
      throw new IOException("the index of a job's results is damaged", damaged);
    }
  }
}
