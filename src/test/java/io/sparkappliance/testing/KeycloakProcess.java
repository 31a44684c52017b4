package io.sparkappliance.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.awaitility.Awaitility;

/**
 * A real Keycloak on loopback, with the realm of {@code src/test/keycloak} and its data in memory.
 */
public final class KeycloakProcess implements AutoCloseable {
  private static final String REALM = "people";
  private static final String ADMIN = "operator";
  private static final String PASSWORD = "password-of-the-operator";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Path directory;
  private final int port;
  private final Process process;

  private KeycloakProcess(Path directory, int port, Process process) {
    this.directory = directory;
    this.port = port;
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @throws IOException when it can't be unpacked or started
   */
  public static KeycloakProcess start() throws IOException {
    Path directory = Files.createTempDirectory("keycloak");
    Path home = unpack(archive(), directory);
    Path realms = Files.createDirectories(home.resolve("data/import"));
    Files.copy(Path.of("src/test/keycloak/people.json"), realms.resolve("people.json"));
    int port = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
                "sh",
                home.resolve("bin/kc.sh").toString(),
                "start-dev",
                "--db=dev-mem",
                "--http-host=127.0.0.1",
                "--http-port=" + port,
                "--import-realm")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx512m");
    builder.environment().put("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN);
    builder.environment().put("KC_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD);
    KeycloakProcess keycloak = new KeycloakProcess(directory, port, builder.start());
    boolean ready = false;
    try {
      keycloak.awaitRealm();
      ready = true;
    } finally {
      if (!ready) {
        keycloak.end();
      }
    }
    return keycloak;
  }

  private static Path archive() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("build/keycloak"))) {
      return files
          .filter(file -> file.toString().endsWith(".zip"))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("setup/keycloak fetches Keycloak"));
    }
  }

  private static Path unpack(Path archive, Path directory) throws IOException {
    try (InputStream in = Files.newInputStream(archive);
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path target = directory.resolve(entry.getName()).normalize();
        if (!target.startsWith(directory)) {
          throw new IOException("an entry that leads elsewhere: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(zip, target);
        }
      }
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.findFirst().orElseThrow();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitRealm() {
    Awaitility.await("Keycloak's realm, log in " + directory)
        .atMost(Duration.ofMinutes(6))
        .pollInterval(Duration.ofMillis(500))
        .failFast("Keycloak has ended", () -> !process.isAlive())
        .ignoreExceptions()
        .until(
            () ->
                send(HttpRequest.newBuilder(
                            URI.create(issuer() + "/.well-known/openid-configuration")))
                        .statusCode()
                    == 200);
  }

  /** The realm's. */
  public String issuer() {
    return "http://127.0.0.1:" + port + "/realms/" + REALM;
  }

  /** Where it tells whether a token is active. */
  public String introspection() {
    return issuer() + "/protocol/openid-connect/token/introspect";
  }

  /**
   * A token for somebody who gives their password to a program.
   *
   * @param client by which it is asked for
   * @param name also of the password
   */
  public String token(String client, String name) throws IOException {
    return token(REALM, client, name, "password-of-" + name);
  }

  private String token(String realm, String client, String name, String password)
      throws IOException {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:"
                            + port
                            + "/realms/"
                            + realm
                            + "/protocol/openid-connect/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        form(
                            Map.of(
                                "grant_type", "password",
                                "client_id", client,
                                "scope", "openid",
                                "username", name,
                                "password", password)))));
    JsonNode json = JSON.readTree(answer.body());
    if (!json.hasNonNull("access_token")) {
      throw new IOException(answer.body());
    }
    return json.path("access_token").asText();
  }

  /** Body of a form. */
  public static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(
            field ->
                field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  /** From now on it signs with a new key, and the keys that it had are gone. */
  public void replaceKeys() throws IOException {
    JsonNode old =
        JSON.readTree(admin("/components?type=org.keycloak.keys.KeyProvider", "GET", ""));
    String realm = JSON.readTree(admin("", "GET", "")).path("id").asText();
    admin(
        "/components",
        "POST",
        """
        {"name": "new-key", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
         "parentId": "%s", "config": {"priority": ["1000"], "enabled": ["true"], "active": ["true"],
         "keySize": ["2048"], "algorithm": ["RS256"]}}
        """
            .formatted(realm));
    for (JsonNode key : old) {
      if (key.path("providerId").asText().equals("rsa-generated")) {
        admin("/components/" + key.path("id").asText(), "DELETE", "");
      }
    }
  }

  private String admin(String path, String method, String body) throws IOException {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + port + "/admin/realms/" + REALM + path))
                .header("Authorization", "Bearer " + token("master", "admin-cli", ADMIN, PASSWORD))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body)));
    if (answer.statusCode() >= 300) {
      throw new IOException(method + " " + path + ": " + answer.statusCode() + answer.body());
    }
    return answer.body();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(
          request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    }
  }

  private void end() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
  }

  @Override
  public void close() throws IOException {
    end();
    process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    FileTrees.delete(directory);
  }
}
