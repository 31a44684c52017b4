package io.sparkappliance.testing;

import java.io.File;
import java.nio.file.Path;
import java.util.stream.Stream;

/** S3Mock, a program of its own, which the build has put among the tests' dependencies. */
public final class S3MockArchive {
  private S3MockArchive() {}

  /**
   * The jar to start with {@code java -jar}.
   *
   * @throws IllegalStateException when it is not on the class path
   */
  public static Path find() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(path -> path.matches(".*/s3mock-[^/]*-exec\\.jar"))
        .map(Path::of)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("S3Mock is not on the class path"));
  }
}
