package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** Rows with tabs between the values, as MySQL and Hive load them. */
final class TsvRenderer implements ResultReader.Visitor {
  private final CSVPrinter printer;

  TsvRenderer(Writer out) throws IOException {
    printer = new CSVPrinter(out, CSVFormat.MYSQL);
  }

  @Override
  public void columns(List<Column> columns) throws IOException {
    printer.printRecord(columns.stream().map(Column::name).toList());
  }

  @Override
  public void row(List<String> values) throws IOException {
    printer.printRecord(values);
  }

  @Override
  public void end() throws IOException {
    printer.flush();
  }
}
