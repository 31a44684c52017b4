package io.sparkappliance.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The files of a submission where they are spooled.
 *
 * @param program the script or program
 * @param attachments what comes with it
 */
public record Upload(Path program, Map<Attachment, Path> attachments) {
  /** Takes a copy that can't be changed. */
  public Upload {
    attachments = Collections.unmodifiableMap(new LinkedHashMap<>(attachments));
  }

  /** A script or program alone. */
  public static Upload of(Path program) {
    return new Upload(program, Map.of());
  }

  /**
   * Size of all files in bytes.
   *
   * @throws IOException when one can't be read
   */
  long bytes() throws IOException {
    long bytes = Files.size(program);
    for (Path file : attachments.values()) {
      bytes += Files.size(file);
    }
    return bytes;
  }
}
