package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Spark's web pages with TLS, and under a public name that the node itself can't resolve. */
@ExtendWith(LabExtension.class)
final class TlsPagesIT {
  private static final String PASSWORD = "password-of-the-key-store";
  private static Path keyStore;

  @BeforeAll
  static void makeKey() throws IOException {
    keyStore = Lab.directory("tls").resolve("key-store.p12");
    Files.deleteIfExists(keyStore);
    Docker.Output output =
        Docker.Commands.run(
            Duration.ofMinutes(1),
            List.of(
                Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "spark",
                "-dname",
                "CN=public.example",
                "-keystore",
                keyStore.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD));
    assertThat(output.exitCode()).as(output.all()).isZero();
    Files.setPosixFilePermissions(keyStore, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static Container.Plan node() {
    return Container.of(Lab.SLIM)
        .mount(keyStore, "/tls/key-store.p12")
        .env("SPARK_PUBLIC_DNS", "public.example")
        .env("SPARK_SSL_ENABLED", "yes")
        .env("SPARK_SSL_KEYSTORE_FILE", "/tls/key-store.p12")
        .env("SPARK_SSL_KEYSTORE_PASSWORD", PASSWORD)
        .env("SPARK_SSL_TRUSTSTORE_FILE", "/tls/key-store.p12")
        .env("SPARK_SSL_TRUSTSTORE_PASSWORD", PASSWORD);
  }

  @Test
  void masterWorkerAndGatewayAreReady() {
    Container node = node().roles("MASTER", "WORKER", "WEBAPP").publish(8000).start("tls");
    try {
      node.awaitReady(SharedNode.START);
      Http.Answer master = new GatewayClient(node, Optional.empty()).get("/get_master_ip");
      assertThat(master.code()).as(master.text()).isEqualTo(200);
      assertThat(node.logs()).contains("http://public.example:8080/").doesNotContain(PASSWORD);
    } finally {
      node.remove();
    }
  }

  @Test
  void pagesMayAskForCertificates() {
    Container node =
        node().roles("MASTER", "WORKER").env("SPARK_SSL_NEED_CLIENT_AUTH", "yes").start("mutual");
    try {
      node.awaitReady(SharedNode.START);
    } finally {
      node.remove();
    }
  }
}
