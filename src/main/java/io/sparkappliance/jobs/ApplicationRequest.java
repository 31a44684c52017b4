package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What comes with an application.
 *
 * @param language what the file is
 * @param name name for web pages and logs
 * @param mainClass class to run; jars only
 * @param arguments the program's own arguments
 * @param settings checked arguments for spark-submit
 * @param environment variables of the driver and of executors
 * @param attachments files that come with it; no two have the same name
 * @param cluster how its driver runs on a worker; empty: it runs on the gateway's node
 */
public record ApplicationRequest(
    Language language,
    String name,
    Optional<String> mainClass,
    List<String> arguments,
    List<String> settings,
    JobEnvironment environment,
    List<Attachment> attachments,
    Optional<ClusterMode> cluster)
    implements JobRequest {

  private static final String NO_CLASS = "is missing: a jar needs the name of the class to run";
  private static final String BAD_CLASS = "is no class name; one looks like org.example.Main";

  private static final Pattern CLASS_NAME =
      Pattern.compile(
          "\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*"
              + "(?:\\.\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*)*");

  /** Takes copies that can't be changed. */
  public ApplicationRequest {
    arguments = List.copyOf(arguments);
    settings = List.copyOf(settings);
    attachments = List.copyOf(attachments);
  }

  /** What a program is written in, and the name its file gets in the store. */
  public enum Language {
    /** A jar with a main class. */
    JAR("application.jar"),
    /** A Python program. */
    PYTHON("application.py"),
    /** A program in R, which uses PySpark by the package reticulate. */
    R("application.R");

    private final String fileName;

    Language(String fileName) {
      this.fileName = fileName;
    }

    /** File name in the store. */
    String fileName() {
      return fileName;
    }

    /**
     * Makes sure that a node can run it.
     *
     * @param known what the node can run
     * @throws InvalidRequestException when it can't
     */
    void require(Set<Language> known) {
      if (!known.contains(this)) {
        throw new InvalidRequestException(
            "file",
            "is a program in R, and the gateway's node has no R: it takes the full image, whose tag does"
                + " not end in -slim, or a Rscript on the PATH and R's package reticulate");
      }
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
   * What a JSON request says, as it came.
   *
   * @param fileName what the client calls the file, of which only its ending counts; empty: there
   *     is none
   * @param mainClass the field {@code main_class}
   * @param deployMode the field {@code deploy_mode}
   * @param jarUri the field {@code jar_uri}
   * @param supervise the field {@code supervise}
   * @param arguments the field {@code arguments}: an array of texts
   * @param settings the field {@code settings}: an object
   * @param packages the field {@code packages}: an array of Maven coordinates
   * @param environment the field {@code environment}: an object
   * @param attachments files that come with the program
   */
  public record Fields(
      Optional<String> fileName,
      Optional<String> mainClass,
      Optional<String> deployMode,
      Optional<String> jarUri,
      Optional<Boolean> supervise,
      JsonNode arguments,
      JsonNode settings,
      JsonNode packages,
      JsonNode environment,
      List<Attachment> attachments) {
    /** Takes a copy that can't be changed. */
    public Fields {
      attachments = List.copyOf(attachments);
    }
  }

  /**
   * Reads the fields of a JSON request.
   *
   * @param fields what was sent
   * @param allowed variables of the environment that the operator allows
   * @param known what programs the gateway's node can run
   * @param problems what is wrong already; what is wrong here comes to it
   * @throws InvalidRequestException when anything is
   * @throws IOException never
   */
  public static ApplicationRequest of(
      Fields fields, VariableNames allowed, Set<Language> known, RequestProblems problems)
      throws IOException {
    Optional<ClusterMode> cluster = ClusterMode.parse(fields, problems);
    Optional<Language> language =
        ClusterMode.isAsked(fields)
            ? Optional.of(Language.JAR)
            : problems.take(
                () -> {
                  Language it = language(fields.fileName().orElseThrow(ApplicationRequest::noFile));
                  it.require(known);
                  return it;
                });
    language.ifPresent(it -> checkMainClass(it, fields.mainClass(), problems));
    List<String> arguments =
        problems.take(() -> texts("arguments", fields.arguments())).orElse(List.of());
    List<String> settings = settings(fields, problems);
    JobEnvironment environment = JobEnvironment.parse(fields.environment(), allowed, problems);
    checkNames(fields.attachments(), problems);
    if (!ClusterMode.isAsked(fields)
        && language.equals(Optional.of(Language.JAR))
        && fields.attachments().stream().anyMatch(it -> it.kind() == Attachment.Kind.PY_FILES)) {
      problems.add(
          Attachment.Kind.PY_FILES.field(), "are for programs in Python and R, not for jars");
    }
    problems.finish();
    return new ApplicationRequest(
        language.orElseThrow(),
        Terms.displayName(cluster.map(ClusterMode::name).or(fields::fileName).orElseThrow()),
        language.equals(Optional.of(Language.JAR)) ? fields.mainClass() : Optional.empty(),
        arguments,
        settings,
        environment,
        fields.attachments(),
        cluster);
  }

  private static void checkMainClass(
      Language language, Optional<String> mainClass, RequestProblems problems) {
    if (language == Language.JAR && mainClass.isEmpty()) {
      problems.add("main_class", NO_CLASS);
    }
    if (mainClass.filter(name -> !CLASS_NAME.matcher(name).matches()).isPresent()) {
      problems.add("main_class", BAD_CLASS);
    }
  }

  private static List<String> settings(Fields fields, RequestProblems problems) throws IOException {
    List<String> checked = new ArrayList<>();
    Map<String, String> settings =
        problems.take(() -> Assignments.parse("settings", fields.settings())).orElse(Map.of());
    for (Map.Entry<String, String> one : settings.entrySet()) {
      problems.take(() -> SubmitSettings.parse(one)).ifPresent(checked::addAll);
    }
    List<String> packages =
        problems.take(() -> texts("packages", fields.packages())).orElse(List.of());
    checked.addAll(SubmitSettings.packages(packages, problems));
    if (!packages.isEmpty() && settings.containsKey("spark.jars.packages")) {
      problems.add("packages", "can't be used together with the setting spark.jars.packages");
    }
    return checked;
  }

  /** Spark puts all of them into one directory. */
  private static void checkNames(List<Attachment> attachments, RequestProblems problems) {
    Set<String> names = new HashSet<>();
    for (Language language : Language.values()) {
      names.add(language.fileName());
    }
    names.add(ApplicationCommand.R_RUNNER);
    for (Attachment attachment : attachments) {
      if (!names.add(attachment.fileName())) {
        problems.add(
            attachment.kind().field(),
            "has a file '" + attachment.name() + "', and another one has that name already");
      }
    }
  }

  private static ApplicationRequest of(
      String fileName, Optional<String> mainClass, List<String> arguments, List<String> settings) {
    Language language = language(fileName);
    if (language == Language.JAR && mainClass.isEmpty()) {
      throw new InvalidRequestException("main_class", NO_CLASS);
    }
    if (mainClass.isPresent() && !CLASS_NAME.matcher(mainClass.get()).matches()) {
      throw new InvalidRequestException("main_class", BAD_CLASS);
    }
    return new ApplicationRequest(
        language,
        Terms.displayName(fileName),
        language == Language.JAR ? mainClass : Optional.empty(),
        arguments,
        settings,
        JobEnvironment.NONE,
        List.of(),
        Optional.empty());
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

  private static InvalidRequestException noFile() {
    return new InvalidRequestException("file", "is missing");
  }

  private static Language language(String fileName) {
    String lower = fileName.toLowerCase(Locale.ROOT);
    if (lower.endsWith(".jar")) {
      return Language.JAR;
    }
    if (lower.endsWith(".py")) {
      return Language.PYTHON;
    }
    if (lower.endsWith(".r")) {
      return Language.R;
    }
    throw new InvalidRequestException("file", "must be a .jar, a .py or a .R file");
  }

  @Override
  public JobKind kind() {
    return JobKind.APPLICATION;
  }

  @Override
  public String fileName() {
    return cluster.isPresent() ? ClusterMode.FILE : language.fileName();
  }

  @Override
  public boolean isText() {
    return cluster.isPresent() || language != Language.JAR;
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
    // Requests without these have the fingerprint that they always had.
    if (!environment.variables().isEmpty()) {
      environment.write(json);
    }
    if (!attachments.isEmpty()) {
      ArrayNode files = json.putArray("attachments");
      attachments.forEach(attachment -> attachment.write(files.addObject()));
    }
    cluster.ifPresent(mode -> mode.write(json));
  }

  static ApplicationRequest read(JsonNode json) {
    return new ApplicationRequest(
        Language.valueOf(json.required("language").asText()),
        json.required("name").asText(),
        Optional.ofNullable(json.get("mainClass")).map(JsonNode::asText),
        words(json.required("arguments")),
        words(json.required("settings")),
        JobEnvironment.read(json),
        attachments(json),
        ClusterMode.read(json));
  }

  private static List<Attachment> attachments(JsonNode json) {
    List<Attachment> attachments = new ArrayList<>();
    json.path("attachments").forEach(one -> attachments.add(Attachment.read(one)));
    return attachments;
  }

  private static List<String> words(JsonNode array) {
    List<String> words = new ArrayList<>();
    array.forEach(word -> words.add(word.asText()));
    return words;
  }
}
