package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user reads when the environment can't be used: every message in full. */
class BadEnvironmentTest {
  private static final String SINGLE = "START_MASTER=true START_WORKER=true";

  static Stream<Arguments> mistakes() {
    return Stream.of(
        mistake(
            "START_MASTER=ja",
            """
            START_MASTER=ja: must be true, 1, yes or on; or false, 0, no, off or empty (any letter case).
               Write, for example, START_MASTER=true, or leave it out.\
            """),
        mistake(
            SINGLE + " START_WORKERS=true",
            """
            START_WORKERS=true: no variable of this name is known; did you mean START_WORKER?
               Rename it, or remove it.\
            """),
        mistake(
            SINGLE + " START_GATEWAY=true",
            """
            START_GATEWAY=true: no variable of this name is known; did you mean START_WEBAPP?
               Rename it, or remove it.\
            """),
        mistake(
            SINGLE + " START_HADOOP=true",
            """
            START_HADOOP=true: no role of this name is known.
               The roles are START_ZOOKEEPER, START_MASTER, START_WORKER, START_THRIFTSERVER, START_CONNECT, START_HISTORYSERVER, START_WEBAPP, START_NOTEBOOK.\
            """),
        mistake(
            SINGLE + " API_TOKN=very-secret-1",
            """
            API_TOKN=******: no variable of this name is known; did you mean API_TOKEN?
               Rename it, or remove it.\
            """),
        mistake(
            SINGLE + " API_TOKENS=very-secret-1",
            """
            API_TOKENS=******: no variable of this name is known; did you mean API_TOKEN?
               Rename it, or remove it.\
            """),
        mistake(
            SINGLE + " SPARK_MODE=masters",
            """
            SPARK_MODE=masters: must be one of connect, gateway, historyserver, master, notebook, thriftserver, webapp, worker.
               Write, for example, SPARK_MODE=master, or leave it out.\
            """),
        mistake(
            SINGLE + " ZOOKEEPER_CONNECT=zk1:2181//",
            """
            ZOOKEEPER_CONNECT=zk1:2181//: must be host[:port][,host[:port]…][/path], or, on AWS, the name of a stack.
               Write, for example, ZOOKEEPER_STACK_NAME=zk1:2181,zk2:2181,zk3:2181, or leave it out.\
            """),
        mistake(
            SINGLE + " ZOOKEEPER_AUTH=without-a-colon",
            """
            ZOOKEEPER_AUTH=******: must be name:password, printable ASCII characters without spaces, 8 or more after the colon.
               Write, for example, ZOOKEEPER_AUTH=spark:$(openssl rand -hex 16), or leave it out.\
            """),
        mistake(
            SINGLE + " ZOOKEEPER_AUTHS=spark:hidden EXT_CONFS=https://me:hidden@host/x",
            """
            EXT_CONFS=https://******@host/x: no variable of this name is known; did you mean EXT_CONF?
               Rename it, or remove it.\
            """,
            """
            ZOOKEEPER_AUTHS=******: no variable of this name is known; did you mean ZOOKEEPER_AUTH?
               Rename it, or remove it.\
            """),
        mistake(
            SINGLE + " DRAIN_ON=spot,reboot",
            """
            DRAIN_ON=spot,reboot: must be a comma-separated list of spot, rebalance and lifecycle; or none.
               Write, for example, DRAIN_ON=spot,lifecycle, or leave it out.\
            """),
        mistake(
            SINGLE + " DRAIN_ON=none LIFECYCLE_HOOK=drain",
            """
            LIFECYCLE_HOOK=drain: belongs to notices that DRAIN_ON leaves out.
               Add lifecycle to DRAIN_ON, or leave the hook to whoever completes it.\
            """),
        mistake(
            SINGLE + " LIFECYCLE_HOOK=arn:aws:x",
            """
            LIFECYCLE_HOOK=arn:aws:x: must be the name of a lifecycle hook: letters, digits, dashes, underscores and slashes.
               Write, for example, LIFECYCLE_HOOK=drain, or leave it out.\
            """),
        mistake(
            SINGLE + " EVENT_LOG_DIR=https://host/events",
            """
            EVENT_LOG_DIR=https://host/events: must be an absolute path or a file:, s3:, s3a: or hdfs: URI.
               Write, for example, EVENT_LOG_DIR=s3://bucket/events, or leave it out.\
            """),
        mistake(
            SINGLE + " DEFAULT_CORES=2 SPARK_CONF_spark_deploy_defaultCores=4",
            """
            SPARK_CONF_spark_deploy_defaultCores=4: another variable gives spark.deploy.defaultCores the value 2.
               Set one of them.\
            """),
        mistake(
            SINGLE + " ZOOKEEPER_TLS_TRUSTSTORE_FILE=/run/secrets/ca.crt",
            """
            ZOOKEEPER_TLS_TRUSTSTORE_FILE=/run/secrets/ca.crt: must be an absolute path of a .pem, .p12 or .jks file.
               Write, for example, ZOOKEEPER_TLS_TRUSTSTORE_FILE=/run/secrets/node.p12, or leave it out.\
            """),
        mistake(
            "START_ZOOKEEPER=true ZOOKEEPER_TLS_ENABLED=true ZOOKEEPER_SERVERS=a,b,c"
                + " ZOOKEEPER_TLS_KEYSTORE_FILE=/run/secrets/node.pem",
            """
            ZOOKEEPER_TLS_ENABLED=true: a server that asks others for certificates needs to know whose it trusts.
               Set ZOOKEEPER_TLS_TRUSTSTORE_FILE: without it, any public authority's would do.\
            """),
        mistake(
            "START_ZOOKEEPER=true ZOOKEEPER_TLS_ENABLED=true",
            """
            ZOOKEEPER_TLS_ENABLED=true: a server needs a key and a certificate.
               Set ZOOKEEPER_TLS_KEYSTORE_FILE, and its password if it has one.\
            """),
        mistake(
            "START_ZOOKEEPER=true ZOOKEEPER_SERVERS=zk1,zk2 ZOOKEEPER_ID=3",
            """
            ZOOKEEPER_SERVERS=zk1,zk2: an even number of servers survives no more than one fewer does.
               Name one, three or five hosts.\
            """,
            """
            ZOOKEEPER_ID=3: must be a place in ZOOKEEPER_SERVERS, which names 2 hosts.
               Give the place of this host in that list, from 1, or leave it out.\
            """),
        mistake(
            SINGLE + " AUTH_URL=https://id.example.org/authorize",
            """
            AUTH_URL=https://id.example.org/authorize: means something only where an identity provider is named.
               Set TOKENINFO_URL, OIDC_ISSUER or INTROSPECTION_URL, too, or leave it out.\
            """),
        mistake(
            SINGLE + " TRUSTED_PROXIES=10.0.0.0/8,balancer",
            """
            TRUSTED_PROXIES=10.0.0.0/8,balancer: must be a comma-separated list of IP addresses or networks (CIDR).
               Write, for example, TRUSTED_PROXIES=10.0.0.0/16,fd00::/8, or leave it out.\
            """),
        mistake(
            SINGLE + " WEBHOOK_HOSTS=https://hooks.example.org",
            """
            WEBHOOK_HOSTS=https://hooks.example.org: must be a comma-separated list of hosts, host:port or *.domain, without a scheme.
               Write, for example, WEBHOOK_HOSTS=hooks.example.org,*.chat.example.org,10.0.0.7:8443, or leave it out.\
            """),
        mistake(
            SINGLE + " WEBHOOK_SECRET=whsec_short",
            """
            WEBHOOK_SECRET=******: must be one line of at least 16 characters, or whsec_ and at least 16 bytes in base64.
               Write, for example, WEBHOOK_SECRET=whsec_$(openssl rand -base64 32), or leave it out.\
            """),
        mistake(
            SINGLE + " SUBMIT_ENVIRONMENT=APP_*,LD_*",
            """
            SUBMIT_ENVIRONMENT=APP_*,LD_*: must be a comma-separated list of names of variables, * for any characters, \
            none of them a variable of the node, Java, Python, Spark, Hadoop or AWS.
               Write, for example, SUBMIT_ENVIRONMENT=APP_*,STAGE, or leave it out.\
            """),
        mistake(
            SINGLE + " ROLES_CLAIM=groups",
            """
            ROLES_CLAIM=groups: means something only where an identity provider is named.
               Set TOKENINFO_URL, OIDC_ISSUER or INTROSPECTION_URL, too, or leave it out.\
            """),
        mistake(
            SINGLE + " TOKENINFO_URL=id.example.org/tokeninfo",
            """
            TOKENINFO_URL=id.example.org/tokeninfo: must be an https: (or http:) URL without user, password and fragment.
               Write, for example, TOKENINFO_URL=https://id.example.org/path, or leave it out.\
            """),
        mistake(
            SINGLE + " TOKENINFO_URL=https://me:hidden@id.example.org/tokeninfo",
            """
            TOKENINFO_URL=https://******@id.example.org/tokeninfo: must be an https: (or http:) URL without user, password and fragment.
               Write, for example, TOKENINFO_URL=https://id.example.org/path, or leave it out.\
            """),
        mistake(
            SINGLE
                + " TOKENINFO_URL=https://id.example.org/tokeninfo"
                + " OIDC_ISSUER=https://id.example.org OIDC_AUDIENCE=spark",
            """
            TOKENINFO_URL and OIDC_ISSUER: must not be set together: one provider tells who has a token.
               Keep one of them.\
            """),
        mistake(
            SINGLE + " OIDC_ISSUER=https://id.example.org",
            """
            OIDC_ISSUER=https://id.example.org: needs the audience of tokens that are meant for this gateway.
               Set OAUTH2_AUDIENCE, or OAUTH2_CLIENT_ID, which is taken for it.\
            """),
        mistake(
            SINGLE
                + " INTROSPECTION_URL=https://id.example.org/introspect INTROSPECTION_CLIENT_ID=x",
            """
            INTROSPECTION_URL=https://id.example.org/introspect: needs a login: no such endpoint answers strangers (RFC 7662).
               Set INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET (or INTROSPECTION_CLIENT_SECRET_FILE).\
            """),
        mistake(
            SINGLE + " TOKENINFO_URL=https://id.example.org/tokeninfo OAUTH2_CLIENT_ID=spark",
            """
            OAUTH2_CLIENT_ID=spark: needs the addresses at which people sign in and codes are exchanged.
               Set AUTH_URL and TOKEN_URL, or leave it out.\
            """),
        mistake(
            SINGLE + " TOKENINFO_URL=https://id.example.org/tokeninfo API_AUTH=none",
            """
            API_AUTH=none: contradicts TOKENINFO_URL, with which every call asks for a token.
               Leave one of them out.\
            """),
        mistake(
            SINGLE
                + " TOKENINFO_URL=https://id.example.org/tokeninfo TOKENINFO_TOKEN_IN=both"
                + " ROLES_ADMIN=root SIGN_IN_LIFETIME=long",
            """
            TOKENINFO_TOKEN_IN=both: must be header or query.
               Write, for example, TOKENINFO_TOKEN_IN=query, or leave it out.\
            """,
            """
            ROLES_ADMIN=root: needs the claim in which such values are.
               Set ROLES_CLAIM, or leave it out.\
            """,
            """
            SIGN_IN_LIFETIME=long: must be a duration of at least 1s: a whole number with s, m, h or d (none: seconds).
               Write, for example, SIGN_IN_LIFETIME=60s, or leave it out.\
            """),
        mistake(
            "START_WORKER=true MASTER_STACK_NAME=my_masters",
            """
            MASTER_STACK_NAME=my_masters: must be spark://host[:port][,host[:port]…], or, on AWS, the name of a stack.
               Write, for example, MASTER_STACK_NAME=spark://node1:7077, or leave it out.\
            """,
            """
            START_WORKER=true: needs a master, and none is known.
               Set START_MASTER=true to run one here, or MASTER_STACK_NAME=spark://host:7077 (on AWS also a stack's name) to use another node's.\
            """),
        mistake(
            "START_NOTEBOOK=true",
            """
            START_NOTEBOOK=true: needs a master, and none is known.
               Set START_MASTER=true to run one here, or MASTER_STACK_NAME=spark://host:7077 (on AWS also a stack's name) to use another node's.\
            """),
        mistake(
            "START_WORKER=true SPARK_MASTER_URL=spark://node:99999",
            """
            SPARK_MASTER_URL=spark://node:99999: must be spark://host[:port][,host[:port]…], or, on AWS, the name of a stack.
               Write, for example, MASTER_STACK_NAME=spark://node1:7077, or leave it out.\
            """,
            """
            START_WORKER=true: needs a master, and none is known.
               Set START_MASTER=true to run one here, or MASTER_STACK_NAME=spark://host:7077 (on AWS also a stack's name) to use another node's.\
            """),
        mistake(
            "START_MASTER=true MASTER_STACK_NAME=spark://a,b:7078",
            """
            MASTER_STACK_NAME=spark://a:7077,b:7078: several masters need ZooKeeper, which elects one of them.
               Set ZOOKEEPER_STACK_NAME=host:port[,host:port…], or name one master, or none: the one on this node is then used.\
            """),
        mistake(
            "START_WORKER=true MASTER_STACK_NAME=spark://a:7077 SPARK_MASTER_URL=spark://b:7077",
            """
            MASTER_STACK_NAME and SPARK_MASTER_URL: must not say different things: they mean the same setting.
               Keep MASTER_STACK_NAME and leave the other out.\
            """),
        mistake(
            SINGLE + " CLUSTER_SIZE=0",
            """
            CLUSTER_SIZE=0: must be a whole number from 1 to 10000.
               Write, for example, CLUSTER_SIZE=2, or leave it out.\
            """),
        mistake(
            SINGLE + " EXECUTOR_MEMORY=lots",
            """
            EXECUTOR_MEMORY=lots: must be a memory size of at least 1m: a whole number with k, m, g or t (none: MiB).
               Write, for example, EXECUTOR_MEMORY=2g, or leave it out.\
            """),
        mistake(
            SINGLE + " DRIVER_MEMORY=-1g",
            """
            DRIVER_MEMORY=-1g: must be a memory size of at least 1m: a whole number with k, m, g or t (none: MiB).
               Write, for example, DRIVER_MEMORY=2g, or leave it out.\
            """),
        mistake(
            SINGLE + " SPARK_WORKER_CORES=two",
            """
            SPARK_WORKER_CORES=two: must be a whole number from 1 to 4096.
               Write, for example, SPARK_WORKER_CORES=2, or leave it out.\
            """),
        mistake(
            SINGLE + " SPARK_MASTER_PORT=70777",
            """
            SPARK_MASTER_PORT=70777: must be a port number from 1 to 65535.
               Write, for example, SPARK_MASTER_PORT=8080, or leave it out.\
            """),
        mistake(
            SINGLE + " SPARK_WORKER_WEBUI_PORT=8080",
            """
            SPARK_WORKER_WEBUI_PORT=8080: is also the port of SPARK_MASTER_WEBUI_PORT.
               Give one of the two another port.\
            """),
        mistake(
            SINGLE + " HIVE_SITE_XML=hive-site.xml",
            """
            HIVE_SITE_XML=hive-site.xml: must be an absolute path or a file:, http:, https: or s3: URI.
               Write, for example, HIVE_SITE_XML=s3://bucket/path/file, or leave it out.\
            """),
        mistake(
            SINGLE + " EXT_JARS=/a.jar,b.jar",
            """
            EXT_JARS=/a.jar,b.jar: must be a comma-separated list of absolute paths or file:, http:, https: or s3: URIs.
               Write, for example, EXT_JARS=/jars/udf.jar,s3://bucket/driver.jar, or leave it out.\
            """),
        mistake(
            SINGLE + " PYTHON_LIBS=requests,--index-url=http://evil",
            """
            PYTHON_LIBS=requests,--index-url=http://evil: must be a comma-separated list of pip requirements, none of which begins with a dash, and of locations of files with such (.txt).
               Write, for example, PYTHON_LIBS=requests,pandas==2.2.3,s3://bucket/requirements.txt, or leave it out.\
            """),
        mistake(
            SINGLE + " PYTHON_LIBS=s3://bucket/package.whl INIT_SCRIPTS=/a.sh,s3://bucket/b.py",
            """
            PYTHON_LIBS=s3://bucket/package.whl: must be a comma-separated list of pip requirements, none of which begins with a dash, and of locations of files with such (.txt).
               Write, for example, PYTHON_LIBS=requests,pandas==2.2.3,s3://bucket/requirements.txt, or leave it out.\
            """,
            """
            INIT_SCRIPTS=/a.sh,s3://bucket/b.py: must be a comma-separated list of absolute paths or file:, https: or s3: URIs of *.sh files.
               Write, for example, INIT_SCRIPTS=s3://bucket/install-certificates.sh, or leave it out.\
            """),
        mistake(
            SINGLE + " API_TOKEN=ssm: NOTEBOOK_TOKEN=secretsmanager:a#b#very-secret-1",
            """
            API_TOKEN=******: it begins like the reference to a secret, and goes on like none.
               Write ssm:/name, secretsmanager:name or secretsmanager:name#field. A secret that begins so itself is given by API_TOKEN_FILE.\
            """,
            """
            NOTEBOOK_TOKEN=******: it begins like the reference to a secret, and goes on like none.
               Write ssm:/name, secretsmanager:name or secretsmanager:name#field. A secret that begins so itself is given by NOTEBOOK_TOKEN_FILE.\
            """),
        mistake(
            SINGLE + " API_AUTH=open",
            """
            API_AUTH=open: must be token or none.
               Write, for example, API_AUTH=token, or leave it out.\
            """),
        mistake(
            SINGLE + " API_TOKEN=short",
            """
            API_TOKEN=******: must be at least 8 printable ASCII characters without spaces.
               Write, for example, API_TOKEN=$(openssl rand -hex 16), or leave it out.\
            """),
        mistake(
            SINGLE + " API_TOKEN_FILE=/run/secrets/absent",
            """
            API_TOKEN_FILE=/run/secrets/absent: must name a readable file with the value in it (NoSuchFileException).
               Mount the file there, readable for the user the container runs as.\
            """),
        mistake(
            SINGLE + " API_TOKEN_FILE=/run/secrets/empty",
            """
            API_TOKEN_FILE=/run/secrets/empty: must name a readable file with the value in it (the file is empty).
               Mount the file there, readable for the user the container runs as.\
            """),
        mistake(
            SINGLE + " API_TOKEN=token-number-1 API_TOKEN_FILE=/run/secrets/token",
            """
            API_TOKEN and API_TOKEN_FILE: must not say different things: they mean the same setting.
               Keep API_TOKEN and leave the other out.\
            """),
        mistake(
            "START_MASTER=true SPARK_RPC_AUTHENTICATION_ENABLED=yes",
            """
            SPARK_RPC_AUTHENTICATION_ENABLED=true: needs the cluster secret, which every node must share.
               Set SPARK_RPC_AUTHENTICATION_SECRET_FILE (or SPARK_RPC_AUTHENTICATION_SECRET) to the same secret on every node.\
            """),
        mistake(
            SINGLE + " SPARK_RPC_AUTHENTICATION_ENABLED=no SPARK_RPC_ENCRYPTION_ENABLED=yes",
            """
            SPARK_RPC_ENCRYPTION_ENABLED=true: needs authentication, and SPARK_RPC_AUTHENTICATION_ENABLED is off.
               Switch both on, or both off.\
            """),
        mistake(
            SINGLE + " SPARK_SSL_ENABLED=true",
            """
            SPARK_SSL_ENABLED=true: needs a key store and its password.
               Set SPARK_SSL_KEYSTORE_FILE and SPARK_SSL_KEYSTORE_PASSWORD (or SPARK_SSL_KEYSTORE_PASSWORD_FILE), or switch SPARK_SSL_ENABLED off.\
            """),
        mistake(
            SINGLE + " SPARK_CONF_sql_shuffle_partitions=8",
            """
            SPARK_CONF_sql_shuffle_partitions: must name a Spark setting after SPARK_CONF_, and "sql.shuffle.partitions" is none.
               Write _ for a dot, __ for a dash, ___ for an underscore: SPARK_CONF_spark_sql_shuffle_partitions=8 sets spark.sql.shuffle.partitions.\
            """),
        mistake(
            SINGLE + " STOP_GRACE_PERIOD=soon",
            """
            STOP_GRACE_PERIOD=soon: must be a duration of at least 1s: a whole number with s, m, h or d (none: seconds).
               Write, for example, STOP_GRACE_PERIOD=60s, or leave it out.\
            """),
        mistake(
            SINGLE + " LOG_FORMAT=xml",
            """
            LOG_FORMAT=xml: must be text or json.
               Write, for example, LOG_FORMAT=json, or leave it out.\
            """),
        mistake(
            SINGLE + " APPLICATION_ID=my/app",
            """
            APPLICATION_ID=my/app: must be 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first.
               Write, for example, APPLICATION_ID=spark, or leave it out.\
            """),
        mistake(
            SINGLE + " SPARK_APPLIANCE_DATA=data",
            """
            SPARK_APPLIANCE_DATA=data: must be an absolute path on this machine.
               Write, for example, SPARK_APPLIANCE_DATA=/var/lib/spark-appliance, or leave it out.\
            """),
        mistake(
            SINGLE + " THRIFT_SERVER=host:port",
            """
            THRIFT_SERVER=host:port: must be host:port, or a host alone (port 10000).
               Write, for example, THRIFT_SERVER=node1:10000, or leave it out.\
            """));
  }

  private static Arguments mistake(String environment, String... messages) {
    return Arguments.of(environment, messages);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakes")
  void a_mistake_is_answered_with_its_exact_message(String environment, String[] messages) {
    var failure =
        catchThrowableOfType(ConfigurationException.class, () -> read(environmentOf(environment)));
    assertThat(failure).isNotNull();
    assertThat(failure.problems()).extracting(Problem::toString).containsExactly(messages);
  }

  @Test
  void all_problems_are_told_at_once_and_numbered() {
    var failure =
        catchThrowableOfType(
            ConfigurationException.class,
            () -> read(environmentOf("START_MASTER=ja CLUSTER_SIZE=0 START_WORKERS=true")));
    assertThat(failure)
        .hasMessage(
            """
            3 problems with the configuration:
            1. START_MASTER=ja: must be true, 1, yes or on; or false, 0, no, off or empty (any letter case).
               Write, for example, START_MASTER=true, or leave it out.
            2. CLUSTER_SIZE=0: must be a whole number from 1 to 10000.
               Write, for example, CLUSTER_SIZE=2, or leave it out.
            3. START_WORKERS=true: no variable of this name is known; did you mean START_WORKER?
               Rename it, or remove it.\
            """);
  }

  @Test
  void no_role_is_no_mistake_but_a_question() {
    assertThat(catchThrowableOfType(NoRoleException.class, () -> read(Map.of("START_MASTER", ""))))
        .isNotNull();
  }

  static Map<String, String> environmentOf(String text) {
    Map<String, String> environment = new HashMap<>();
    for (String pair : text.split(" ")) {
      int equals = pair.indexOf('=');
      environment.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return environment;
  }

  static SettingsReader.Result read(Map<String, String> environment) {
    Map<String, String> files =
        Map.of("/run/secrets/empty", "\n", "/run/secrets/token", "token-number-2\n");
    return SettingsReader.read(
        environment,
        path -> {
          String text = files.get(path.toString());
          if (text == null) {
            throw new NoSuchFileException(path.toString());
          }
          return text;
        });
  }
}
