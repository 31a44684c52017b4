package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Optional;

/**
 * Results as one JSON object: {@code job_id}, {@code results} with {@code columns} and {@code rows}
 * each, and {@code error} when the job failed.
 */
final class JsonRenderer implements ResultReader.Visitor {
  private final JsonGenerator json;
  private final Optional<String> error;
  private List<Column> columns = List.of();
  private boolean open;

  JsonRenderer(Writer out, JobId id, Optional<String> error) throws IOException {
    this.error = error;
    json = new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.writeStartObject();
    json.writeStringField("job_id", id.value());
    json.writeArrayFieldStart("results");
  }

  @Override
  public void columns(List<Column> next) throws IOException {
    finish();
    columns = next;
    open = true;
    json.writeStartObject();
    Column.write(columns, json);
    json.writeArrayFieldStart("rows");
  }

  @Override
  public void row(List<String> values) throws IOException {
    JsonValues.writeRow(json, columns, values);
  }

  @Override
  public void end() throws IOException {
    finish();
    json.writeEndArray();
    if (error.isPresent()) {
      json.writeStringField("error", error.get());
    }
    json.writeEndObject();
    json.close();
  }

  private void finish() throws IOException {
    if (open) {
      json.writeEndArray();
      json.writeEndObject();
    }
    open = false;
  }
}
