package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.util.UUID;

/** A form with files, as browsers and curl send it. */
final class Multipart {
  private final String boundary = "form-" + UUID.randomUUID();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();

  /** Adds a text field. */
  Multipart field(String name, String value) {
    part("name=\"" + name + "\"", value.getBytes(UTF_8));
    return this;
  }

  /** Adds a file. */
  Multipart file(String name, String fileName, byte[] content) {
    part("name=\"" + name + "\"; filename=\"" + fileName + "\"", content);
    return this;
  }

  /** The request that posts it. */
  HttpRequest.Builder post() {
    body.writeBytes(("--" + boundary + "--\r\n").getBytes(UTF_8));
    return HttpRequest.newBuilder()
        .header("Content-Type", "multipart/form-data; boundary=" + boundary)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
  }

  private void part(String disposition, byte[] content) {
    body.writeBytes(
        ("--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n")
            .getBytes(UTF_8));
    body.writeBytes(content);
    body.writeBytes("\r\n".getBytes(UTF_8));
  }
}
