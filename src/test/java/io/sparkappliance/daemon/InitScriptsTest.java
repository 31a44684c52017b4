package io.sparkappliance.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitScriptsTest {
  private final List<String> said = new ArrayList<>();

  private final List<Path> fetched = new ArrayList<>();

  @TempDir Path directory;

  @Test
  void theyRunInTheOrderOfTheirNamesWithTheWholeEnvironment() throws IOException {
    script("20-second.sh", "echo second $SECRET; pwd", "rwxr-xr-x");
    script("10-first.sh", "echo first; echo loud >&2", "rwxr-xr-x");
    script("30-not-for-us.txt", "exit 1", "rwxr-xr-x");
    run(directory);

    assertThat(said)
        .containsExactly(
            "runs " + directory.resolve("10-first.sh"),
            "first",
            "loud",
            "runs " + directory.resolve("20-second.sh"),
            "second given",
            directory.toRealPath().toString());
  }

  @Test
  void oneThatMayNotRunIsSkippedAndNamed() throws IOException {
    script("10-first.sh", "echo first", "rw-r--r--");
    run(directory);

    assertThat(said)
        .containsExactly(directory.resolve("10-first.sh") + " is not executable: skipped");
  }

  @Test
  void oneThatFailsStopsTheStart() throws IOException {
    script("10-first.sh", "echo no database; exit 3", "rwxr-xr-x");
    script("20-second.sh", "echo second", "rwxr-xr-x");

    assertThatThrownBy(() -> run(directory))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("10-first.sh")
        .hasMessageContaining("ended with 3");
    assertThat(said).contains("no database").doesNotContain("second");
  }

  /** What is fetched has no mode to run, and may lie where nothing runs. */
  @Test
  void thoseThatWereFetchedRunAfterwardsInTheirOrderByTheirOwnInterpreters() throws IOException {
    script("10-first.sh", "echo first", "rwxr-xr-x");
    fetched.add(
        Files.writeString(
            directory.resolve("2.fetched"), "#! /bin/bash -u\necho $- ${BASH##*/}\n"));
    fetched.add(Files.writeString(directory.resolve("1.fetched"), "echo plain $SECRET"));
    fetched.add(Files.writeString(directory.resolve("3.fetched"), "#!/usr/bin/env bash\nexit 7"));

    assertThatThrownBy(() -> run(directory))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("3.fetched: must end with exit code 0, but ended with 7");
    assertThat(said)
        .containsSubsequence("first", "runs " + directory.resolve("2.fetched"))
        .anyMatch(line -> line.matches("\\w*u\\w* bash"))
        .containsSubsequence("plain given", "runs " + directory.resolve("3.fetched"));
  }

  @Test
  void noDirectoryIsNoProblem() {
    run(directory.resolve("missing"));

    assertThat(said).isEmpty();
  }

  private void run(Path scripts) {
    new InitScripts(scripts, fetched, ProcessStarter.ofThisMachine(), said::add)
        .run(Map.of("PATH", System.getenv("PATH"), "SECRET", "given"), directory);
  }

  private void script(String name, String text, String permissions) throws IOException {
    Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }
}
