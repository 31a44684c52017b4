package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the set-up says on machines that lack something; these have next to nothing. */
class SetUpTest {
  private static final List<String> TOOLS =
      List.of("sh", "sed", "cut", "dirname", "readlink", "grep", "date", "cat");

  private static final String DOCKER_WITHOUT_ENGINE =
      "case $1 in buildx) exit 0 ;; *) echo no engine >&2; exit 1 ;; esac";

  @TempDir Path directory;
  private Path bin;

  private record Ended(int code, String printed) {}

  @BeforeEach
  void prepare() throws IOException {
    bin = Files.createDirectory(directory.resolve("bin"));
    for (String tool : TOOLS) {
      Path real = Path.of("/usr/bin", tool);
      Files.createSymbolicLink(
          bin.resolve(tool), Files.exists(real) ? real : Path.of("/bin", tool));
    }
    program("id", "echo 1000");
  }

  private Path program(String name, String script) throws IOException {
    return program(bin.resolve(name), script);
  }

  private static Path program(Path file, String script) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private Ended run(Map<String, String> environment, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", bin.toString());
    builder.environment().put("HOME", directory.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return new Ended(process.exitValue(), printed);
  }

  private Ended library(Map<String, String> environment, String call) throws Exception {
    return run(environment, "/bin/sh", "-euc", ". setup/lib.sh; " + call);
  }

  @Test
  void aMissingProgramIsNamedWhereNoPackagesAreKnown() throws Exception {
    assertThat(library(Map.of(), "need mvn maven"))
        .isEqualTo(
            new Ended(
                1, "error: 'mvn' is missing: install it with this system's package manager\n"));
    assertThat(library(Map.of(), "need sed sed")).isEqualTo(new Ended(0, ""));
  }

  @Test
  void whoIsNotRootIsToldWhatToDo() throws Exception {
    assertThat(library(Map.of(), "as_root apt-get update"))
        .isEqualTo(
            new Ended(
                1,
                "error: this needs root: run it as root or install sudo, or do it yourself:"
                    + " apt-get update\n"));
    program("sudo", "echo sudo \"$@\"");
    assertThat(library(Map.of(), "as_root apt-get update"))
        .isEqualTo(new Ended(0, "sudo apt-get update\n"));
  }

  @Test
  void aJdkThatIsTooOldIsNone() throws Exception {
    Path old = directory.resolve("jdk-21");
    Path recent = directory.resolve("jdk-26");
    program(old.resolve("bin/javac"), "echo javac 21.0.4");
    program(recent.resolve("bin/javac"), "echo javac 26");
    assertThat(library(Map.of("JAVA_HOME", recent.toString()), "find_jdk"))
        .isEqualTo(new Ended(0, recent + "\n"));
    assertThat(library(Map.of("JAVA_HOME", old.toString()), "find_jdk").printed())
        .doesNotContain(old.toString());
  }

  @Test
  void anEngineThatDoesNotAnswerIsNone() throws Exception {
    program("docker", DOCKER_WITHOUT_ENGINE);
    assertThat(library(Map.of(), "docker_answers || echo none")).isEqualTo(new Ended(0, "none\n"));
    program("docker", "exit 0");
    assertThat(library(Map.of(), "docker_answers && echo there"))
        .isEqualTo(new Ended(0, "there\n"));
  }

  @Test
  void runChoosesThisMachineWhereThereIsAJdkAndNoEngine() throws Exception {
    Path jdk = directory.resolve("jdk-26");
    program(jdk.resolve("bin/javac"), "echo javac 26");
    program("curl", "exit 0");
    program("docker", DOCKER_WITHOUT_ENGINE);
    Ended ended = run(Map.of("JAVA_HOME", jdk.toString()), "/bin/sh", "setup/run");
    assertThat(ended.code()).as(ended.printed()).isEqualTo(1);
    assertThat(ended.printed())
        .isEqualTo(
            """
            ==> runs on this machine, without a container
            error: 'mvn' is missing: install it with this system's package manager
            """);
  }

  @Test
  void aPythonThatIsTooOldIsNamed() throws Exception {
    program("python3", "exit 1");
    assertThat(run(Map.of(), "/bin/sh", "setup/python-environments", "build/venv"))
        .isEqualTo(new Ended(1, "error: Python 3.10 or newer is needed\n"));
  }

  @Test
  void runRefusesWhatItDoesNotKnow() throws Exception {
    assertThat(run(Map.of("RUNNER", "nowhere"), "/bin/sh", "setup/run"))
        .isEqualTo(new Ended(1, "error: RUNNER=nowhere: host or container is accepted\n"));
  }
}
