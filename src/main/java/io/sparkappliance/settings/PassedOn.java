package io.sparkappliance.settings;

import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the processes that the appliance starts may know of its own environment: an allow-list. SQL
 * and programs can read their driver's environment, so no secret is in it.
 */
public final class PassedOn {
  /**
   * What programs need of the machine, where AWS's SDK finds the instance's role, and the way out.
   * Access keys are not among them: a role needs none.
   */
  private static final Set<String> ALLOWED =
      Set.of(
          "PATH",
          "HOME",
          "USER",
          "LANG",
          "LC_ALL",
          "TZ",
          "TMPDIR",
          "JAVA_HOME",
          "LD_LIBRARY_PATH",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "NO_PROXY",
          "no_proxy",
          "AWS_REGION",
          "AWS_DEFAULT_REGION",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_ROLE_ARN",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_EC2_METADATA_DISABLED",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
          "AWS_ENDPOINT_URL",
          "AWS_ENDPOINT_URL_S3",
          "AWS_ENDPOINT_URL_STS");

  /** A proxy's address may carry a password. */
  private static final Set<String> ALLOWED_WITHOUT_LOGIN =
      Set.of("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy");

  private PassedOn() {}

  /** Their names, in alphabetical order. */
  static SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>(ALLOWED);
    names.addAll(ALLOWED_WITHOUT_LOGIN);
    return names;
  }

  /** The part of an environment that is passed on, as a map of its own. */
  public static Map<String, String> of(Map<String, String> environment) {
    Map<String, String> passedOn = new TreeMap<>();
    environment.forEach(
        (name, value) -> {
          boolean harmlessProxy = ALLOWED_WITHOUT_LOGIN.contains(name) && !value.contains("@");
          if (ALLOWED.contains(name) || harmlessProxy) {
            passedOn.put(name, value);
          }
        });
    return passedOn;
  }
}
