package io.sparkappliance.jobs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Rows as a stream of Arrow's record batches. */
final class ArrowRenderer implements ResultReader.Visitor, AutoCloseable {
  /** Whichever is reached first ends a batch. */
  private static final int BATCH_ROWS = 8192;

  private static final int BATCH_CHARACTERS = 4 << 20;

  /** A batch, its copies while vectors grow, and one long row. */
  private static final long MOST_MEMORY = 256L << 20;

  private final Ending out;
  private final BufferAllocator memory = new RootAllocator(MOST_MEMORY);
  private final List<ColumnType> types = new ArrayList<>();
  private VectorSchemaRoot batch;
  private ArrowStreamWriter writer;
  private int rows;
  private int characters;

  /** Writes to a stream, which is not closed. */
  ArrowRenderer(OutputStream out) {
    this.out = new Ending(out);
  }

  @Override
  public void columns(List<Column> columns) throws IOException {
    List<String> names = ColumnNames.unique(columns);
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      types.add(ColumnType.of(columns.get(i)));
      fields.add(Field.nullable(names.get(i), arrowType(types.get(i))));
    }
    batch = VectorSchemaRoot.create(new Schema(fields), memory);
    writer = new ArrowStreamWriter(batch, null, out);
    writer.start();
  }

  private static ArrowType arrowType(ColumnType type) {
    return switch (type.kind()) {
      case BOOLEAN -> new ArrowType.Bool();
      case TINYINT -> new ArrowType.Int(8, true);
      case SMALLINT -> new ArrowType.Int(16, true);
      case INT -> new ArrowType.Int(32, true);
      case BIGINT -> new ArrowType.Int(64, true);
      case FLOAT -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
      case DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
      case DECIMAL -> new ArrowType.Decimal(type.precision(), type.scale(), 128);
      case DATE -> new ArrowType.Date(DateUnit.DAY);
      case TIMESTAMP -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
      case BINARY -> new ArrowType.Binary();
      case TEXT -> new ArrowType.Utf8();
    };
  }

  @Override
  public void row(List<String> values) throws IOException {
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) != null) {
        set(batch.getVector(i), types.get(i), values.get(i));
        characters += values.get(i).length();
      }
    }
    rows++;
    if (rows == BATCH_ROWS || characters >= BATCH_CHARACTERS) {
      writeBatch();
    }
  }

  private void set(FieldVector vector, ColumnType type, String text) {
    switch (vector) {
      case BitVector bits -> bits.setSafe(rows, Boolean.parseBoolean(text) ? 1 : 0);
      case TinyIntVector bytes -> bytes.setSafe(rows, type.number(text).byteValueExact());
      case SmallIntVector shorts -> shorts.setSafe(rows, type.number(text).shortValueExact());
      case IntVector ints -> ints.setSafe(rows, type.number(text).intValueExact());
      case BigIntVector longs -> longs.setSafe(rows, type.number(text).longValueExact());
      case Float4Vector floats -> floats.setSafe(rows, Float.parseFloat(text));
      case Float8Vector doubles -> doubles.setSafe(rows, Double.parseDouble(text));
      case DecimalVector decimals -> decimals.setSafe(rows, type.number(text));
      case DateDayVector dates -> dates.setSafe(rows, type.day(text));
      case TimeStampMicroTZVector times -> times.setSafe(rows, type.micros(text));
      case VarBinaryVector binaries -> binaries.setSafe(rows, Base64.getDecoder().decode(text));
      case VarCharVector texts -> texts.setSafe(rows, text.getBytes(StandardCharsets.UTF_8));
      default -> throw new IllegalStateException(vector.getClass().getName());
    }
  }

  private void writeBatch() throws IOException {
    batch.setRowCount(rows);
    writer.writeBatch();
    batch.clear();
    rows = 0;
    characters = 0;
  }

  @Override
  public void end() throws IOException {
    if (rows > 0) {
      writeBatch();
    }
    writer.end();
    out.flush();
  }

  /** Gives the memory back; what was not ended stays without its end. */
  @Override
  public void close() {
    out.shut();
    try (BufferAllocator _ = memory;
        VectorSchemaRoot _ = batch;
        ArrowStreamWriter _ = writer) {
      // The last first, and all of them whatever happens.
    }
  }

  /** Takes nothing any more once it is shut: the writer would end its stream whatever happened. */
  private static final class Ending extends FilterOutputStream {
    private boolean shut;

    Ending(OutputStream out) {
      super(out);
    }

    void shut() {
      shut = true;
    }

    @Override
    public void write(int value) throws IOException {
      if (!shut) {
        out.write(value);
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (!shut) {
        out.write(bytes, offset, length);
      }
    }

    @Override
    public void flush() throws IOException {
      if (!shut) {
        out.flush();
      }
    }

    @Override
    public void close() {
      shut = true;
    }
  }
}
