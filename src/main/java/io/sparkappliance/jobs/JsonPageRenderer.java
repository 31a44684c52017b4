package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.Writer;
import java.util.List;

/** A part of one result as one JSON object. */
final class JsonPageRenderer implements ResultReader.Visitor {
  private final JsonGenerator json;
  private final long offset;
  private final long totalRows;
  private List<Column> columns = List.of();

  JsonPageRenderer(Writer out, long offset, long totalRows) throws IOException {
    this.offset = offset;
    this.totalRows = totalRows;
    json = new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  @Override
  public void columns(List<Column> all) throws IOException {
    columns = all;
    json.writeStartObject();
    json.writeNumberField("offset", offset);
    json.writeNumberField("total_rows", totalRows);
    Column.write(columns, json);
    json.writeArrayFieldStart("rows");
  }

  @Override
  public void row(List<String> values) throws IOException {
    JsonValues.writeRow(json, columns, values);
  }

  @Override
  public void end() throws IOException {
    json.writeEndArray();
    json.writeEndObject();
    json.close();
  }
}
