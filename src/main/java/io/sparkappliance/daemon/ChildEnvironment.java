package io.sparkappliance.daemon;

import io.sparkappliance.sparkconf.NodeConfiguration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The environment that daemons get: an allow-list of this process's, and what Spark reads. SQL can
 * read its driver's environment, so no secret is in it.
 */
final class ChildEnvironment {
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
          "AWS_EC2_METADATA_SERVICE_ENDPOINT",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
          "AWS_ENDPOINT_URL",
          "AWS_ENDPOINT_URL_S3",
          "AWS_ENDPOINT_URL_STS");

  /** A proxy's address may carry a password. */
  private static final Set<String> ALLOWED_WITHOUT_LOGIN =
      Set.of("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy");

  private ChildEnvironment() {}

  static Map<String, String> of(Map<String, String> own, NodeConfiguration node) {
    Map<String, String> environment = new TreeMap<>();
    own.forEach(
        (name, value) -> {
          boolean harmlessProxy = ALLOWED_WITHOUT_LOGIN.contains(name) && !value.contains("@");
          if (ALLOWED.contains(name) || harmlessProxy) {
            environment.put(name, value);
          }
        });
    environment.putAll(node.environment());
    // Spark's scripts set it; a worker that was started without them can't build executors'
    // commands.
    environment.put("SPARK_SCALA_VERSION", "2.13");
    return environment;
  }
}
