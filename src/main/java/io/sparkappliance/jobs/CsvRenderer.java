package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.QuoteMode;

/**
 * Results as RFC 4180 text: a line with the names, then the rows. Null is an empty field, an empty
 * text is {@code ""}. Several results are separated by an empty line; the placeholder that Spark
 * gives for a statement without a result is left out.
 */
final class CsvRenderer implements ResultReader.Visitor {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180.builder().setQuoteMode(QuoteMode.ALL_NON_NULL).get();
  private static final CSVFormat PLAIN =
      CSVFormat.RFC4180.builder().setQuoteMode(QuoteMode.MINIMAL).get();

  private final Writer out;
  private final CSVPrinter strict;
  private final CSVPrinter plain;
  private List<String> header = List.of();
  private boolean first = true;

  CsvRenderer(Writer out) throws IOException {
    this.out = out;
    this.strict = new CSVPrinter(out, FORMAT);
    this.plain = new CSVPrinter(out, PLAIN);
  }

  @Override
  public void columns(List<Column> columns) throws IOException {
    header = columns.stream().map(Column::name).toList();
    if (!header.equals(List.of("Result"))) {
      writeHeader();
    }
  }

  private void writeHeader() throws IOException {
    if (header.isEmpty()) {
      return;
    }
    if (!first) {
      out.write("\r\n");
    }
    first = false;
    plain.printRecord(header);
    header = List.of();
  }

  @Override
  public void row(List<String> values) throws IOException {
    writeHeader();
    // Quotes only where they are needed, but always where an empty text could be taken for null.
    if (values.contains("")) {
      strict.printRecord(values);
    } else {
      plain.printRecord(values);
    }
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }
}
