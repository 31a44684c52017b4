package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A certificate of its own, in a key store and a trust store, made with the JDK's keytool. */
public final class Certificates {
  /** Of both stores. */
  public static final String PASSWORD = "password-of-the-stores";

  private Certificates() {}

  /**
   * Writes {@code NAME-key.p12} and {@code NAME-trust.p12}.
   *
   * @param directory where
   * @param name of the files and of the subject
   * @param hosts as {@code dns:name} or {@code ip:address}
   */
  public static void make(Path directory, String name, List<String> hosts)
      throws IOException, InterruptedException {
    String key = directory.resolve(name + "-key.p12").toString();
    String certificate = directory.resolve(name + ".crt").toString();
    String trust = directory.resolve(name + "-trust.p12").toString();
    Files.deleteIfExists(Path.of(key));
    Files.deleteIfExists(Path.of(trust));
    keytool(
        "-genkeypair",
        "-keyalg",
        "EC",
        "-alias",
        name,
        "-dname",
        "CN=" + name,
        "-ext",
        "san=" + String.join(",", hosts),
        "-keystore",
        key,
        "-storepass",
        PASSWORD);
    keytool(
        "-exportcert",
        "-alias",
        name,
        "-keystore",
        key,
        "-storepass",
        PASSWORD,
        "-file",
        certificate);
    keytool(
        "-importcert",
        "-noprompt",
        "-alias",
        name,
        "-file",
        certificate,
        "-keystore",
        trust,
        "-storepass",
        PASSWORD);
    Files.delete(Path.of(certificate));
  }

  private static void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-storetype", "PKCS12"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(output);
    }
  }
}
