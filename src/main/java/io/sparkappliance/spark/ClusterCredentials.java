package io.sparkappliance.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;

/** Keeps the cluster secret where Spark's {@code SecurityManager} looks first. */
final class ClusterCredentials {
  /** {@code SecurityManager.SECRET_LOOKUP_KEY} of Spark. */
  private static final Text SECRET_LOOKUP_KEY = new Text("sparkCookie");

  private ClusterCredentials() {}

  static void keep(String secret) {
    Credentials credentials = new Credentials();
    credentials.addSecretKey(SECRET_LOOKUP_KEY, secret.getBytes(StandardCharsets.UTF_8));
    try {
      // An executor runs as the application's user; its network threads as the process's own.
      UserGroupInformation.getCurrentUser().addCredentials(credentials);
      UserGroupInformation.getLoginUser().addCredentials(credentials);
    } catch (IOException unknownUser) {
      throw new UncheckedIOException("the user of this process is not known", unknownUser);
    }
  }
}
