package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.storage.S3Objects;
import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.LogBucket;
import io.sparkappliance.testing.S3MockServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files in parts in a real S3. */
class FilePartsTest {
  private static final int MEBIBYTE = 1 << 20;

  @TempDir private static Path server;
  @TempDir private Path directory;
  private static S3MockServer s3;
  private static Gate gate;
  private static S3Objects objects;

  @BeforeAll
  static void start() throws IOException {
    System.setProperty("aws.region", "eu-central-1");
    s3 = S3MockServer.start("parts", server);
    gate = new Gate(s3.endpoint());
    gate.open();
    objects =
        S3Objects.of(
            "JOBS_DIR",
            "s3a://parts/some/prefix",
            LogBucket.environment(gate.endpoint()),
            Duration.ofSeconds(20));
  }

  @AfterAll
  static void stop() throws IOException {
    System.clearProperty("aws.region");
    objects.close();
    gate.close();
    s3.close();
  }

  private static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static PartsChannel open(String name) throws Exception {
    return new PartsChannel(objects, FileParts.list(objects, name));
  }

  private static byte[] whole(String name) throws Exception {
    try (InputStream in = Channels.newInputStream(open(name))) {
      return in.readAllBytes();
    }
  }

  @Test
  void a_file_of_any_size_is_put_and_read_from_anywhere() throws Exception {
    byte[] bytes = noise(19 * MEBIBYTE + 17);
    Path file = Files.write(directory.resolve("large"), bytes);
    new FileParts(objects, "large").put(file);
    List<FileParts.Part> parts = FileParts.list(objects, "large");
    assertThat(parts)
        .extracting(FileParts.Part::offset)
        .containsExactly(0L, 8L * MEBIBYTE, 16L * MEBIBYTE);
    assertThat(parts.getFirst().name()).isEqualTo("large/00000000000000000000");
    assertThat(Arrays.equals(whole("large"), bytes)).isTrue();
    try (PartsChannel channel = open("large")) {
      assertThat(channel.size()).isEqualTo(bytes.length);
      for (int from : List.of(0, 8 * MEBIBYTE - 3, 8 * MEBIBYTE, bytes.length - 5, 12345)) {
        ByteBuffer ten = ByteBuffer.allocate(10);
        channel.position(from);
        while (ten.hasRemaining() && channel.read(ten) >= 0) {
          assertThat(channel.position()).isEqualTo((long) from + ten.position());
        }
        assertThat(Arrays.copyOf(ten.array(), ten.position()))
            .isEqualTo(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 10)));
      }
      assertThat(channel.position(bytes.length + 10L).read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  void what_grows_is_followed_and_earlier_bytes_stay_where_they_are() throws Exception {
    Path file = Files.writeString(directory.resolve("log"), "one\n");
    FileParts parts = new FileParts(objects, "log");
    parts.put(file);
    try (PartsChannel before = open("log")) {
      Files.writeString(file, "two\n", StandardOpenOption.APPEND);
      parts.put(file);
      assertThat(Channels.newInputStream(before)).hasContent("one\n");
    }
    assertThat(FileParts.list(objects, "log")).hasSize(1);
    assertThat(whole("log")).asString().isEqualTo("one\ntwo\n");

    try (OutputStream more = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
      more.write(noise(MEBIBYTE));
    }
    // As a process does that comes after this one.
    FileParts found = FileParts.found(objects, "log");
    found.put(file);
    Files.writeString(file, "three\n", StandardOpenOption.APPEND);
    found.put(file);
    FileParts.found(objects, "log").put(file);
    assertThat(FileParts.list(objects, "log"))
        .extracting(FileParts.Part::offset)
        .containsExactly(0L, MEBIBYTE + 8L);
    assertThat(Arrays.equals(whole("log"), Files.readAllBytes(file))).isTrue();
  }

  @Test
  void what_breaks_off_is_read_on_where_it_was() throws Exception {
    byte[] bytes = noise(6 * MEBIBYTE);
    new FileParts(objects, "broken").put(Files.write(directory.resolve("broken"), bytes));
    try (PartsChannel channel = open("broken");
        InputStream in = Channels.newInputStream(channel)) {
      byte[] first = in.readNBytes(MEBIBYTE);
      gate.shut();
      gate.open();
      byte[] rest = in.readAllBytes();
      assertThat(Arrays.equals(first, Arrays.copyOf(bytes, MEBIBYTE))).isTrue();
      assertThat(Arrays.equals(rest, Arrays.copyOfRange(bytes, MEBIBYTE, bytes.length))).isTrue();
    }
  }

  private static S3Objects.Entry entry(int offset, int size) {
    return new S3Objects.Entry("log/%020d".formatted(offset), size);
  }

  private static List<Integer> offsets(S3Objects.Entry... entries) {
    return FileParts.of(List.of(entries), "log").stream().map(part -> (int) part.offset()).toList();
  }

  @Test
  void parts_of_two_writers_hide_nothing_that_comes_behind_them() {
    assertThat(offsets(entry(0, 10), entry(10, 5))).containsExactly(0, 10);
    // One put the last part where the other had more already.
    assertThat(offsets(entry(0, 10), entry(4, 9), entry(13, 2))).containsExactly(0, 4, 13);
    assertThat(offsets(entry(0, 10), entry(4, 3), entry(10, 2))).containsExactly(0, 10);
    assertThat(offsets(entry(0, 4), entry(2, 8), entry(3, 20), entry(10, 2))).containsExactly(0, 3);
    assertThat(offsets(entry(0, 10), entry(11, 5))).containsExactly(0);
    assertThat(offsets(entry(1, 10))).isEmpty();
    assertThat(offsets(entry(0, 0))).containsExactly(0);
    assertThat(offsets(entry(0, 0), entry(0, 0))).containsExactly(0);
  }

  @Test
  void overlapping_parts_are_read_as_one_file() throws Exception {
    byte[] bytes = noise(100);
    for (int[] part : List.of(new int[] {0, 60}, new int[] {40, 80}, new int[] {80, 100})) {
      objects.put("overlap/%020d".formatted(part[0]), Arrays.copyOfRange(bytes, part[0], part[1]));
    }
    assertThat(whole("overlap")).isEqualTo(bytes);
    try (PartsChannel channel = open("overlap")) {
      assertThat(channel.size()).isEqualTo(100);
      InputStream from50 = Channels.newInputStream(channel.position(50));
      assertThat(from50.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 50, 100));
    }
  }

  @Test
  void an_empty_file_that_has_to_be_there_is() throws Exception {
    Path file = Files.createFile(directory.resolve("empty"));
    new FileParts(objects, "empty").put(file);
    assertThat(FileParts.list(objects, "empty")).isEmpty();
    new FileParts(objects, "empty").putWhole(file);
    assertThat(FileParts.list(objects, "empty")).hasSize(1);
    assertThat(whole("empty")).isEmpty();
  }

  @Test
  void more_than_one_page_of_objects_is_listed_and_removed() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      for (int i = 0; i < 1005; i++) {
        String name = "many/" + i;
        var _ =
            threads.submit(
                () -> {
                  objects.put(name, new byte[0]);
                  return name;
                });
      }
    }
    objects.put("many-more/1", new byte[3]);
    assertThat(objects.list("many")).hasSize(1005);
    objects.delete(objects.list("many").stream().map(S3Objects.Entry::name).toList());
    assertThat(objects.list("many")).isEmpty();
    assertThat(objects.list("many-more")).containsExactly(new S3Objects.Entry("many-more/1", 3));
    assertThat(objects.find("many/1")).isEmpty();
  }
}
