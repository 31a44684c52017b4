package io.sparkappliance.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tokens that an OpenID provider signed for one of some audiences. */
final class SignedTokens {
  /** By how much clocks may differ. */
  static final int SKEW_SECONDS = 60;

  /**
   * With a key pair only: whoever verifies by a shared secret could sign as well, and a public key
   * is no secret.
   */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  /** It is none that counts. */
  static final class BadTokenException extends Exception {
    private static final long serialVersionUID = 1L;

    BadTokenException(String why) {
      super(why);
    }
  }

  SignedTokens(OidcProvider provider, Set<String> audiences, InstantSource clock) {
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT,
            // RFC 9068, section 4.
            new JOSEObjectType("at+jwt"),
            new JOSEObjectType("application/at+jwt"),
            null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            ALGORITHMS, (selector, context) -> select(provider, selector)));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            audiences,
            new JWTClaimsSet.Builder().issuer(provider.issuer()).build(),
            Set.of("exp"),
            Set.of()) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    claims.setMaxClockSkew(SKEW_SECONDS);
    processor.setJWTClaimsSetVerifier(claims);
  }

  private static List<JWK> select(OidcProvider provider, JWKSelector selector)
      throws KeySourceException {
    try {
      JWKSet keys = provider.keys();
      List<JWK> fitting = selector.select(keys);
      return fitting.isEmpty() ? selector.select(provider.keysAfter(keys)) : fitting;
    } catch (ProviderException trouble) {
      throw new KeySourceException(trouble.getMessage(), trouble);
    }
  }

  /**
   * The claims of a valid token.
   *
   * @throws BadTokenException when it is not one
   * @throws ProviderException when nobody can tell
   */
  Map<String, Object> claims(String token) throws BadTokenException, ProviderException {
    try {
      return processor.process(token, null).toJSONObject();
    } catch (ParseException notOne) {
      throw new BadTokenException("it is no signed token");
    } catch (BadJOSEException refused) {
      throw new BadTokenException(String.valueOf(refused.getMessage()));
    } catch (KeySourceException unknown) {
      throw new ProviderException("keys of the issuer: " + unknown.getMessage(), unknown);
    } catch (JOSEException unusable) {
      throw new BadTokenException("its signature can't be verified");
    }
  }
}
