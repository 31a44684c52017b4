package io.sparkappliance.spark;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.security.sasl.AuthenticationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenPasswordProviderTest {
  @TempDir Path directory;

  private TokenPasswordProvider provider(String token) throws IOException {
    return new TokenPasswordProvider(
        Files.writeString(directory.resolve("token"), token).toString());
  }

  @Test
  void the_token_opens_whatever_the_user_name() throws IOException {
    TokenPasswordProvider provider = provider("the-token\n");
    assertThatCode(() -> provider.Authenticate("anybody", "the-token")).doesNotThrowAnyException();
    assertThatCode(() -> provider.Authenticate(null, "the-token")).doesNotThrowAnyException();
  }

  @Test
  void everything_else_is_refused() throws IOException {
    TokenPasswordProvider provider = provider("the-token\n");
    for (String wrong : new String[] {"", "the-toke", "the-token ", "THE-TOKEN", null}) {
      assertThatThrownBy(() -> provider.Authenticate("user", wrong))
          .isInstanceOf(AuthenticationException.class)
          .hasMessageNotContaining("the-token");
    }
  }

  @Test
  void nobody_gets_in_where_there_is_no_token() throws IOException {
    TokenPasswordProvider empty = provider("\n");
    assertThatThrownBy(() -> empty.Authenticate("user", ""))
        .isInstanceOf(AuthenticationException.class);
    assertThatThrownBy(() -> new TokenPasswordProvider("").Authenticate("user", ""))
        .isInstanceOf(AuthenticationException.class);
    assertThatThrownBy(
            () ->
                new TokenPasswordProvider(directory.resolve("absent").toString())
                    .Authenticate("user", ""))
        .isInstanceOf(AuthenticationException.class);
  }
}
