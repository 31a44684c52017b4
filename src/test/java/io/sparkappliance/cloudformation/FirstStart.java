package io.sparkappliance.cloudformation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs the script that a new machine runs at its first start, in a folder instead of a machine. The
 * programs that change a machine or ask AWS are fakes, which note how they were called.
 */
final class FirstStart {
  private static final List<String> PROGRAMS =
      List.of(
          "aws",
          "blkid",
          "chown",
          "curl",
          "dnf",
          "docker",
          "install",
          "mkfs.xfs",
          "mount",
          "sleep",
          "systemctl");

  /** Notes the call, then answers as the test says; {@code ready} counts how often it must ask. */
  private static final String FAKE =
      """
      #!/bin/bash
      name=${0##*/}
      echo "$name $*" >>"$ROOT/calls"
      if [ -e "$ROOT/answers/$name" ]; then . "$ROOT/answers/$name"; fi
      """;

  private static final String METADATA_AND_READINESS =
      """
      case $* in
        *api/token*) echo session ;;
        *'token: session'*instance-id*) echo i-0123456789abcdef0 ;;
        *--fail*readyz*) echo >>"$ROOT/asked"; [ "$(wc -l <"$ROOT/asked")" -ge 3 ] ;;
        *readyz*) echo '{"summary":"master starts"}' ;;
        *) exit 22 ;;
      esac
      """;

  private final Path root;

  FirstStart(Path root) throws IOException {
    this.root = root;
    for (String folder :
        List.of(
            "bin",
            "answers",
            "etc/systemd/system",
            "opt/aws/bin",
            "usr/local/sbin",
            "var/lib",
            "dev/disk/by-id")) {
      Files.createDirectories(root.resolve(folder));
    }
    for (String program : PROGRAMS) {
      program(root.resolve("bin").resolve(program));
    }
    program(root.resolve("opt/aws/bin/cfn-signal"));
    answer("curl", METADATA_AND_READINESS);
    answer("install", "mkdir -p \"${@: -2}\"\n");
    answer("systemctl", "[ \"$1\" != is-failed ]\n");
  }

  private static void program(Path file) throws IOException {
    Files.writeString(file, FAKE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Lets a program answer with a piece of shell. */
  FirstStart answer(String program, String shell) throws IOException {
    Files.writeString(root.resolve("answers").resolve(program), shell);
    return this;
  }

  /** A file that is there from the beginning. */
  FirstStart file(String path) throws IOException {
    Files.createFile(root.resolve(path));
    return this;
  }

  /** Runs it to its end; its exit code. */
  int run(String script) throws IOException, InterruptedException {
    String here = script;
    for (String path :
        List.of("/etc/", "/opt/aws/", "/usr/local/", "/var/lib/", "/dev/disk/", "/dev/console")) {
      here = here.replace(path, root + path);
    }
    Path file = Files.writeString(root.resolve("script"), here);
    ProcessBuilder builder = new ProcessBuilder("bash", file.toString());
    builder.environment().put("PATH", root.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().put("ROOT", root.toString());
    builder.redirectErrorStream(true).redirectOutput(root.resolve("output").toFile());
    Process process = builder.start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not end: " + calls());
    }
    return process.exitValue();
  }

  /** How the fakes were called, in order. */
  List<String> calls() throws IOException {
    return read("calls").lines().toList();
  }

  /** A file that it wrote, with the paths of a machine. */
  String read(String path) throws IOException {
    return Files.readString(root.resolve(path)).replace(root.toString(), "");
  }

  /** The permissions of a file that it wrote, such as {@code rw-------}. */
  String permissions(String path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(path)));
  }

  /** The variables that the container gets; those without a value count as not set. */
  Map<String, String> environment() throws IOException {
    Map<String, String> variables = new LinkedHashMap<>();
    read("etc/spark-appliance.env")
        .lines()
        .forEach(
            line -> {
              String[] parts = line.split("=", 2);
              if (!parts[1].isEmpty()) {
                variables.put(parts[0], parts[1]);
              }
            });
    return variables;
  }

  /** The command that starts the container. */
  String dockerRun() throws IOException {
    return read("etc/systemd/system/spark-appliance.service")
        .lines()
        .filter(line -> line.startsWith("ExecStart="))
        .findFirst()
        .orElseThrow();
  }
}
