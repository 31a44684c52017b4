package io.sparkappliance.image;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A form with files, as browsers and curl send it. */
final class Multipart {
  private final String boundary = "form-" + UUID.randomUUID();
  private final List<BodyPublisher> body = new ArrayList<>();

  /** Adds a text field. */
  Multipart field(String name, String value) {
    return part("name=\"" + name + "\"", BodyPublishers.ofString(value));
  }

  /** Adds a file. */
  Multipart file(String name, String fileName, byte[] content) {
    return file(name, fileName, BodyPublishers.ofByteArray(content));
  }

  /** Adds a file that is read while it is sent. */
  Multipart file(String name, Path content) {
    try {
      return file(name, content.getFileName().toString(), BodyPublishers.ofFile(content));
    } catch (FileNotFoundException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The request that posts it. */
  HttpRequest.Builder post() {
    body.add(BodyPublishers.ofString("--" + boundary + "--\r\n"));
    return HttpRequest.newBuilder()
        .header("Content-Type", "multipart/form-data; boundary=" + boundary)
        .POST(BodyPublishers.concat(body.toArray(BodyPublisher[]::new)));
  }

  private Multipart file(String name, String fileName, BodyPublisher content) {
    return part("name=\"" + name + "\"; filename=\"" + fileName + "\"", content);
  }

  private Multipart part(String disposition, BodyPublisher content) {
    String head =
        "--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n";
    body.addAll(List.of(BodyPublishers.ofString(head), content, BodyPublishers.ofString("\r\n")));
    return this;
  }
}
