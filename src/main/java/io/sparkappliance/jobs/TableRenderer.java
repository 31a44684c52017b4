package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Draws results as beeline 2.3.10 draws them with {@code --silent=true}: column widths are those of
 * the widest value among a thousand rows, at most 50; the header comes again every hundred rows.
 * People's scripts cut these tables into pieces, so every blank counts.
 */
final class TableRenderer implements ResultReader.Visitor {
  private static final int MAX_WIDTH = 50;
  private static final int ROWS_PER_WIDTH = 1000;
  private static final int ROWS_PER_HEADER = 100;

  private final Writer out;
  private final List<List<String>> buffer = new ArrayList<>(ROWS_PER_WIDTH);
  private List<Column> columns = List.of();
  private String rule = "";
  private String header = "";
  private boolean open;
  private boolean headerDrawn;
  private long rows;

  TableRenderer(Writer out) {
    this.out = out;
  }

  @Override
  public void columns(List<Column> next) throws IOException {
    finish();
    columns = next;
    open = true;
    headerDrawn = false;
    rows = 0;
  }

  @Override
  public void row(List<String> values) throws IOException {
    List<String> shown = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      shown.add(text(columns.get(i), values.get(i)));
    }
    buffer.add(shown);
    if (buffer.size() == ROWS_PER_WIDTH) {
      draw();
    }
  }

  @Override
  public void end() throws IOException {
    finish();
    out.flush();
  }

  private void finish() throws IOException {
    if (open) {
      draw();
      line(rule);
    }
    open = false;
  }

  private void draw() throws IOException {
    int[] widths = widths();
    if (!headerDrawn) {
      drawHeader(widths);
    }
    for (List<String> row : buffer) {
      if (rows > 0 && rows % ROWS_PER_HEADER == 0) {
        repeatHeader();
      }
      rows++;
      StringBuilder line = new StringBuilder("| ");
      for (int i = 0; i < row.size(); i++) {
        line.append(i == 0 ? "" : " | ");
        pad(line, row.get(i), widths[i]);
      }
      line(line.append(" |").toString());
    }
    buffer.clear();
  }

  private int[] widths() {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      int widest = columns.get(i).name().length();
      for (List<String> row : buffer) {
        widest = Math.max(widest, row.get(i).length());
      }
      widths[i] = Math.min(widest + 1, MAX_WIDTH);
    }
    return widths;
  }

  private void drawHeader(int[] widths) throws IOException {
    StringBuilder dashes = new StringBuilder("+-");
    StringBuilder names = new StringBuilder("| ");
    for (int i = 0; i < widths.length; i++) {
      dashes.append(i == 0 ? "" : "-+-").append("-".repeat(widths[i]));
      names.append(i == 0 ? "" : " | ");
      String name = columns.get(i).name();
      names.append(" ".repeat(Math.max(0, (widths[i] - name.length()) / 2)));
      pad(names, name, widths[i] - Math.max(0, (widths[i] - name.length()) / 2));
    }
    rule = dashes.append("-+").toString();
    header = names.append(" |").toString();
    repeatHeader();
    headerDrawn = true;
  }

  private void repeatHeader() throws IOException {
    line(rule);
    line(header);
    line(rule);
  }

  private void line(String text) throws IOException {
    out.write(text);
    out.write('\n');
  }

  private static void pad(StringBuilder line, String text, int width) {
    line.append(text).append(" ".repeat(Math.max(0, width - text.length())));
  }

  private static String text(Column column, String value) {
    if (value == null) {
      return "NULL";
    }
    return column.isBinary()
        ? new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)
        : value;
  }
}
