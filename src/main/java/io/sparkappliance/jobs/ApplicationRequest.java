package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What comes with an application.
 *
 * @param language what the file is
 * @param name name for web pages and logs
 * @param mainClass class to run; jars only
 * @param arguments the program's own arguments
 * @param settings checked arguments for spark-submit
 */
public record ApplicationRequest(
    Language language,
    String name,
    Optional<String> mainClass,
    List<String> arguments,
    List<String> settings)
    implements JobRequest {

  private static final Pattern CLASS_NAME =
      Pattern.compile(
          "\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*"
              + "(?:\\.\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*)*");

  /** Takes copies that can't be changed. */
  public ApplicationRequest {
    arguments = List.copyOf(arguments);
    settings = List.copyOf(settings);
  }

  /** What a program is written in, and the name its file gets in the store. */
  public enum Language {
    /** A jar with a main class. */
    JAR("application.jar"),
    /** A Python program. */
    PYTHON("application.py");

    private final String fileName;

    Language(String fileName) {
      this.fileName = fileName;
    }

    /** File name in the store. */
    String fileName() {
      return fileName;
    }
  }

  /**
   * Reads the form.
   *
   * @param fileName what the client calls the file; only its ending counts
   * @param mainClass the field {@code main_class}
   * @param jobArgs the field {@code job_args}
   * @param jobSettings the field {@code job_settings}
   * @throws InvalidRequestException when a field can't be used
   */
  public static ApplicationRequest parse(
      String fileName, String mainClass, String jobArgs, String jobSettings) {
    return of(
        fileName,
        mainClass.isBlank() ? Optional.empty() : Optional.of(mainClass.strip()),
        SubmitSettings.words("job_args", jobArgs),
        SubmitSettings.parse("job_settings", jobSettings));
  }

  /**
   * Reads the fields of a JSON request.
   *
   * @param fileName what the client calls the file; only its ending counts
   * @param mainClass the field {@code main_class}
   * @param arguments the field {@code arguments}: an array of texts
   * @param settings the field {@code settings}: an object
   * @param packages the field {@code packages}: an array of Maven coordinates
   * @throws InvalidRequestException when a field can't be used
   */
  public static ApplicationRequest of(
      String fileName,
      Optional<String> mainClass,
      JsonNode arguments,
      JsonNode settings,
      JsonNode packages) {
    return of(
        fileName,
        mainClass,
        texts("arguments", arguments),
        SubmitSettings.parse(Assignments.parse("settings", settings), texts("packages", packages)));
  }

  private static ApplicationRequest of(
      String fileName, Optional<String> mainClass, List<String> arguments, List<String> settings) {
    Language language = language(fileName);
    if (language == Language.JAR && mainClass.isEmpty()) {
      throw new InvalidRequestException(
          "main_class", "is missing: a jar needs the name of the class to run");
    }
    if (mainClass.isPresent() && !CLASS_NAME.matcher(mainClass.get()).matches()) {
      throw new InvalidRequestException(
          "main_class", "is no class name; one looks like org.example.Main");
    }
    return new ApplicationRequest(
        language,
        Terms.displayName(fileName),
        language == Language.JAR ? mainClass : Optional.empty(),
        arguments,
        settings);
  }

  private static List<String> texts(String field, JsonNode array) {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : array) {
      if (!element.isTextual() || element.asText().indexOf('\0') >= 0) {
        throw new InvalidRequestException(field, "must be an array of texts");
      }
      texts.add(element.asText());
    }
    return texts;
  }

  private static Language language(String fileName) {
    String lower = fileName.toLowerCase(Locale.ROOT);
    if (lower.endsWith(".jar")) {
      return Language.JAR;
    }
    if (lower.endsWith(".py")) {
      return Language.PYTHON;
    }
    throw new InvalidRequestException("file", "must be a .jar or a .py file");
  }

  @Override
  public JobKind kind() {
    return JobKind.APPLICATION;
  }

  @Override
  public String fileName() {
    return language.fileName();
  }

  @Override
  public boolean isText() {
    return language == Language.PYTHON;
  }

  @Override
  public void write(ObjectNode json) {
    json.put("language", language.name());
    json.put("name", name);
    mainClass.ifPresent(main -> json.put("mainClass", main));
    ArrayNode words = json.putArray("arguments");
    arguments.forEach(words::add);
    ArrayNode options = json.putArray("settings");
    settings.forEach(options::add);
  }

  static ApplicationRequest read(JsonNode json) {
    return new ApplicationRequest(
        Language.valueOf(json.required("language").asText()),
        json.required("name").asText(),
        Optional.ofNullable(json.get("mainClass")).map(JsonNode::asText),
        words(json.required("arguments")),
        words(json.required("settings")));
  }

  private static List<String> words(JsonNode array) {
    List<String> words = new ArrayList<>();
    array.forEach(word -> words.add(word.asText()));
    return words;
  }
}
