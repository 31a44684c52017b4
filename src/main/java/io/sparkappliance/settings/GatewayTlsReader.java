package io.sparkappliance.settings;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** TLS of the gateway, and whether its variables make sense together. */
final class GatewayTlsReader {
  private final Catalogue catalogue;
  private final IdentityReader.Values values;
  private final Problems problems;
  private final List<String> warnings;

  GatewayTlsReader(
      Catalogue catalogue, IdentityReader.Values values, Problems problems, List<String> warnings) {
    this.catalogue = catalogue;
    this.values = values;
    this.problems = problems;
    this.warnings = warnings;
  }

  /** What they say; empty: without TLS, or with a problem. */
  Optional<GatewayTls> read() {
    Catalogue c = catalogue;
    Optional<Path> certificate = values.get(c.gatewayTlsCertificate);
    Optional<Path> key = values.get(c.gatewayTlsKey);
    Optional<Path> keyStore = values.get(c.gatewayTlsKeyStore);
    boolean pem = values.isGiven(c.gatewayTlsCertificate) || values.isGiven(c.gatewayTlsKey);
    if (pem && values.isGiven(c.gatewayTlsKeyStore)) {
      problems.add(
          Stream.of(c.gatewayTlsCertificate, c.gatewayTlsKey, c.gatewayTlsKeyStore)
              .filter(values::isGiven)
              .map(Variable::name)
              .collect(Collectors.joining(" and ")),
          "",
          "must not be set together: each tells which certificate the gateway has",
          "Keep the key store, or the certificate and its key.");
      return Optional.empty();
    }
    needs(c.gatewayTlsCertificate, c.gatewayTlsKey, "a certificate is of no use without its key");
    needs(c.gatewayTlsKey, c.gatewayTlsCertificate, "a key is of no use without its certificate");
    if (!pem && !values.isGiven(c.gatewayTlsKeyStore)) {
      Stream.of(c.gatewayTlsPassword, c.gatewayTlsHsts)
          .filter(values::isGiven)
          .forEach(
              variable ->
                  warnings.add(
                      variable.name()
                          + " is not used: the gateway has TLS only where "
                          + c.gatewayTlsCertificate.name()
                          + " or "
                          + c.gatewayTlsKeyStore.name()
                          + " is set."));
      return Optional.empty();
    }
    boolean hsts = values.require(c.gatewayTlsHsts);
    Optional<Secret> password = values.get(c.gatewayTlsPassword);
    return keyStore
        .map(file -> new GatewayTls(file, Optional.empty(), password, hsts))
        .or(
            () ->
                certificate
                    .filter(any -> key.isPresent())
                    .map(file -> new GatewayTls(file, key, password, hsts)));
  }

  private void needs(Variable<Path> given, Variable<Path> missing, String why) {
    if (values.isGiven(given) && !values.isGiven(missing)) {
      problems.add(
          given.name(),
          values.get(given).map(Path::toString).orElse(""),
          why,
          "Set " + missing.name() + ", too.");
    }
  }
}
