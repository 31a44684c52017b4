package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

/** The script, with a stand-in for the launcher. */
class EntrypointTest {
  @TempDir Path directory;

  @Test
  void aClientHasAConfigurationAndPackagesBesideTheNodes() throws Exception {
    Map<String, String> seen = run("/data/conf", "env");

    Path conf = Path.of(seen.get("SPARK_CONF_DIR"));
    assertThat(conf.getParent()).isEqualTo(directory);
    assertThat(conf.resolve("prepared")).exists();
    assertThat(seen).containsEntry("PYTHONPATH", conf.resolve("python") + ":/data/python");
  }

  @Test
  void aConfigurationOfTheClientsOwnIsUsed() throws Exception {
    Path conf = Files.createDirectories(directory.resolve("own"));
    assertThat(run(conf.toString(), "env"))
        .containsEntry("SPARK_CONF_DIR", conf.toString())
        .containsEntry("PYTHONPATH", conf.resolve("python") + ":/data/python");
  }

  @Test
  void everyCommandOfTheLauncherIsRunByIt() throws Exception {
    String script = Files.readString(Path.of("entrypoint/entrypoint"));
    for (Class<?> command : Main.class.getAnnotation(Command.class).subcommands()) {
      assertThat(script).contains(" " + command.getAnnotation(Command.class).name() + " | ");
    }
  }

  private Map<String, String> run(String confDir, String command) throws Exception {
    Path launcher = Files.createDirectories(directory.resolve("bin")).resolve("spark-appliance");
    Files.writeString(launcher, "#!/bin/sh\n: >\"$SPARK_CONF_DIR/${1}d\"\n");
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
    Process process = process(confDir, command, launcher.getParent());
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed
        .lines()
        .filter(line -> line.contains("="))
        .map(line -> line.split("=", 2))
        .collect(
            Collectors.toMap(
                pair -> pair[0], pair -> pair[1], (first, second) -> second, TreeMap::new));
  }

  private Process process(String confDir, String command, Path bin) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("sh", "entrypoint/entrypoint", command).redirectErrorStream(true);
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH",
                bin + ":" + System.getenv("PATH"),
                "HOME",
                directory.toString(),
                "TMPDIR",
                directory.toString(),
                "PYTHONPATH",
                "/data/python",
                "SPARK_APPLIANCE_DATA",
                "/data",
                "SPARK_CONF_DIR",
                confDir));
    return builder.start();
  }
}
