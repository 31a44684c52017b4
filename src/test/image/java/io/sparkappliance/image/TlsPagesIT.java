package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.testing.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Spark's web pages with TLS, and under a public name that the node itself can't resolve. */
@ExtendWith(LabExtension.class)
final class TlsPagesIT {
  private static Path keyStore;

  @BeforeAll
  static void makeKey() throws IOException, InterruptedException {
    Path directory = Lab.directory("tls");
    Certificates.make(directory, "public", List.of("dns:public.example"));
    keyStore = directory.resolve("public-key.p12");
    Files.setPosixFilePermissions(keyStore, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static Container.Plan node() {
    return Container.of(Lab.SLIM)
        .mount(keyStore, "/tls/public-key.p12")
        .env("SPARK_PUBLIC_DNS", "public.example")
        .env("SPARK_SSL_ENABLED", "yes")
        .env("SPARK_SSL_KEYSTORE_FILE", "/tls/public-key.p12")
        .env("SPARK_SSL_KEYSTORE_PASSWORD", Certificates.PASSWORD)
        .env("SPARK_SSL_TRUSTSTORE_FILE", "/tls/public-key.p12")
        .env("SPARK_SSL_TRUSTSTORE_PASSWORD", Certificates.PASSWORD);
  }

  @Test
  void masterWorkerAndGatewayAreReady() {
    Container node = node().roles("MASTER", "WORKER", "WEBAPP").publish(8000).start("tls");
    try {
      node.awaitReady(SharedNode.START);
      Http.Answer master = new GatewayClient(node, Optional.empty()).get("/get_master_ip");
      assertThat(master.code()).as(master.text()).isEqualTo(200);
      assertThat(node.logs())
          .contains("http://public.example:8080/")
          .doesNotContain(Certificates.PASSWORD);
    } finally {
      node.remove();
    }
  }

  @Test
  void pagesMayAskForCertificates() {
    Container node =
        node()
            .roles("MASTER", "WORKER", "WEBAPP")
            .env("SPARK_SSL_NEED_CLIENT_AUTH", "yes")
            .publish(8000)
            .start("mutual");
    try {
      node.awaitReady(SharedNode.START);
      // The gateway asks the master's page, which asks for a certificate.
      Http.Answer master = new GatewayClient(node, Optional.empty()).get("/get_master_ip");
      assertThat(master.code()).as(master.text()).isEqualTo(200);
    } finally {
      node.remove();
    }
  }
}
