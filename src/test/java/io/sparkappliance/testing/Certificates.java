package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
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

  /**
   * Writes {@code NAME.crt.pem} and {@code NAME.key.pem}, the key in PKCS#8, and {@code
   * NAME-key.p12}.
   *
   * @param directory where
   * @param name of the files and of the subject
   * @param more options of keytool, such as the kind of the key and how long the certificate counts
   */
  public static void makePem(Path directory, String name, String... more)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path file = directory.resolve(name + "-key.p12");
    Files.deleteIfExists(file);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD));
    arguments.addAll(more.length == 0 ? List.of("-keyalg", "EC") : List.of(more));
    keytool(arguments.toArray(String[]::new));
    KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    Files.writeString(
        directory.resolve(name + ".crt.pem"),
        pem("CERTIFICATE", store.getCertificate(name).getEncoded()));
    Files.writeString(
        directory.resolve(name + ".key.pem"),
        pem("PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
  }

  /** Bytes as PEM. */
  public static String pem(String label, byte[] der) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
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
