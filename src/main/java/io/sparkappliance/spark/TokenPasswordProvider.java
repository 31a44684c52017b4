package io.sparkappliance.spark;

import io.sparkappliance.auth.SecretFile;
import io.sparkappliance.auth.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/**
 * Lets a JDBC client in whose password is the API token; any user name will do.
 *
 * <p>The thrift server makes one for each login, by {@code
 * hive.server2.custom.authentication.class}. The token is read each time, so that a new one is in
 * force without a restart. Where no token can be read nobody gets in.
 */
public final class TokenPasswordProvider implements PasswdAuthenticationProvider {
  /** Spark setting that names the file with the token. */
  public static final String TOKEN_FILE = "spark.sparkappliance.tokenFile";

  private final String tokenFile;

  /** Takes the file's name from the driver's Spark settings. */
  public TokenPasswordProvider() {
    // spark-submit hands every spark.* setting to the driver as a system property.
    this(System.getProperty(TOKEN_FILE, ""));
  }

  TokenPasswordProvider(String tokenFile) {
    this.tokenFile = tokenFile;
  }

  @Override
  public void Authenticate(String user, String password) throws AuthenticationException {
    if (tokenFile.isEmpty()) {
      throw new AuthenticationException("no token is configured: " + TOKEN_FILE + " is not set");
    }
    if (password == null || !Tokens.same(expected(), password)) {
      throw new AuthenticationException("wrong password: it must be the API token");
    }
  }

  private String expected() throws AuthenticationException {
    Optional<String> token;
    try {
      token = new SecretFile(Path.of(tokenFile)).read();
    } catch (IOException unreadable) {
      throw new AuthenticationException("the token file can't be read: " + tokenFile, unreadable);
    }
    return token.orElseThrow(() -> new AuthenticationException("no token in " + tokenFile));
  }
}
