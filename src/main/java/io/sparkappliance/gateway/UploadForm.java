package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.settings.MemorySize;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpException;

/**
 * A form with a file, or several. Parts larger than a few kilobytes are on disk from the beginning;
 * files are deleted when the form is closed, unless somebody moved them away.
 */
final class UploadForm implements AutoCloseable {
  /** Name that Jetty's request looks its limits up by. */
  private static final String LIMITS = "org.eclipse.jetty.multipartConfig";

  /** All fields but the file together; they are kept in memory. */
  static final int MAX_FIELDS_BYTES = 1 << 20;

  private static final int IN_MEMORY_BYTES = 64 << 10;
  private static final int MAX_ATTACHED = 100;
  private static final String FILE = "file";

  private final Map<String, String> fields;
  private final Path file;
  private final Optional<String> fileName;
  private final List<Attached> attached;

  private UploadForm(
      Map<String, String> fields, Path file, Optional<String> fileName, List<Attached> attached) {
    this.fields = fields;
    this.file = file;
    this.fileName = fileName;
    this.attached = attached;
  }

  /**
   * A file beside the one that every form has.
   *
   * @param part name of its part; several may share it
   * @param name what the client calls it; not checked
   * @param file where it is spooled
   */
  record Attached(String part, String name, Path file) {}

  /**
   * Reads a request's body.
   *
   * @param context the request
   * @param spool directory for files
   * @param limit bytes of the whole body
   * @throws InvalidRequestException when it is no form, or has no file
   * @throws TooLargeException when it is larger than the limit
   * @throws IOException when it can't be read or stored
   */
  static UploadForm read(Context context, Path spool, MemorySize limit) throws IOException {
    UploadForm form = read(context, spool, limit, Set.of());
    if (form.fileName.isEmpty()) {
      form.close();
      throw new InvalidRequestException(FILE, "is missing");
    }
    return form;
  }

  /**
   * Reads a request's body that may have more files, or none.
   *
   * @param more names of parts with files
   */
  static UploadForm read(Context context, Path spool, MemorySize limit, Set<String> more)
      throws IOException {
    String type = context.contentType();
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data")) {
      throw new InvalidRequestException(
          FILE, "has to be sent in a multipart/form-data body, as curl -F file=@NAME does");
    }
    if (context.req().getContentLengthLong() > limit.bytes()) {
      throw tooLarge(limit);
    }
    context
        .req()
        .setAttribute(
            LIMITS,
            new MultipartConfigElement(
                spool.toString(), limit.bytes(), limit.bytes(), IN_MEMORY_BYTES));
    Path file = Files.createTempFile(spool, "upload", "");
    boolean complete = false;
    List<Attached> attached = new ArrayList<>();
    try {
      Map<String, String> fields = new HashMap<>();
      Optional<String> fileName = Optional.empty();
      long fieldBytes = 0;
      for (Part part : context.req().getParts()) {
        if (part.getName() == null) {
          continue;
        }
        if (part.getName().equals(FILE)) {
          store(part, file);
          fileName = Optional.of(Optional.ofNullable(part.getSubmittedFileName()).orElse(""));
        } else if (more.contains(part.getName())) {
          attach(part, spool, attached);
        } else {
          // Jetty's own limit leaves out parts that come with a file name.
          fieldBytes += part.getSize();
          if (fieldBytes > MAX_FIELDS_BYTES) {
            throw formTooLarge();
          }
          fields.put(part.getName(), text(part));
        }
      }
      UploadForm form = new UploadForm(fields, file, fileName, attached);
      complete = true;
      return form;
    } catch (FileSystemException disk) {
      // Not the client's fault: it is logged and answered as one of ours.
      throw disk;
    } catch (ServletException
        | IllegalStateException
        | IOException
        | HttpException.RuntimeException broken) {
      throw SlowClients.refusal(broken).isPresent()
          ? SlowClients.refusal(broken).get()
          : translated(broken, limit);
    } finally {
      if (!complete) {
        delete(file, attached);
      }
    }
  }

  private static void attach(Part part, Path spool, List<Attached> attached) throws IOException {
    String name = Optional.ofNullable(part.getSubmittedFileName()).orElse("");
    if (name.isEmpty() && part.getSize() == 0) {
      // A browser's field for files that nobody used.
      return;
    }
    if (attached.size() == MAX_ATTACHED) {
      throw new InvalidRequestException(
          part.getName(), "has too many files: " + MAX_ATTACHED + " in all, at most");
    }
    Path file = Files.createTempFile(spool, "upload", "");
    attached.add(new Attached(part.getName(), name, file));
    store(part, file);
  }

  private static void delete(Path file, List<Attached> attached) throws IOException {
    Files.deleteIfExists(file);
    for (Attached one : attached) {
      Files.deleteIfExists(one.file());
    }
  }

  /** Jetty tells what is wrong with a body in several ways. */
  private static RuntimeException translated(Exception broken, MemorySize limit) {
    for (Throwable cause = broken; cause != null; cause = cause.getCause()) {
      String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      if (text.contains("form is larger")) {
        return formTooLarge();
      }
      if (text.contains("max length exceeded")) {
        return tooLarge(limit);
      }
    }
    return new InvalidRequestException(
        FILE, "can't be read: the multipart/form-data body is malformed or cut short");
  }

  private static TooLargeException formTooLarge() {
    return new TooLargeException(
        "form", new MemorySize(MAX_FIELDS_BYTES), " for all its fields but the file");
  }

  private static TooLargeException tooLarge(MemorySize limit) {
    return new TooLargeException(
        FILE, limit, " for the whole request (the operator's setting MAX_UPLOAD_SIZE)");
  }

  private static void store(Part part, Path file) throws IOException {
    try (InputStream in = part.getInputStream()) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static String text(Part part) throws IOException {
    try (InputStream in = part.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A field's text, empty when it was not sent. */
  String field(String name) {
    return fields.getOrDefault(name, "");
  }

  /** The uploaded file; an empty one where there is none. */
  Path file() {
    return file;
  }

  /** What the client calls it; never to be used as the name of a file. */
  String fileName() {
    return fileName.orElse("");
  }

  /** Whether there is one. */
  boolean hasFile() {
    return fileName.isPresent();
  }

  /** Names of the fields that were sent. */
  Set<String> fieldNames() {
    return fields.keySet();
  }

  /** Files beside it. */
  List<Attached> attached() {
    return attached;
  }

  @Override
  public void close() throws IOException {
    delete(file, attached);
  }
}
