package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Settings.Identity;
import io.sparkappliance.settings.Settings.SignIn;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IdentityTest {
  private static SettingsReader.Result read(String... variables) {
    Map<String, String> environment =
        Stream.of(variables)
            .map(variable -> variable.split("=", 2))
            .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    return SettingsReader.readForClient(environment, Files::readString);
  }

  private static Identity identity(String... variables) {
    return read(variables).settings().identity();
  }

  @Test
  void without_a_provider_there_is_none_whatever_scope_a_stack_sets() {
    Identity identity = identity("OAUTH2_SCOPE=uid");
    assertThat(identity.provider()).isEmpty();
    assertThat(identity.signIn()).isEmpty();
  }

  @Test
  void tokeninfo_asks_for_the_scope_uid_and_everybody_may_submit() {
    Identity identity = identity("TOKENINFO_URL=https://id.example.org/tokeninfo?x=1");
    assertThat(identity.provider())
        .contains(
            new Settings.TokenInfo(
                URI.create("https://id.example.org/tokeninfo?x=1"), Settings.TokenIn.HEADER));
    assertThat(identity.scopes()).containsExactly("uid");
    assertThat(identity.userClaim()).isEqualTo("uid");
    assertThat(identity.roles())
        .isEqualTo(
            new Settings.Roles(
                Optional.empty(),
                Set.of("admin"),
                Set.of("user"),
                Set.of("reader"),
                Optional.of(UserRole.USER)));
  }

  @Test
  void a_stack_of_2016_that_names_an_authorisation_endpoint_starts_and_is_told() {
    SettingsReader.Result read =
        read(
            "TOKENINFO_URL=https://id.example.org/tokeninfo",
            "AUTH_URL=https://id.example.org/authorize",
            "OAUTH2_SCOPE=uid read");
    assertThat(read.settings().identity().scopes()).containsExactly("uid", "read");
    assertThat(read.settings().identity().signIn()).isEmpty();
    assertThat(read.warnings())
        .containsExactly(
            "AUTH_URL is not used: browsers can sign in only where OAUTH2_CLIENT_ID is set, too.");
  }

  @Test
  void the_client_is_the_audience_where_no_other_is_named() {
    Identity identity = identity("OIDC_ISSUER=https://id.example.org/", "OIDC_CLIENT_ID=spark");
    assertThat(identity.provider()).contains(new Settings.Oidc("https://id.example.org/"));
    assertThat(identity.audiences()).containsExactly("spark");
    assertThat(identity.scopes()).isEmpty();
    assertThat(identity.userClaim()).isEqualTo("sub");
    assertThat(identity.signIn())
        .contains(
            new SignIn(
                "spark",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of("openid"),
                Duration.ofHours(8)));
  }

  @Test
  void a_claim_of_roles_leaves_others_out_unless_told_otherwise() {
    String[] some = {
      "INTROSPECTION_URL=https://id.example.org/introspect",
      "INTROSPECTION_CLIENT_ID=gateway",
      "INTROSPECTION_CLIENT_SECRET=hush",
      "ROLES_CLAIM=realm_access.roles",
      "ROLES_ADMIN=/ops, /root"
    };
    Identity identity = identity(some);
    assertThat(identity.roles().admin()).containsExactlyInAnyOrder("/ops", "/root");
    assertThat(identity.roles().otherwise()).isEmpty();
    assertThat(identity.toString()).doesNotContain("hush");
    String[] more =
        Stream.concat(Stream.of(some), Stream.of("ROLES_DEFAULT=reader")).toArray(String[]::new);
    assertThat(identity(more).roles().otherwise()).contains(UserRole.READER);
  }

  @Test
  void plain_http_is_warned_of() {
    assertThat(read("TOKENINFO_URL=http://id.example.org/tokeninfo").warnings())
        .containsExactly(
            "TOKENINFO_URL is no https: address: whoever is on the way can read tokens and make"
                + " answers up.");
  }
}
