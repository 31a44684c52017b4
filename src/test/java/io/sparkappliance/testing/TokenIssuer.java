package io.sparkappliance.testing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;

/** An OpenID issuer whose keys change when a test says so, and which signs whatever it is given. */
public final class TokenIssuer implements AutoCloseable {
  private static final String KEYS = "/keys";

  private final FakeProvider server = new FakeProvider();

  /** Starts on a free port, without keys. */
  public TokenIssuer() throws IOException {
    server.answer(
        "/.well-known/openid-configuration",
        200,
        "{\"issuer\": \"%s\", \"jwks_uri\": \"%s\", \"authorization_endpoint\": \"%s\", \"token_endpoint\": \"%s\"}"
            .formatted(issuer(), server.url(KEYS), server.url("/authorize"), server.url("/token")));
    publish();
  }

  /** The server behind it. */
  public FakeProvider server() {
    return server;
  }

  /** Its name. */
  public String issuer() {
    return server.url("");
  }

  /** From now on these are its keys, and no others. */
  public void publish(JWK... keys) {
    server.answer(KEYS, 200, new JWKSet(List.of(keys)).toString());
  }

  /** How often somebody asked for its keys. */
  public long keysAsked() {
    return server.asked(KEYS);
  }

  /** A new key pair. */
  public static RSAKey rsa(String id) throws JOSEException {
    return new RSAKeyGenerator(2048).keyID(id).generate();
  }

  /** A new key pair. */
  public static ECKey ec(String id) throws JOSEException {
    return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
  }

  /** What a usual token says. */
  public JWTClaimsSet.Builder claims(Instant now) {
    return new JWTClaimsSet.Builder()
        .issuer(issuer())
        .subject("ann")
        .audience("spark")
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plus(Duration.ofMinutes(5))));
  }

  /** Signed with a key pair. */
  public static String signed(JWSAlgorithm algorithm, JWK key, JWTClaimsSet claims)
      throws JOSEException {
    return signed(algorithm, key, claims, JOSEObjectType.JWT);
  }

  /** Signed with a key pair, of some type. */
  public static String signed(
      JWSAlgorithm algorithm, JWK key, JWTClaimsSet claims, JOSEObjectType type)
      throws JOSEException {
    JWSSigner signer =
        key instanceof ECKey ec ? new ECDSASigner(ec) : new RSASSASigner(key.toRSAKey());
    return sign(
        new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).type(type).build(), signer, claims);
  }

  /** Signed with a secret that everybody knows. */
  public static String signedWithSecret(byte[] secret, String keyId, JWTClaimsSet claims)
      throws JOSEException {
    return sign(
        new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(keyId).build(),
        new MACSigner(secret),
        claims);
  }

  /** Not signed. */
  public static String unsigned(JWTClaimsSet claims) {
    return new PlainJWT(claims).serialize();
  }

  private static String sign(JWSHeader header, JWSSigner signer, JWTClaimsSet claims)
      throws JOSEException {
    SignedJWT token = new SignedJWT(header, claims);
    token.sign(signer);
    return token.serialize();
  }

  @Override
  public void close() {
    server.close();
  }
}
