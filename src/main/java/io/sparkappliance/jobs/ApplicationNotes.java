package io.sparkappliance.jobs;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What drivers tell of themselves: a plugin of ours inside them writes a file into the job's
 * directory. A program could write there, too, so that only what looks right is taken.
 */
final class ApplicationNotes {
  /** Name of the file in a job's directory. */
  static final String FILE = "spark-application.properties";

  /** Tells the plugin where to write; it names the variable itself, for it is loaded by Spark. */
  static final String FILE_VARIABLE = "SPARK_APPLIANCE_NOTE";

  static final int MAX_BYTES = 4096;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,100}");
  private static final Pattern ADDRESS =
      Pattern.compile("https?://[A-Za-z0-9\\[\\].:-]{1,255}(?:/[A-Za-z0-9._~/-]{0,500})?");

  private final Supplier<Optional<HostAndPort>> masterPage;

  /**
   * Reads them.
   *
   * @param masterPage the web page of the master that leads
   */
  ApplicationNotes(Supplier<Optional<HostAndPort>> masterPage) {
    this.masterPage = masterPage;
  }

  /**
   * Under which id the cluster knows a job.
   *
   * @param directory the job's
   * @return empty while its driver has not told, and where it has told nonsense
   */
  Optional<String> id(Path directory) {
    return id(read(directory));
  }

  /**
   * The same with the address of its pages, for which masters may be asked.
   *
   * @param directory the job's
   */
  Optional<SparkApplication> application(Path directory) {
    Properties note = read(directory);
    return id(note).map(id -> new SparkApplication(id, page(id, note)));
  }

  private static Optional<String> id(Properties note) {
    return Optional.ofNullable(note.getProperty("id")).filter(id -> ID.matcher(id).matches());
  }

  private static Properties read(Path directory) {
    Properties note = new Properties();
    Path file = directory.resolve(FILE);
    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      try (InputStream in = Files.newInputStream(file)) {
        note.load(new StringReader(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8)));
      } catch (IOException | IllegalArgumentException nonsense) {
        return new Properties();
      }
    }
    return note;
  }

  /** Where the master's page shows those of drivers, theirs can't be used directly. */
  private Optional<String> page(String id, Properties note) {
    Optional<String> own = Optional.ofNullable(note.getProperty("ui"));
    Optional<String> proxy = Optional.ofNullable(note.getProperty("proxy"));
    Optional<String> page =
        proxy.isEmpty() || own.isEmpty()
            ? own
            : proxy
                .filter(address -> !address.isEmpty())
                .or(() -> masterPage.get().map(leading -> "http://" + leading))
                .map(address -> address.replaceFirst("/+$", "") + "/proxy/" + id + "/");
    return page.filter(address -> ADDRESS.matcher(address).matches());
  }
}
