package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Rows as a Parquet file, one row group after the other. One that is given up lacks its end, which
 * is where readers begin.
 */
final class ParquetRenderer implements ResultReader.Visitor {
  /** What is kept in memory at most, uncompressed, before it is written. */
  private static final long ROW_GROUP_BYTES = 8L << 20;

  private final OutputStream out;
  private ParquetWriter<List<String>> writer;

  /** Writes to a stream, which is not closed. */
  ParquetRenderer(OutputStream out) {
    this.out = out;
  }

  @Override
  public void columns(List<Column> columns) throws IOException {
    writer =
        new Builder(new Target(new CountedStream(out)), new Rows(columns))
            .withConf(new PlainParquetConfiguration())
            .withCodecFactory(new GzipPages())
            .withCompressionCodec(CompressionCodecName.GZIP)
            .withRowGroupSize(ROW_GROUP_BYTES)
            // Otherwise it would look at the size after hundreds of rows, which may be large.
            .withMinRowCountForPageSizeCheck(1)
            .withMaxRowCountForPageSizeCheck(10)
            .build();
  }

  @Override
  public void row(List<String> values) throws IOException {
    writer.write(values);
  }

  @Override
  public void end() throws IOException {
    writer.close();
    out.flush();
  }

  private static final class Builder extends ParquetWriter.Builder<List<String>, Builder> {
    private final Rows rows;

    Builder(OutputFile file, Rows rows) {
      super(file);
      this.rows = rows;
    }

    @Override
    protected Builder self() {
      return this;
    }

    /** The older of two ways to ask for it, which has to be there. */
    @Override
    @SuppressWarnings("deprecation")
    protected WriteSupport<List<String>> getWriteSupport(Configuration configuration) {
      return rows;
    }

    @Override
    protected WriteSupport<List<String>> getWriteSupport(ParquetConfiguration configuration) {
      return rows;
    }
  }

  /** Rows as Parquet's columns. */
  private static final class Rows extends WriteSupport<List<String>> {
    private final List<String> names;
    private final List<ColumnType> types;
    private RecordConsumer consumer;

    Rows(List<Column> columns) {
      names = ColumnNames.unique(columns);
      types = columns.stream().map(ColumnType::of).toList();
    }

    /** The older of two ways to ask for it, which has to be there. */
    @Override
    @SuppressWarnings("deprecation")
    public WriteContext init(Configuration configuration) {
      return context();
    }

    @Override
    public WriteContext init(ParquetConfiguration configuration) {
      return context();
    }

    private WriteContext context() {
      List<Type> fields = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        fields.add(field(types.get(i)).named(names.get(i)));
      }
      return new WriteContext(new MessageType("result", fields), Map.of());
    }

    private static Types.PrimitiveBuilder<? extends Type> field(ColumnType type) {
      return switch (type.kind()) {
        case BOOLEAN -> Types.optional(PrimitiveTypeName.BOOLEAN);
        case TINYINT -> integer(8);
        case SMALLINT -> integer(16);
        case INT -> integer(32);
        case BIGINT -> Types.optional(PrimitiveTypeName.INT64);
        case FLOAT -> Types.optional(PrimitiveTypeName.FLOAT);
        case DOUBLE -> Types.optional(PrimitiveTypeName.DOUBLE);
        case DECIMAL ->
            Types.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.decimalType(type.scale(), type.precision()));
        case DATE -> Types.optional(PrimitiveTypeName.INT32).as(LogicalTypeAnnotation.dateType());
        case TIMESTAMP ->
            Types.optional(PrimitiveTypeName.INT64)
                .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS));
        case BINARY -> Types.optional(PrimitiveTypeName.BINARY);
        case TEXT ->
            Types.optional(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType());
      };
    }

    private static Types.PrimitiveBuilder<? extends Type> integer(int bits) {
      return Types.optional(PrimitiveTypeName.INT32).as(LogicalTypeAnnotation.intType(bits, true));
    }

    @Override
    public void prepareForWrite(RecordConsumer where) {
      consumer = where;
    }

    @Override
    public void write(List<String> values) {
      consumer.startMessage();
      for (int i = 0; i < values.size(); i++) {
        if (values.get(i) != null) {
          consumer.startField(names.get(i), i);
          add(types.get(i), values.get(i));
          consumer.endField(names.get(i), i);
        }
      }
      consumer.endMessage();
    }

    private void add(ColumnType type, String text) {
      switch (type.kind()) {
        case BOOLEAN -> consumer.addBoolean(Boolean.parseBoolean(text));
        case TINYINT, SMALLINT, INT -> consumer.addInteger(type.number(text).intValueExact());
        case BIGINT -> consumer.addLong(type.number(text).longValueExact());
        case FLOAT -> consumer.addFloat(Float.parseFloat(text));
        case DOUBLE -> consumer.addDouble(Double.parseDouble(text));
        case DECIMAL ->
            consumer.addBinary(
                Binary.fromConstantByteArray(type.number(text).unscaledValue().toByteArray()));
        case DATE -> consumer.addInteger(type.day(text));
        case TIMESTAMP -> consumer.addLong(type.micros(text));
        case BINARY ->
            consumer.addBinary(Binary.fromConstantByteArray(Base64.getDecoder().decode(text)));
        case TEXT -> consumer.addBinary(Binary.fromString(text));
      }
    }
  }

  /** Where the file goes. */
  private record Target(CountedStream out) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSize) {
      return new PositionOutputStream() {
        @Override
        public long getPos() {
          return out.count();
        }

        @Override
        public void write(int value) throws IOException {
          out.write(value);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          out.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
          out.flush();
        }

        @Override
        public void close() throws IOException {
          out.flush();
        }
      };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSize) {
      return create(blockSize);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }
}
