package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkappliance.jobs.ApplicationRequest;
import io.sparkappliance.jobs.Attachment;
import io.sparkappliance.jobs.ClusterMode;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.jobs.RequestProblems;
import io.sparkappliance.jobs.Terms;
import io.sparkappliance.jobs.Upload;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * A program with all that came with it.
 *
 * @param request how it is to be run
 * @param upload its files, which are the form's until they are moved
 * @param terms how the job is to be treated
 */
record ApplicationForm(ApplicationRequest request, Upload upload, Terms terms) {
  /** Parts that may come several times, each with a file. */
  static final Set<String> FILES =
      Arrays.stream(Attachment.Kind.values())
          .map(Attachment.Kind::field)
          .collect(Collectors.toUnmodifiableSet());

  private static final String SPEC = "spec";

  /**
   * Reads a form.
   *
   * @param environment variables that the operator allows
   * @param languages what programs the node can run
   * @param terms reads what is common to all jobs, with the name of one that has none
   * @throws InvalidRequestException when anything can't be used; it knows of everything
   * @throws IOException when a file can't be read
   */
  static ApplicationForm read(
      UploadForm form,
      VariableNames environment,
      Set<ApplicationRequest.Language> languages,
      BiFunction<JsonBody, String, Terms> terms)
      throws IOException {
    RequestProblems problems = new RequestProblems();
    form.fieldNames().stream()
        .filter(name -> !name.equals(SPEC))
        .sorted()
        .forEach(
            name ->
                problems.add(
                    Answers.printable(name),
                    "is unknown; known are file, spec, py_files, files, jars"));
    String spec = form.field(SPEC).isEmpty() ? "{}" : form.field(SPEC);
    JsonBody body = JsonBody.parse(spec.getBytes(StandardCharsets.UTF_8));
    body.knows("name", "max_attempts", "time_limit_seconds", "webhook");
    Optional<String> jarUri = text(body, "jar_uri", problems);
    Optional<String> fileName = Optional.of(form.fileName()).filter(_ -> form.hasFile());
    String name = Terms.ofFile(fileName.or(() -> jarUri.map(ClusterMode::name)).orElse("")).name();
    Optional<Terms> known = problems.take(() -> terms.apply(body, name));
    Map<Attachment, Path> attachments = attachments(form, problems);
    Optional<String> mainClass = text(body, "main_class", problems);
    Optional<String> deployMode = text(body, "deploy_mode", problems);
    ApplicationRequest.Fields fields =
        new ApplicationRequest.Fields(
            fileName,
            mainClass,
            deployMode,
            jarUri,
            problems.take(() -> body.flag("supervise")).flatMap(flag -> flag),
            array(body, "arguments", problems),
            body.object("settings"),
            array(body, "packages", problems),
            body.object("environment"),
            List.copyOf(attachments.keySet()));
    problems.take(
        () -> {
          body.finish();
          return true;
        });
    ApplicationRequest request = ApplicationRequest.of(fields, environment, languages, problems);
    if (request.cluster().isPresent()) {
      Files.writeString(form.file(), request.cluster().get().jar() + "\n");
    }
    return new ApplicationForm(request, new Upload(form.file(), attachments), known.orElseThrow());
  }

  private static Map<Attachment, Path> attachments(UploadForm form, RequestProblems problems)
      throws IOException {
    Map<Attachment, Path> attachments = new LinkedHashMap<>();
    for (UploadForm.Attached one : form.attached()) {
      Attachment.Kind kind = Attachment.Kind.of(one.part()).orElseThrow();
      problems
          .take(() -> Attachment.of(kind, one.name(), one.file()))
          .ifPresent(
              attachment -> {
                if (attachments.put(attachment, one.file()) != null) {
                  problems.add(kind.field(), "has the file '" + attachment.name() + "' twice");
                }
              });
    }
    return attachments;
  }

  private static Optional<String> text(JsonBody body, String name, RequestProblems problems)
      throws IOException {
    return problems.take(() -> body.text(name)).flatMap(text -> text);
  }

  private static JsonNode array(JsonBody body, String name, RequestProblems problems)
      throws IOException {
    return problems.take(() -> body.array(name)).orElseGet(JsonNodeFactory.instance::arrayNode);
  }
}
