package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;

/** Things that users bring along: a jar, a Python wheel. */
final class Artifacts {
  private Artifacts() {}

  /** Compiles a source file of the examples against Spark's own jars and packs it as a jar. */
  static synchronized byte[] jar(Path source) {
    Path classes = Lab.directory("classes/" + source.getFileName());
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "--release",
                "17",
                "-proc:none",
                "-nowarn",
                "-cp",
                sparkJars(),
                "-d",
                classes.toString(),
                source.toString());
    if (result != 0) {
      throw new AssertionError(source + " does not compile");
    }
    try (Stream<Path> files = Files.walk(classes)) {
      Map<String, byte[]> entries = new LinkedHashMap<>();
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        entries.put(classes.relativize(file).toString(), Files.readAllBytes(file));
      }
      return zip(entries);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A wheel with one module, as a file that any uid can read. */
  static Path wheel(String module, String code) {
    String info = module + "-1.0.dist-info/";
    byte[] wheel =
        zip(
            Map.of(
                module + ".py",
                code.getBytes(UTF_8),
                info + "METADATA",
                ("Metadata-Version: 2.1\nName: " + module + "\nVersion: 1.0\n").getBytes(UTF_8),
                info + "WHEEL",
                "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .getBytes(UTF_8),
                info + "RECORD",
                Stream.of(module + ".py", info + "METADATA", info + "WHEEL", info + "RECORD")
                    .map(name -> name + ",,\n")
                    .reduce("", String::concat)
                    .getBytes(UTF_8)));
    try {
      return Files.write(Lab.directory("data").resolve(module + "-1.0-py3-none-any.whl"), wheel);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Entries by their names. */
  static byte[] zip(Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static String sparkJars() {
    String home = System.getProperty("spark.home", System.getenv().getOrDefault("SPARK_HOME", ""));
    if (home.isEmpty()) {
      throw new AssertionError(
          "SPARK_HOME is not set: examples are compiled against the jars of a Spark distribution");
    }
    try (Stream<Path> jars = Files.list(Path.of(home, "jars"))) {
      return jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
