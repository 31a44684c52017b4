package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.storage.AtomicFiles;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.Locations;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Installs {@code PYTHON_LIBS} into a directory on every Python process's path. The directory
 * changes as one step, and only when the wishes or the interpreter change: a restart needs no
 * package index.
 */
final class PythonLibraries {
  private static final String STAMP = ".installed-by-spark-appliance";
  private static final String UNFINISHED = ".python-";
  private static final int LAST_LINES = 15;

  private final String python;
  private final Path directory;
  private final Map<String, String> environment;

  /**
   * @param python interpreter that drivers and executors use
   * @param directory where packages go: part of {@code PYTHONPATH}
   * @param environment where pip's own variables and those of proxies are looked up
   */
  PythonLibraries(String python, Path directory, Map<String, String> environment) {
    this.python = python;
    this.directory = directory;
    this.environment = environment;
  }

  /**
   * Whether exactly these are there already, for this interpreter.
   *
   * @param requirements as pip takes them
   * @param files with more of them
   * @throws IOException when one of the files can't be read
   */
  boolean areInstalled(List<String> requirements, List<Path> files) throws IOException {
    Path stamp = directory.resolve(STAMP);
    return Files.exists(stamp) && Files.readString(stamp).equals(stampOf(requirements, files));
  }

  /**
   * Makes the directory hold exactly these requirements and what they need.
   *
   * @param requirements as pip takes them
   * @param files with more of them, and with options of pip's if the operator wants
   * @throws ConfigurationException when pip fails, with its last lines
   * @throws IOException when the directory can't be written
   */
  void install(List<String> requirements, List<Path> files) throws IOException {
    Path stamp = directory.resolve(STAMP);
    if (requirements.isEmpty() && files.isEmpty()) {
      if (Files.exists(stamp)) {
        FileTrees.delete(directory);
      }
      return;
    }
    // In a file of requirements, pip would take it.
    for (String requirement : requirements) {
      if (requirement.startsWith("-")) {
        throw new ConfigurationException(
            new Problem(
                "PYTHON_LIBS",
                Locations.redact(requirement),
                "Invalid requirement: it is an option of pip",
                "Give pip's own variables, such as PIP_INDEX_URL, for that."));
      }
    }
    String wanted = stampOf(requirements, files);
    if (Files.exists(stamp) && Files.readString(stamp).equals(wanted)) {
      return;
    }
    Files.createDirectories(directory.toAbsolutePath().getParent());
    Path fresh = Files.createTempDirectory(directory.toAbsolutePath().getParent(), UNFINISHED);
    try {
      pip(requirements, files, fresh);
      AtomicFiles.write(fresh.resolve(STAMP), wanted, "rw-r--r--");
      // A temporary directory is closed to others; executors of another user read this one.
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
      FileTrees.delete(directory);
      Files.move(fresh, directory);
    } finally {
      FileTrees.delete(fresh);
    }
  }

  /**
   * Removes what was left by a node that was stopped while pip ran. Only for the node itself: a
   * client on the same volume would take an installation that still runs for a leftover.
   */
  void removeLeftovers() throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (!Files.isDirectory(parent)) {
      return;
    }
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(parent, UNFINISHED + "*")) {
      for (Path leftover : unfinished) {
        FileTrees.delete(leftover);
      }
    }
  }

  private String stampOf(List<String> requirements, List<Path> files) throws IOException {
    // Not as they are: an address may hold a login, and executors of other users read this.
    StringBuilder wishes = new StringBuilder(String.join("\n", requirements));
    for (Path file : files) {
      wishes.append('\n').append(DigestUtils.sha256Hex(Files.readAllBytes(file)));
    }
    return interpreterVersion() + "\n" + DigestUtils.sha256Hex(wishes.toString()) + "\n";
  }

  private String interpreterVersion() throws IOException {
    Result result =
        run(List.of(python, "-c", "import sys; print(sys.version.replace('\\n', ' '))"));
    if (result.status() != 0) {
      throw new ConfigurationException(
          new Problem(
              "PYSPARK_PYTHON",
              python,
              "it does not run: " + String.join(" ", result.lastLines()),
              "Name a Python 3 interpreter that is installed here."));
    }
    return String.join(" ", result.lastLines());
  }

  private void pip(List<String> requirements, List<Path> files, Path target) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                python,
                "-m",
                "pip",
                "install",
                "--no-input",
                "--disable-pip-version-check",
                "--no-warn-script-location",
                "--target",
                target.toString()));
    files.forEach(file -> command.addAll(List.of("--requirement", file.toString())));
    // In a file: everybody sees command lines.
    Path list = Files.createTempFile(target.getParent(), UNFINISHED, ".txt");
    Result result;
    try {
      Files.write(list, requirements);
      command.addAll(List.of("--requirement", list.toString()));
      result = run(command);
    } finally {
      Files.delete(list);
    }
    if (result.status() != 0) {
      throw new ConfigurationException(
          new Problem(
              "PYTHON_LIBS",
              Stream.concat(
                      requirements.stream().map(Locations::redact),
                      files.stream().map(Path::toString))
                  .collect(Collectors.joining(",")),
              "pip could not install "
                  + culprit(requirements, result.lastLines())
                  + " (exit status "
                  + result.status()
                  + "); its last lines:\n     "
                  + result.lastLines().stream()
                      .map(Locations::redact)
                      .collect(Collectors.joining("\n     ")),
              "Check name and version, and that the package index is reachable from here"
                  + " (PIP_INDEX_URL and HTTPS_PROXY are passed on)."));
    }
  }

  /** The requirement that pip's last words are about; all of them when it doesn't say. */
  private static String culprit(List<String> requirements, List<String> lastLines) {
    String errors =
        lastLines.stream()
            .filter(line -> line.startsWith("ERROR:"))
            .collect(Collectors.joining("\n"))
            .toLowerCase(Locale.ROOT);
    return requirements.stream()
        .filter(
            requirement ->
                errors.contains(requirement.split("[\\[<>=!~; @]", 2)[0].toLowerCase(Locale.ROOT)))
        .findFirst()
        .map(Locations::redact)
        .orElse("these packages");
  }

  private record Result(int status, List<String> lastLines) {}

  private Result run(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    environment.forEach(
        (name, value) -> {
          if (isPassedOn(name)) {
            builder.environment().put(name, value);
          }
        });
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return new Result(127, List.of(e.getMessage()));
    }
    try {
      process.getOutputStream().close();
      Deque<String> last = new ArrayDeque<>();
      try (BufferedReader output =
          new BufferedReader(process.inputReader(StandardCharsets.UTF_8))) {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          if (!line.isBlank()) {
            last.add(line.stripTrailing());
          }
          if (last.size() > LAST_LINES) {
            last.remove();
          }
        }
      }
      return new Result(process.waitFor(), List.copyOf(last));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while pip ran", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Packages run code when they are installed: it gets no secret of this node. */
  private static boolean isPassedOn(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.startsWith("PIP_")
        || upper.startsWith("LC_")
        || upper.endsWith("_PROXY")
        || List.of(
                "PATH",
                "HOME",
                "LANG",
                "TMPDIR",
                "NETRC",
                "SSL_CERT_FILE",
                "SSL_CERT_DIR",
                "REQUESTS_CA_BUNDLE",
                "CURL_CA_BUNDLE")
            .contains(upper);
  }
}
