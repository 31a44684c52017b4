package io.sparkappliance.daemon;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs what an operator put into {@code /docker-entrypoint-initdb.d}, and then what was fetched,
 * before any daemon.
 */
public final class InitScripts {
  private static final Duration LAST_LINES = Duration.ofSeconds(1);

  /** What the kernel makes of a script's first line: a program, and one argument at most. */
  private static final Pattern FIRST_LINE = Pattern.compile("#!\\s*(\\S+)(?:[ \\t]+(\\S.*))?");

  private static final String SHELL = "/bin/sh";

  private final Path directory;
  private final List<Path> fetched;
  private final ProcessStarter starter;
  private final Consumer<String> say;

  /**
   * Prepares to run scripts.
   *
   * @param directory where they are; need not exist
   * @param fetched more of them, to run afterwards in this order
   * @param starter starts them
   * @param say gets what they print, line by line
   */
  public InitScripts(
      Path directory, List<Path> fetched, ProcessStarter starter, Consumer<String> say) {
    this.directory = directory;
    this.fetched = List.copyOf(fetched);
    this.starter = starter;
    this.say = say;
  }

  /**
   * Runs the executable {@code *.sh} files one after the other, in the order of their names; then
   * those that were fetched.
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
      run(script, List.of(script.toString()), environment, workingDirectory);
    }
    for (Path script : fetched) {
      run(script, interpreted(script), environment, workingDirectory);
    }
  }

  private void run(
      Path script, List<String> line, Map<String, String> environment, Path workingDirectory) {
    say.accept("runs " + script);
    int code = runOne(new Command(line, environment, workingDirectory));
    if (code != 0) {
      throw new ConfigurationException(
          new Problem(
              script.toString(),
              "",
              "must end with exit code 0, but ended with " + code,
              "Mend the script; what it printed stands above."));
    }
  }

  /** As the kernel would, which runs nothing on file systems for data alone (noexec). */
  private static List<String> interpreted(Path script) {
    String first;
    try (BufferedReader reader = Files.newBufferedReader(script, StandardCharsets.ISO_8859_1)) {
      first = Objects.requireNonNullElse(reader.readLine(), "").stripTrailing();
    } catch (IOException unreadable) {
      throw new ConfigurationException(
          new Problem(
              script.toString(),
              "",
              "can't be read: " + unreadable,
              "Fetch it anew: start again."));
    }
    Matcher matcher = FIRST_LINE.matcher(first);
    if (!matcher.matches()) {
      return List.of(SHELL, script.toString());
    }
    return matcher.group(2) == null
        ? List.of(matcher.group(1), script.toString())
        : List.of(matcher.group(1), matcher.group(2), script.toString());
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
