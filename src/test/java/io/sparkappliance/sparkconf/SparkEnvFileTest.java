package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparkEnvFileTest {
  /** What people have, by mistake or malice, in their environment variables. */
  private static final Map<String, String> HOSTILE =
      Map.of(
          "A", "plain",
          "B", "it's 'quoted'",
          "C", "$(touch pwned) `touch pwned` ${HOME}",
          "D", "two\nlines; touch pwned",
          "E", "back\\slash \"double\" !history",
          "F", "*? ~ #comment & | > pwned",
          "G", "'; touch pwned; '",
          "H", "ünïcödé 漢字 🎈",
          "I", "",
          "J", "\ttab  and  spaces ");

  @TempDir Path directory;

  @Test
  void theWholeFileAsWritten() {
    assertThat(SparkEnvFile.render(new TreeMap<>(Map.of("B", "it's", "A", "1 2"))))
        .isEqualTo(
            """
            # Written by spark-appliance at each start: changes here are lost.
            # A variable that is already set keeps its value.
            [ -n "${A+set}" ] || export A='1 2'
            [ -n "${B+set}" ] || export B='it'\\''s'
            """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "bash"})
  void shellsReadEveryValueAsItIsAndRunNothing(String shell) throws Exception {
    Path file = Files.writeString(directory.resolve("spark-env.sh"), render());
    for (Map.Entry<String, String> variable : HOSTILE.entrySet()) {
      // -e and -u: people source the file from strict scripts.
      assertThat(
              run(
                  Map.of(),
                  shell,
                  "-euc",
                  ". \"$0\"; printf %s \"$" + variable.getKey() + "\"",
                  file.toString()))
          .as(variable.getKey())
          .isEqualTo(variable.getValue());
    }
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "bash"})
  void variablesReachChildren(String shell) throws Exception {
    Path file = Files.writeString(directory.resolve("spark-env.sh"), render());
    assertThat(run(Map.of(), shell, "-c", ". \"$0\"; env printenv A", file.toString()))
        .isEqualTo("plain\n");
  }

  @Test
  void whatIsSetAlreadyIsKeptEvenWhenEmpty() throws Exception {
    Path file = Files.writeString(directory.resolve("spark-env.sh"), render());
    assertThat(
            run(
                Map.of("A", "mine", "B", ""),
                "sh",
                "-c",
                ". \"$0\"; printf '%s,%s' \"$A\" \"$B\"",
                file.toString()))
        .isEqualTo("mine,");
  }

  private static String render() {
    return SparkEnvFile.render(new TreeMap<>(HOSTILE));
  }

  private String run(Map<String, String> environment, String... command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(List.of(command))
            .directory(directory.toFile())
            .redirectErrorStream(true);
    HOSTILE.keySet().forEach(builder.environment()::remove);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = read(process);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static String read(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
