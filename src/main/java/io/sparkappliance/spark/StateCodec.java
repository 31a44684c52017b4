package io.sparkappliance.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.io.CompressionCodec;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A master's objects as bytes: Java's serialisation, as in stock Spark, compressed when {@code
 * spark.deploy.recoveryCompressionCodec} names a codec. Both are understood, so that a cluster can
 * be switched over in either direction.
 */
final class StateCodec {
  /** First bytes of every stream of {@link java.io.ObjectOutputStream}. */
  private static final int SERIALIZATION_MAGIC = 0xACED;

  private static final int MAGIC_BYTES = 2;

  private final SerializerInstance serializer;
  private final Optional<CompressionCodec> compression;
  private final CompressionCodec decompression;

  StateCodec(SparkConf conf, Serializer serializer) {
    this.serializer = serializer.newInstance();
    this.compression =
        Optional.of(conf.get("spark.deploy.recoveryCompressionCodec", ""))
            .filter(name -> !name.isEmpty())
            .map(name -> CompressionCodec.createCodec(conf, name));
    this.decompression =
        compression.orElseGet(() -> CompressionCodec.createCodec(conf, CompressionCodec.ZSTD()));
  }

  byte[] encode(Object value) throws IOException {
    ByteBuffer buffer = serializer.serialize(value, ClassTag$.MODULE$.apply(value.getClass()));
    byte[] plain = new byte[buffer.remaining()];
    buffer.get(plain);
    if (compression.isEmpty()) {
      return plain;
    }
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (OutputStream stream = compression.get().compressedOutputStream(compressed)) {
      stream.write(plain);
    }
    return compressed.toByteArray();
  }

  <T> T decode(byte[] bytes, ClassTag<T> type) throws IOException {
    byte[] plain = isPlain(bytes) ? bytes : decompress(bytes);
    return serializer.deserialize(
        ByteBuffer.wrap(plain), Thread.currentThread().getContextClassLoader(), type);
  }

  private static boolean isPlain(byte[] bytes) {
    return bytes.length >= MAGIC_BYTES
        && (ByteBuffer.wrap(bytes).getShort() & 0xFFFF) == SERIALIZATION_MAGIC;
  }

  private byte[] decompress(byte[] bytes) throws IOException {
    try (InputStream stream =
        decompression.compressedInputStream(new ByteArrayInputStream(bytes))) {
      return stream.readAllBytes();
    }
  }
}
