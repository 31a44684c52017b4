package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file that comes with a program. Programs know it by its name, so that it keeps the one that the
 * client gave it, provided that this is harmless.
 *
 * @param kind what it is for
 * @param name a base name of letters, digits, dots, dashes and underscores
 * @param sha256 digest of its content as 64 hexadecimal digits: by it a repetition of the same
 *     submission is recognised
 */
public record Attachment(Kind kind, String name, String sha256) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,199}");
  private static final byte[] ARCHIVE = {'P', 'K'};

  /** What an attachment is for. */
  public enum Kind {
    /** Modules for Python, on the driver and on executors. */
    PY_FILES("py_files", "--py-files", "spark.submit.pyFiles"),
    /** Files that a program reads. */
    FILES("files", "--files", "spark.files"),
    /** Classes for the driver and executors. */
    JARS("jars", "--jars", "spark.jars");

    private final String field;
    private final String option;
    private final String setting;

    Kind(String field, String option, String setting) {
      this.field = field;
      this.option = option;
      this.setting = setting;
    }

    /** How names of such files may end. */
    private List<String> endings() {
      return switch (this) {
        case PY_FILES -> List.of(".zip", ".egg", ".whl", ".py");
        case FILES -> List.of("");
        case JARS -> List.of(".jar");
      };
    }

    /** Name of the form's parts. */
    public String field() {
      return field;
    }

    /** Spark-submit's option that takes a list of them. */
    String option() {
      return option;
    }

    /** Spark's setting with the same meaning. */
    String setting() {
      return setting;
    }

    /** The kind that the form calls so. */
    public static Optional<Kind> of(String field) {
      return Arrays.stream(values()).filter(kind -> kind.field.equals(field)).findFirst();
    }
  }

  /**
   * Looks at an uploaded file.
   *
   * @param kind the part of the form it came in
   * @param name what the client calls it
   * @param file its content
   * @throws InvalidRequestException when it can't be used
   * @throws IOException when it can't be read
   */
  public static Attachment of(Kind kind, String name, Path file) throws IOException {
    checkName(kind, name);
    try (InputStream in = Files.newInputStream(file)) {
      if (isArchive(name, kind) && !Arrays.equals(in.readNBytes(ARCHIVE.length), ARCHIVE)) {
        throw new InvalidRequestException(kind.field, quoted(name) + " is no zip archive");
      }
    }
    return new Attachment(kind, name, digest(file));
  }

  private static void checkName(Kind kind, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidRequestException(
          kind.field,
          "can't have the name "
              + quoted(name)
              + ": letters, digits, dots, dashes and underscores only, 200 at most, and no dot or"
              + " dash in front");
    }
    if (kind.endings().stream().noneMatch(name::endsWith)) {
      throw new InvalidRequestException(
          kind.field, quoted(name) + " must end in " + String.join(", ", kind.endings()));
    }
    if (name.endsWith(".whl") && kind == Kind.PY_FILES && !name.endsWith("-none-any.whl")) {
      throw new InvalidRequestException(
          kind.field,
          quoted(name)
              + " has compiled code, which Python can't load from an archive; only wheels for any"
              + " platform (-none-any.whl) can be sent, others are PYTHON_LIBS of the nodes");
    }
  }

  private static boolean isArchive(String name, Kind kind) {
    return kind != Kind.FILES && !name.endsWith(".py");
  }

  /** Name in the store: Spark gives executors only what it takes for an archive. */
  String fileName() {
    return kind == Kind.PY_FILES && name.endsWith(".whl") ? name + ".zip" : name;
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // The digest has seen it.
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String quoted(String name) {
    String safe = name.replaceAll("[^\\x20-\\x7e]", "?");
    return "'" + (safe.length() <= 80 ? safe : safe.substring(0, 80) + "…") + "'";
  }

  void write(ObjectNode json) {
    json.put("kind", kind.name()).put("name", name).put("sha256", sha256);
  }

  static Attachment read(JsonNode json) {
    return new Attachment(
        Kind.valueOf(json.required("kind").asText()),
        json.required("name").asText(),
        json.required("sha256").asText());
  }
}
