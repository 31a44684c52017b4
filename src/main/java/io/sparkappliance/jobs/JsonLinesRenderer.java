package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.IOException;
import java.io.Writer;
import java.util.List;

/** Rows as JSON objects, one in each line. Of columns with one name the later ones get a number. */
final class JsonLinesRenderer implements ResultReader.Visitor {
  private final Writer out;
  private final JsonGenerator json;
  private List<String> names = List.of();
  private List<Column> columns = List.of();
  private boolean any;

  JsonLinesRenderer(Writer out) throws IOException {
    this.out = out;
    json = new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
  }

  @Override
  public void columns(List<Column> all) {
    columns = all;
    names = ColumnNames.unique(all);
  }

  @Override
  public void row(List<String> values) throws IOException {
    any = true;
    json.writeStartObject();
    for (int i = 0; i < values.size(); i++) {
      json.writeFieldName(names.get(i));
      JsonValues.write(json, columns.get(i), values.get(i));
    }
    json.writeEndObject();
  }

  @Override
  public void end() throws IOException {
    json.close();
    if (any) {
      out.write('\n');
    }
  }
}
