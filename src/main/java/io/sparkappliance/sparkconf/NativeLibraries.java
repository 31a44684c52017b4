package io.sparkappliance.sparkconf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Native libraries that were unpacked when the image was built. Without these options snappy and
 * zstd unpack themselves into {@code /tmp} and load from there, which fails where {@code /tmp} is
 * mounted noexec, as {@code docker run --tmpfs} does.
 */
final class NativeLibraries {
  private NativeLibraries() {}

  /**
   * Options of a JVM that uses the libraries in the first of the directories that exists.
   *
   * @return empty where there is no such directory: the libraries then unpack themselves
   */
  static List<String> javaOptions(List<Path> directories) {
    for (Path directory : directories) {
      if (Files.isDirectory(directory)) {
        return optionsFor(directory);
      }
    }
    return List.of();
  }

  private static List<String> optionsFor(Path directory) {
    List<String> options = new ArrayList<>();
    first(directory, "libsnappyjava*.so")
        .ifPresent(
            library -> {
              options.add("-Dorg.xerial.snappy.lib.path=" + directory);
              options.add("-Dorg.xerial.snappy.lib.name=" + library.getFileName());
            });
    first(directory, "libzstd-jni*.so")
        .ifPresent(library -> options.add("-DZstdNativePath=" + library));
    return List.copyOf(options);
  }

  private static Optional<Path> first(Path directory, String glob) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob)) {
      List<Path> found = new ArrayList<>();
      files.forEach(found::add);
      return found.stream().sorted().findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException("can't list " + directory, e);
    }
  }
}
