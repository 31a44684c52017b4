package io.sparkappliance;

/** Texts for people who did not say what they want. */
final class HelpTexts {
  private static final String NO_ROLE =
      """
      No role is asked for, so there is nothing to start. Switch roles on by variables:

        a single node with SQL by REST, JDBC and Spark Connect
          docker run -p 127.0.0.1:8000:8000 -p 127.0.0.1:10000:10000 -p 127.0.0.1:15002:15002 \\
            -e START_MASTER=true -e START_WORKER=true -e START_THRIFTSERVER=true \\
            -e START_CONNECT=true -e START_WEBAPP=true IMAGE

        a master, for workers on other machines
          docker run --network host -e START_MASTER=true -e CLUSTER_SIZE=3 \\
            -e SPARK_RPC_AUTHENTICATION_SECRET=one-secret-for-all IMAGE

        a worker for that master
          docker run --network host -e START_WORKER=true \\
            -e MASTER_STACK_NAME=spark://MASTER:7077 \\
            -e SPARK_RPC_AUTHENTICATION_SECRET=one-secret-for-all IMAGE

      Roles: START_MASTER, START_WORKER, START_THRIFTSERVER, START_CONNECT, START_HISTORYSERVER,
      START_WEBAPP (the REST gateway), START_NOTEBOOK, START_ZOOKEEPER. Every variable: `docker run --rm IMAGE environment`.""";

  /** Below the options of the command {@code token}. */
  static final String TOKEN =
      """

      Needs OIDC_ISSUER and OAUTH2_CLIENT_ID as the gateway has them, and
      OAUTH2_CLIENT_SECRET where the client has one; SIGN_IN_SCOPES, OAUTH2_SCOPE,
      TOKEN_URL and HTTPS_PROXY count, too. The client must be allowed the device
      authorization grant (RFC 8628) at the provider.

      Standard output gets the token alone; where to sign in is told on standard
      error. Nothing is kept: when the token has expired, run the command again.

        TOKEN=$(docker run --rm -i -e OAUTH2_CLIENT_ID=spark \\
          -e OIDC_ISSUER=https://id.example.org/realms/work IMAGE token)
        curl -H "Authorization: Bearer $TOKEN" https://GATEWAY/api/v1/me

      Exit codes: 0 with a token, 1 without one, 78 wrong configuration.""";

  private HelpTexts() {}

  /**
   * Shown when a node is started without any role.
   *
   * @param version of the appliance, as in the image's tag
   */
  static String noRole(String version) {
    return NO_ROLE.replace("IMAGE", "spark-appliance:" + version);
  }
}
