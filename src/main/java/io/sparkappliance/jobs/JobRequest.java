package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What comes with an upload: how it is to be run. */
public sealed interface JobRequest permits SqlRequest, ApplicationRequest {
  /** What it runs. */
  JobKind kind();

  /** Name of the upload in the job's directory. */
  String fileName();

  /** Whether the upload can be read by people. */
  boolean isText();

  /** Fills an object with all but passwords. */
  void write(ObjectNode json);

  /** One JSON object. */
  default String toJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("kind", kind().name());
    write(json);
    return json.toString();
  }

  /**
   * Reads what {@link #toJson} gave.
   *
   * @throws JobFailure when it had a password
   * @throws IOException when it is something else
   */
  static JobRequest fromJson(String text) throws IOException, JobFailure {
    try {
      JsonNode json = new ObjectMapper().readTree(text);
      return switch (JobKind.valueOf(json.required("kind").asText())) {
        case SQL -> SqlRequest.read(json);
        case APPLICATION -> ApplicationRequest.read(json);
      };
    } catch (JsonProcessingException | IllegalArgumentException damaged) {
      throw new IOException("the request of a job is damaged", damaged);
    }
  }

  /**
   * By what a repetition of the same request is recognised.
   *
   * @param upload the file that came with it
   * @return SHA-256 of both, as 64 hexadecimal digits
   * @throws IOException when the file can't be read
   */
  default String fingerprint(Path upload) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    digest.update(toJson().getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    try (InputStream in = Files.newInputStream(upload)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
