package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.Settings.LogFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-04T05:06:07Z"), ZoneOffset.UTC);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void aLineBeginsWithItsRole() {
    console(LogFormat.TEXT).line("worker", "hello");

    assertThat(written()).containsExactly("worker | hello");
  }

  @Test
  void eachLineOfTheApplianceHasItsPrefix() {
    console(LogFormat.TEXT).say("one\ntwo");

    assertThat(written()).containsExactly("appliance | one", "appliance | two");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "",
        "\"quotes\" and \\backslashes\\",
        "\ttab, bell \u0007, escape \u001b[31m, nul \u0000",
        "ünïcödé 漢字 \ud83d\ude80",
        "half a surrogate \ud83d.",
        "line separator \u2028 in the middle",
        "{\"already\": \"json\"}",
        "\tat org.example.Main.main(Main.java:1)"
      })
  void withJsonEveryLineIsOneObject(String message) throws Exception {
    console(LogFormat.JSON).line("sql", message);

    List<String> lines = List.of(bytes.toString(StandardCharsets.UTF_8).split("\n", -1));
    assertThat(lines).hasSize(2).last().isEqualTo("");
    Map<?, ?> fields = new ObjectMapper().readValue(lines.getFirst(), Map.class);
    assertThat(fields.get("time")).isEqualTo("2026-03-04T05:06:07Z");
    assertThat(fields.get("role")).isEqualTo("sql");
    // Half a surrogate is no character: UTF-8 has no bytes for it.
    assertThat(fields.get("message")).isEqualTo(message.replace("\ud83d.", "?."));
    assertThat(fields).hasSize(3);
  }

  @Test
  void linesOfManyThreadsNeverMix() throws Exception {
    Console console = console(LogFormat.TEXT);
    List<Thread> writers =
        List.of("a", "b", "c", "d").stream()
            .map(
                role ->
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              for (int i = 0; i < 500; i++) {
                                console.line(role, role.repeat(200));
                              }
                            }))
            .toList();
    for (Thread writer : writers) {
      writer.join();
    }

    assertThat(written()).hasSize(2000).allMatch(line -> line.matches("([abcd]) \\| \\1{200}"));
  }

  private Console console(LogFormat format) {
    return new Console(new PrintStream(bytes, false, StandardCharsets.UTF_8), format, CLOCK);
  }

  private List<String> written() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
