package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code docker run IMAGE token}: people sign in, their shell has the token. */
@ExtendWith(LabExtension.class)
final class TokenIT {
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  @Test
  void theShellGetsTheTokenAndPeopleTheCode() {
    String network = Lab.network("issuer");
    Container issuer =
        Container.of(Lab.SLIM)
            .network(network, "issuer")
            .mount(Path.of("src/test/image/cloud/issuer.py"), "/issuer.py")
            .option("--entrypoint", "python3")
            .command("/issuer.py", "issuer")
            .start("issuer");
    await("the issuer")
        .atMost(DEADLINE)
        .failFast(() -> !issuer.running())
        .until(() -> issuer.logs().contains("serves"));
    Docker.Output output =
        Container.of(Lab.SLIM)
            .network(network, "laptop")
            .env("OIDC_ISSUER", "http://issuer:8080")
            .env("OAUTH2_CLIENT_ID", "spark")
            .command("token")
            .runToEnd(DEADLINE);
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).isEqualTo("the.access-token\n");
    assertThat(output.err())
        .contains("\n  http://issuer:8080/activate\n", "\n  WDJB-MJHT\n")
        .doesNotContain("hidden-code", "the.access-token");
  }

  @Test
  void withoutAnIssuerItSaysWhatIsMissing() {
    Docker.Output output = Container.of(Lab.SLIM).command("token").runToEnd(DEADLINE);
    assertThat(output.exitCode()).as(output.all()).isEqualTo(78);
    assertThat(output.all()).contains("2 problems", "OIDC_ISSUER: ", "OAUTH2_CLIENT_ID: ");
    assertThat(output.out()).isEmpty();
  }
}
