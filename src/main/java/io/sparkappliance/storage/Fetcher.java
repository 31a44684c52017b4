package io.sparkappliance.storage;

import io.sparkappliance.aws.Pauses;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Brings a file from where a user keeps it to a local path: absolute paths, {@code file:}, {@code
 * http:}, {@code https:}, {@code s3:}, {@code s3a:} and {@code s3n:}. The target appears only when
 * it is complete.
 */
public final class Fetcher implements AutoCloseable {
  private static final String ACCEPTED =
      "an absolute path, or a URI with file:, http:, https: or s3: is accepted";

  private final FetchLimits limits;
  private final HttpSource http;
  private final Map<String, String> environment;
  private final Supplier<Optional<String>> role;

  /** Made when it is first needed: the AWS SDK is large, and may not be installed. */
  private S3Source s3;

  /**
   * @param environment where proxies, the AWS endpoint and AWS keys are looked up; without keys the
   *     container's or the instance's role is used
   * @param limits how patient each fetch is
   */
  public Fetcher(Map<String, String> environment, FetchLimits limits) {
    this(environment, limits, Optional::empty);
  }

  /**
   * @param environment as above
   * @param limits how patient each fetch is
   * @param role names the instance's role where S3 refuses it
   */
  public Fetcher(
      Map<String, String> environment, FetchLimits limits, Supplier<Optional<String>> role) {
    this.role = role;
    this.limits = limits;
    this.http = new HttpSource(environment, limits);
    this.environment = Map.copyOf(environment);
  }

  /**
   * Copies what is at the location to the target, which is replaced as one step.
   *
   * @param variable the variable that named the location, for messages
   * @param location where to fetch from
   * @param target where to put it, mode 0600: configuration may hold passwords
   * @return the target
   * @throws ConfigurationException when it can't be had: says what, why and what to do
   */
  public Path fetch(String variable, String location, Path target) {
    Source source = sourceOf(variable, location);
    patiently(variable, location, () -> fetchOnce(source, location, target));
    return target;
  }

  /**
   * Sees to it that a folder in S3 is there; does nothing for places that aren't in S3.
   *
   * @param variable the variable that named the location, for messages
   * @param location of the folder
   * @throws ConfigurationException when it can't be made: says what, why and what to do
   */
  public void makeFolder(String variable, String location) {
    if (Locations.isS3(location)) {
      S3Source folders = s3Source(variable, location);
      patiently(variable, location, () -> folders.makeFolder(location));
    }
  }

  /** What may succeed when it is tried again. */
  @FunctionalInterface
  private interface Attempt {
    void make() throws FetchFailure;
  }

  private void patiently(String variable, String location, Attempt action) {
    FetchFailure failure = null;
    for (int attempt = 1; attempt <= limits.attempts(); attempt++) {
      try {
        action.make();
        return;
      } catch (FetchFailure thisTime) {
        failure = thisTime;
        if (!thisTime.isTemporary() || attempt == limits.attempts()) {
          break;
        }
        if (!Pauses.pause(limits.delayAfter(attempt))) {
          break;
        }
      }
    }
    String tried = failure.isTemporary() ? ", tried " + limits.attempts() + " times" : "";
    throw problem(variable, location, failure.getMessage() + tried, failure.remedy());
  }

  /** Frees the connections. */
  @Override
  public void close() {
    if (s3 != null) {
      s3.close();
    }
  }

  /** Writes what is at a location into an existing file. */
  interface Source {
    void copy(String location, Path into) throws FetchFailure, IOException;
  }

  private Source sourceOf(String variable, String location) {
    if (Locations.isS3(location)) {
      return s3Source(variable, location);
    }
    return switch (Locations.scheme(location)) {
      case "" -> {
        if (!location.startsWith("/")) {
          throw problem(
              variable,
              location,
              ACCEPTED,
              "Write the path from the root of the file system, as it is inside the container.");
        }
        yield (path, into) -> copyLocal(Path.of(path), into);
      }
      case "file" -> (uri, into) -> copyLocal(localPath(uri), into);
      case "http", "https" -> http;
      default ->
          throw problem(
              variable, location, ACCEPTED, "Put the file where one of these reaches it.");
    };
  }

  private S3Source s3Source(String variable, String location) {
    if (s3 == null) {
      try {
        s3 = new S3Source(environment, limits, role);
      } catch (NoClassDefFoundError e) {
        throw problem(
            variable,
            location,
            "the AWS SDK is not installed here",
            "Put the S3 add-on into SPARK_APPLIANCE_HOME/spark-jars, or use http(s): or a path.");
      }
    }
    return s3;
  }

  private static void fetchOnce(Source source, String location, Path target) throws FetchFailure {
    try {
      Path temporary = AtomicFiles.temporaryBeside(target);
      try {
        source.copy(location, temporary);
        AtomicFiles.publish(temporary, target, "rw-------");
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new FetchFailure(
          "it can't be stored as " + target + " (" + reason(e) + ")",
          "Check that the data directory is writable and has space.",
          false,
          e);
    }
  }

  private static Path localPath(String uri) throws FetchFailure {
    try {
      return Path.of(URI.create(uri));
    } catch (IllegalArgumentException e) {
      throw new FetchFailure(
          "this is no valid file: URI (" + e.getMessage() + ")",
          "Write file:///absolute/path, or just the path.",
          false,
          e);
    }
  }

  private static void copyLocal(Path from, Path into) throws FetchFailure {
    if (!Files.exists(from)) {
      throw new FetchFailure(
          "there is no such file",
          "Check the path; in a container the file must be mounted, for example -v /here/file:"
              + from
              + ":ro.",
          false,
          null);
    }
    if (!Files.isRegularFile(from)) {
      throw new FetchFailure("this is not a file", "Name the file itself.", false, null);
    }
    try {
      Files.copy(from, into, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new FetchFailure(
          "it can't be read (" + reason(e) + ")",
          "Make it readable for the user that the appliance runs as.",
          false,
          e);
    }
  }

  private static ConfigurationException problem(
      String variable, String location, String what, String remedy) {
    return new ConfigurationException(
        new Problem(variable, Locations.redact(location), what, remedy));
  }

  /** What an I/O error says, in words rather than as the bare path that the JDK often gives. */
  static String reason(IOException e) {
    if (e instanceof FileSystemException fileSystem) {
      String reason = fileSystem.getReason();
      return reason != null ? reason : e.getClass().getSimpleName().replace("Exception", "");
    }
    return e.getMessage() != null ? Locations.redact(e.getMessage()) : e.getClass().getSimpleName();
  }
}
