package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which named sessions hold something. What they hold is in the thrift server, and gone when the
 * gateway is; the next gateway knows by these marks what to tell their owners.
 */
final class SessionMarks {
  private static final Logger LOG = LoggerFactory.getLogger(SessionMarks.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;

  /**
   * Keeps them in a directory.
   *
   * @param directory made when it is needed
   */
  SessionMarks(Path directory) {
    this.directory = directory;
  }

  /**
   * A mark.
   *
   * @param key of the session
   * @param settings with which it begins
   */
  record Mark(SessionKey key, Map<String, String> settings) {}

  /**
   * Takes note that a session holds something.
   *
   * @throws IOException when it can't be written
   */
  void add(Mark mark) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("owner", mark.key().owner()).put("name", mark.key().name());
    mark.settings().forEach(json.putObject("settings")::put);
    Files.createDirectories(directory);
    AtomicFiles.write(file(mark.key()), json.toString(), "rw-------");
  }

  /** Takes note that it does not any more. */
  void remove(SessionKey key) {
    try {
      Files.deleteIfExists(file(key));
    } catch (IOException stays) {
      // Its owner will be told once more than is needed.
      LOG.warn("{} can't be removed", file(key), stays);
    }
  }

  /**
   * All of them; one that is damaged is left out.
   *
   * @throws IOException when they can't be read
   */
  List<Mark> all() throws IOException {
    List<Mark> marks = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          read(file, marks);
        }
      }
    }
    return marks;
  }

  private static void read(Path file, List<Mark> marks) throws IOException {
    try {
      JsonNode json = JSON.readTree(Files.readString(file));
      Map<String, String> settings = new LinkedHashMap<>();
      json.required("settings")
          .properties()
          .forEach(setting -> settings.put(setting.getKey(), setting.getValue().asText()));
      marks.add(
          new Mark(
              new SessionKey(json.required("owner").asText(), json.required("name").asText()),
              settings));
    } catch (IOException | IllegalArgumentException damaged) {
      LOG.warn("{} is no mark of a session", file, damaged);
      Files.deleteIfExists(file);
    }
  }

  /** By a digest: names of people may hold anything. */
  private Path file(SessionKey key) {
    try {
      byte[] text = (key.owner() + "\n" + key.name()).getBytes(StandardCharsets.UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text);
      return directory.resolve(HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
