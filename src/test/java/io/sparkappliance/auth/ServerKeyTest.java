package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.GatewayTls;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.testing.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files a server can have its key in, and what is said of those it can't. */
class ServerKeyTest {
  private static final Secret PASSWORD = new Secret(Certificates.PASSWORD);
  private static final int PKCS8_HEAD = 26;

  // As OpenSSL writes them: a key encrypted with that password, its certificate, its issuer's.
  private static final String LEAF_KEY =
      """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAinhIMMrhJD+AICCAAw
      DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJj7XE7NEMbZfHIKacGlVxEEgZAp
      FDOrbp4shDibFhSqrQdQmHDT5gUsINracVOBdAGO7IEWJzQjzLQgsNFyFhTrD2tS
      AlxkPg0nwA6oz6qIDnvqORy3+AinFS+vzjj7fCWtto4/kcxpudgu2NxjShJ8B+zk
      bkb34hiEDZ2Ky2nMjlL3JuWhjEZjDl8zhjcV3yzMnZrSsGz8DvTuhiq2WgigopY=
      -----END ENCRYPTED PRIVATE KEY-----
      """;
  private static final String LEAF =
      """
      -----BEGIN CERTIFICATE-----
      MIIBGDCBvwIUYTHy6f9pHbU2cz64X/DSOFFpngowCgYIKoZIzj0EAwIwDTELMAkG
      A1UEAwwCY2EwIBcNMjYxMTIyMTgzODUyWhgPMjEyNjEwMjkxODM4NTJaMA8xDTAL
      BgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARr9JcylTF88bmj
      iNPQy8PV+eMOuiqXbFzJREszUkFoR1kryOB4MC6BD8lPtvZgcJ/tkfdTpyQCqDSc
      QHnpjzRkMAoGCCqGSM49BAMCA0gAMEUCIQDczFPPmELG2vfZisiHzY/ZTuQA+6WO
      QEgUlGrv0A/RjgIga2DUUS5VFcZRqgLyvKtaZg1N3A29VZJeM4MTAbn90fI=
      -----END CERTIFICATE-----
      """;
  private static final String ISSUER =
      """
      -----BEGIN CERTIFICATE-----
      MIIBcTCCARegAwIBAgIUPXfIgS5qb+vDMGTVucHbtLkKw2swCgYIKoZIzj0EAwIw
      DTELMAkGA1UEAwwCY2EwIBcNMjYxMTIyMTgzODUyWhgPMjEyNjEwMjkxODM4NTJa
      MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfjPpDAph
      LeH40Pv7VV/OqaDR86TqYiRp2xhiLOwS2FesyMNqI2gPgYK1A2Q9Dj01LOX8uBF8
      NtzxPyH/i8kFmaNTMFEwHQYDVR0OBBYEFKt/8MaWRcfzm8BiZR4KDv0/qrXQMB8G
      A1UdIwQYMBaAFKt/8MaWRcfzm8BiZR4KDv0/qrXQMA8GA1UdEwEB/wQFMAMBAf8w
      CgYIKoZIzj0EAwIDSAAwRQIhANT4mV3obC8LhAW49nA5ed0zsiakbofh1iC3V7Y3
      RFDiAiBox9zPVKyjKGw4caWi/ZYs2A1QhPx7yMlqva1I4RZfWA==
      -----END CERTIFICATE-----
      """;

  @TempDir private static Path directory;

  @BeforeAll
  static void make() throws Exception {
    Certificates.makePem(directory, "ec");
    Certificates.makePem(directory, "rsa", "-keyalg", "RSA", "-keysize", "2048");
    Certificates.makePem(directory, "ed", "-keyalg", "Ed25519");
    Certificates.makePem(directory, "old", "-keyalg", "EC", "-startdate", "-10d", "-validity", "5");
  }

  private static Path file(String name) {
    return directory.resolve(name);
  }

  private static GatewayTls pem(String certificate, String key) {
    return new GatewayTls(file(certificate), Optional.of(file(key)), Optional.empty(), false);
  }

  private static GatewayTls store(String name, Secret password) {
    return new GatewayTls(file(name), Optional.empty(), Optional.ofNullable(password), false);
  }

  private static PrivateKey key(String name) throws Exception {
    KeyStore store =
        KeyStore.getInstance(file(name + "-key.p12").toFile(), Certificates.PASSWORD.toCharArray());
    return (PrivateKey) store.getKey(name, Certificates.PASSWORD.toCharArray());
  }

  private static void isThatOf(String name, ServerKey read) throws Exception {
    KeyStore store = read.store("any".toCharArray());
    assertThat(store.getKey("gateway", "any".toCharArray())).isEqualTo(key(name));
    assertThat(read.description()).startsWith("CN=" + name + ", valid until ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ec", "rsa", "ed"})
  void a_certificate_and_its_key_in_pem(String name) throws Exception {
    isThatOf(name, ServerKey.read(pem(name + ".crt.pem", name + ".key.pem")));
  }

  @Test
  void a_chain_is_the_servers_own_certificate_and_those_of_its_issuers() throws Exception {
    Files.writeString(
        file("chain.pem"),
        LEAF + "# not of this chain\n" + Files.readString(file("ec.crt.pem")) + ISSUER);
    Files.writeString(file("leaf.pem"), LEAF_KEY);
    GatewayTls tls =
        new GatewayTls(
            file("chain.pem"), Optional.of(file("leaf.pem")), Optional.of(PASSWORD), false);
    assertThat(ServerKey.read(tls).store(new char[] {'x'}).getCertificateChain("gateway"))
        .hasSize(2);

    Files.writeString(file("upside-down.pem"), ISSUER + LEAF);
    assertThatThrownBy(
            () ->
                ServerKey.read(
                    new GatewayTls(
                        file("upside-down.pem"), tls.key(), Optional.of(PASSWORD), false)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("GATEWAY_TLS_KEY_FILE=" + file("leaf.pem"))
        .hasMessageContaining("comes first");
  }

  @Test
  void a_key_store() throws Exception {
    isThatOf("rsa", ServerKey.read(store("rsa-key.p12", PASSWORD)));
  }

  @Test
  void key_and_certificate_in_one_pem_file() throws Exception {
    Files.writeString(
        file("both.pem"),
        Files.readString(file("ec.key.pem")) + Files.readString(file("ec.crt.pem")));
    isThatOf("ec", ServerKey.read(store("both.pem", null)));
  }

  @Test
  void an_encrypted_key() throws Exception {
    Files.writeString(file("leaf.crt"), LEAF);
    Files.writeString(file("encrypted.pem"), LEAF_KEY);
    Optional<Path> key = Optional.of(file("encrypted.pem"));
    assertThat(
            ServerKey.read(new GatewayTls(file("leaf.crt"), key, Optional.of(PASSWORD), false))
                .description())
        .startsWith("CN=leaf, valid until ");
    Secret wrong = new Secret("no-such-password");
    assertThatThrownBy(
            () -> ServerKey.read(new GatewayTls(file("leaf.crt"), key, Optional.of(wrong), false)))
        .hasMessageContaining("the password does not open its key")
        .hasMessageContaining("GATEWAY_TLS_PASSWORD_FILE")
        .hasMessageNotContaining("no-such-password");
    assertThatThrownBy(() -> ServerKey.read(pem("leaf.crt", "encrypted.pem")))
        .hasMessageContaining("its key is encrypted, and no password is given");
  }

  @Test
  void an_rsa_key_as_openssl_wrote_it_for_long() throws Exception {
    byte[] pkcs8 = key("rsa").getEncoded();
    Files.writeString(
        file("pkcs1.pem"),
        Certificates.pem("RSA PRIVATE KEY", Arrays.copyOfRange(pkcs8, PKCS8_HEAD, pkcs8.length)));
    isThatOf("rsa", ServerKey.read(pem("rsa.crt.pem", "pkcs1.pem")));
  }

  @Test
  void another_form_is_refused_with_the_way_out() throws Exception {
    String old =
        """
        -----BEGIN RSA PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-256-CBC,00

        AAAA
        -----END RSA PRIVATE KEY-----
        """;
    Files.writeString(file("old.pem"), old);
    assertThatThrownBy(() -> ServerKey.read(pem("rsa.crt.pem", "old.pem")))
        .hasMessageContaining("encrypted in a form that OpenSSL gave up");
    Files.writeString(file("sec1.pem"), Certificates.pem("EC PRIVATE KEY", new byte[] {1}));
    assertThatThrownBy(() -> ServerKey.read(pem("ec.crt.pem", "sec1.pem")))
        .hasMessageContaining("openssl pkcs8 -topk8");
  }

  @Test
  void everything_that_is_wrong_is_told_at_once() throws Exception {
    Files.writeString(file("empty.pem"), "");
    assertThatThrownBy(() -> ServerKey.read(pem("nowhere.pem", "empty.pem")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("2 problems")
        .hasMessageContaining(
            "GATEWAY_TLS_CERTIFICATE_FILE=" + file("nowhere.pem") + ": there is no such file.")
        .hasMessageContaining(
            "GATEWAY_TLS_KEY_FILE="
                + file("empty.pem")
                + ": it can't be used: no private key in PEM is in it.");
  }

  @Test
  void a_key_of_another_certificate_is_refused() {
    assertThatThrownBy(() -> ServerKey.read(pem("ec.crt.pem", "rsa.key.pem")))
        .hasMessageContaining("is not that of the first certificate in " + file("ec.crt.pem"));
    assertThatThrownBy(() -> ServerKey.read(pem("ec.crt.pem", "old.key.pem")))
        .hasMessageContaining("is not that of the first certificate in " + file("ec.crt.pem"));
  }

  @Test
  void a_wrong_password_of_a_key_store_is_told_without_it() {
    assertThatThrownBy(() -> ServerKey.read(store("ec-key.p12", new Secret("wrong-password"))))
        .hasMessageContaining("GATEWAY_TLS_KEYSTORE_FILE=" + file("ec-key.p12"))
        .hasMessageNotContaining("wrong-password");
  }

  @Test
  void one_that_has_expired_is_worth_a_warning() {
    ServerKey old = ServerKey.read(pem("old.crt.pem", "old.key.pem"));
    assertThat(old.warning(Instant.now()).orElseThrow()).contains("has expired, at ");
    ServerKey good = ServerKey.read(pem("ec.crt.pem", "ec.key.pem"));
    assertThat(good.warning(Instant.now())).isEmpty();
    assertThat(good.warning(Instant.now().minusSeconds(86_400)).orElseThrow())
        .contains("does not count before ");
  }

  @Test
  void what_changes_is_seen_by_its_content() throws Exception {
    Files.writeString(file("changing.pem"), "one");
    GatewayTls tls = pem("ec.crt.pem", "changing.pem");
    String first = ServerKey.fingerprint(tls);
    assertThat(ServerKey.fingerprint(tls)).isEqualTo(first);
    Files.writeString(file("changing.pem"), "two");
    assertThat(ServerKey.fingerprint(tls)).isNotEqualTo(first);
    Files.delete(file("changing.pem"));
    assertThat(ServerKey.fingerprint(tls)).isNotEqualTo(first);
  }
}
