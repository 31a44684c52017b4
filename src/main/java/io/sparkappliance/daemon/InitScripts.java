package io.sparkappliance.daemon;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Runs what an operator put into {@code /docker-entrypoint-initdb.d}, before any daemon. */
public final class InitScripts {
  private static final Duration LAST_LINES = Duration.ofSeconds(1);

  private final Path directory;
  private final ProcessStarter starter;
  private final Consumer<String> say;

  /**
   * Prepares to run scripts.
   *
   * @param directory where they are; need not exist
   * @param starter starts them
   * @param say gets what they print, line by line
   */
  public InitScripts(Path directory, ProcessStarter starter, Consumer<String> say) {
    this.directory = directory;
    this.starter = starter;
    this.say = say;
  }

  /**
   * Runs the executable {@code *.sh} files one after the other, in the order of their names.
   *
   * @param environment their environment, secrets included: they are the operator's own
   * @param workingDirectory where they run
   * @throws ConfigurationException when one fails
   */
  public void run(Map<String, String> environment, Path workingDirectory) {
    for (Path script : scripts()) {
      if (!Files.isExecutable(script)) {
        say.accept(script + " is not executable: skipped");
        continue;
      }
      say.accept("runs " + script);
      int code = runOne(new Command(List.of(script.toString()), environment, workingDirectory));
      if (code != 0) {
        throw new ConfigurationException(
            new Problem(
                script.toString(),
                "",
                "must end with exit code 0, but ended with " + code,
                "Mend the script; what it printed stands above."));
      }
    }
  }

  private List<Path> scripts() {
    List<Path> scripts = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> listing = Files.newDirectoryStream(directory, "*.sh")) {
        listing.forEach(scripts::add);
      } catch (IOException unreadable) {
        throw new ConfigurationException(
            new Problem(
                directory.toString(), "", "can't be listed", "Make it readable for this user."));
      }
    }
    scripts.sort(null);
    return scripts;
  }

  private int runOne(Command command) {
    try {
      Process process = starter.start(command);
      BufferedReader output = process.inputReader();
      Thread drain =
          Thread.ofVirtual().name("output of a script").start(() -> output.lines().forEach(say));
      int code = process.waitFor();
      // What it left in the background holds the pipe open, and goes on printing here.
      drain.join(LAST_LINES);
      return code;
    } catch (IOException cantStart) {
      say.accept(cantStart.getMessage());
      return 126;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return 143;
    }
  }
}
