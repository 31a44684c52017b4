package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A Spark distribution whose spark-submit is a few lines of shell: it takes the same arguments, and
 * runs the uploaded program as a script of its own, or in Python what starts programs in R.
 */
public final class FakeSpark {
  private FakeSpark() {}

  /**
   * Makes one.
   *
   * @param home directory to make it in
   * @return the directory
   * @throws IOException when it can't be written
   */
  public static Path create(Path home) throws IOException {
    Path submit = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
    Files.writeString(
        submit,
        """
        #!/bin/sh
        # Skips options up to the program, then runs it with the arguments that follow.
        while [ $# -gt 0 ]; do
          case $1 in
            --load-spark-defaults) shift ;;
            --*) shift 2 ;;
            *) break ;;
          esac
        done
        program=$1
        shift
        case $program in
          */run-r.py) exec python3 "$program" "$@" ;;
        esac
        exec /bin/sh "$program" "$@"
        """);
    Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
    return home;
  }
}
