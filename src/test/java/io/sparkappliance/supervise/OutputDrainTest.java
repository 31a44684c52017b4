package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Settings.LogFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDrainTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Console console =
      new Console(
          new PrintStream(bytes, false, StandardCharsets.UTF_8), LogFormat.TEXT, Clock.systemUTC());

  @TempDir Path directory;

  @Test
  void linesGoToTheConsoleWithTheirRoleAndToTheFileWithout() throws Exception {
    drain("one\n\ntwo\r\nünïcödé\n");

    assertThat(shown()).containsExactly("role | one", "role | ", "role | two", "role | ünïcödé");
    assertThat(Files.readString(log())).isEqualTo("one\n\ntwo\nünïcödé\n");
  }

  @Test
  void aLastLineWithoutItsEndIsNotLost() throws Exception {
    OutputDrain drain = drain("one\nException: dies her");

    assertThat(shown()).containsExactly("role | one", "role | Exception: dies her");
    assertThat(drain.lastLines()).containsExactly("one", "Exception: dies her");
  }

  @Test
  void halvesOfALineThatArriveApartAreShownTogether() throws Exception {
    PipedOutputStream pipe = new PipedOutputStream();
    OutputDrain drain = new OutputDrain("role", console, logs(directory));
    Thread thread = drain.start(new PipedInputStream(pipe));
    pipe.write("first ".getBytes(StandardCharsets.UTF_8));
    pipe.flush();
    console.line("other", "in between");
    pipe.write("half\n".getBytes(StandardCharsets.UTF_8));
    pipe.close();
    thread.join();

    assertThat(shown()).containsExactly("other | in between", "role | first half");
  }

  @Test
  void onlyTheLastLinesAreKept() throws Exception {
    String text =
        IntStream.rangeClosed(1, 1000).mapToObj(i -> i + "\n").collect(Collectors.joining());

    assertThat(drain(text).lastLines()).hasSize(20).first().isEqualTo("981");
    assertThat(shown()).hasSize(1000);
  }

  @Test
  void aLineWithoutEndIsBrokenBeforeItFillsTheMemory() throws Exception {
    drain("x".repeat(40_000) + "\nnext\n");

    assertThat(shown().stream().map(line -> line.length() - "role | ".length()))
        .containsExactly(16_384, 16_384, 7_232, 4);
  }

  @Test
  void withoutAWritableFileTheConsoleStillGetsEverything() throws Exception {
    OutputDrain drain = new OutputDrain("role", console, logs(directory.resolve("missing")));
    drain.start(new ByteArrayInputStream("hello\n".getBytes(StandardCharsets.UTF_8))).join();

    assertThat(shown()).hasSize(2).last().isEqualTo("role | hello");
    assertThat(shown().getFirst()).startsWith("appliance | no log file for role: ");
  }

  private OutputDrain drain(String text) throws InterruptedException {
    OutputDrain drain = new OutputDrain("role", console, logs(directory));
    drain.start(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))).join();
    return drain;
  }

  private static DaemonLogs logs(Path directory) {
    return new DaemonLogs(directory, Optional.empty());
  }

  private Path log() {
    return directory.resolve("role.log");
  }

  private List<String> shown() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
