package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.auth.Principal;
import io.sparkappliance.auth.Signer;
import io.sparkappliance.gateway.PagePasses.Pass;
import io.sparkappliance.gateway.SparkPage.Kind;
import io.sparkappliance.settings.UserRole;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PagePassesTest {
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
  private static final Principal ANN = new Principal("ann / zoë", UserRole.USER);
  private static final SparkPage PAGE = SparkPage.of(Kind.APPLICATION, "app-20260131120000-0001");

  private static PagePasses at(Instant now, String key) {
    return new PagePasses(Signer.of(key), () -> now);
  }

  @Test
  void a_pass_is_known_again_with_whose_it_is() {
    Pass pass = at(NOON, "key").issue(PAGE, ANN);
    assertThat(pass.text()).matches("[A-Za-z0-9._-]+");
    assertThat(at(NOON, "key").read(pass.text())).contains(pass);
    assertThat(at(NOON, "another-key").read(pass.text())).isEmpty();
    assertThat(at(NOON, "key").read(pass.text() + "x")).isEmpty();
  }

  @Test
  void it_ends_after_an_hour_or_a_little_more() {
    Pass pass = at(NOON, "key").issue(PAGE, ANN);
    assertThat(at(NOON.plusSeconds(3600), "key").hasEnded(pass)).isFalse();
    assertThat(at(NOON.plusSeconds(4200), "key").hasEnded(pass)).isTrue();
  }

  @Test
  void addresses_stay_the_same_for_a_while() {
    assertThat(at(NOON, "key").issue(PAGE, ANN))
        .isEqualTo(at(NOON.plusSeconds(599), "key").issue(PAGE, ANN));
  }
}
