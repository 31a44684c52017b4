package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.LogFormat;
import io.sparkappliance.settings.Settings.TokenIn;
import io.sparkappliance.settings.Variable.Group;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every environment variable the appliance reads. The settings, {@code check}, the documentation
 * page and "did you mean" all come from here.
 */
public final class Catalogue {
  /** Prefix of variables that give any single Spark setting. */
  public static final String SPARK_CONF_PREFIX = "SPARK_CONF_";

  /** What {@code ROLES_DEFAULT} says for nobody. */
  static final String NO_ROLE = "none";

  /** What {@code SPARK_MODE} can say. */
  static final Map<String, Role> MODES =
      Map.of(
          "master", Role.MASTER,
          "worker", Role.WORKER,
          "thriftserver", Role.THRIFTSERVER,
          "connect", Role.CONNECT,
          "historyserver", Role.HISTORYSERVER,
          "webapp", Role.GATEWAY,
          "gateway", Role.GATEWAY,
          "notebook", Role.NOTEBOOK);

  private final List<Variable<?>> all = new ArrayList<>();
  private final Map<Role, Variable<Boolean>> roles = new EnumMap<>(Role.class);

  // Roles.
  final Variable<String> mode;

  // Cluster.
  final Variable<String> applicationId;
  final Variable<String> applicationVersion;
  final Variable<Integer> clusterSize;
  final Variable<MasterNames> masters;
  final Variable<ZooKeeperEnsemble> zookeeper;
  final Variable<Secret> zookeeperAuth;
  final Variable<Boolean> zookeeperTls;
  final Variable<Path> zookeeperTlsKeyStore;
  final Variable<Secret> zookeeperTlsKeyStorePassword;
  final Variable<Path> zookeeperTlsTrustStore;
  final Variable<Secret> zookeeperTlsTrustStorePassword;
  final Variable<Boolean> zookeeperTlsNeedClientAuth;
  final Variable<List<String>> zookeeperServers;
  final Variable<Integer> zookeeperId;

  // Memory and cores.
  final Variable<MemorySize> executorMemory;
  final Variable<MemorySize> driverMemory;
  final Variable<MemorySize> workerMemory;
  final Variable<MemorySize> daemonMemory;
  final Variable<Integer> workerCores;
  final Variable<Integer> defaultCores;

  // Configuration and libraries.
  final Variable<String> hiveSite;
  final Variable<String> extConf;
  final Variable<List<String>> extJars;
  final Variable<List<String>> pythonLibs;
  final Variable<List<String>> initScripts;

  // Access and encryption.
  final Variable<AuthMode> apiAuth;
  final Variable<AuthMode> thriftAuth;
  final Variable<AuthMode> connectAuth;
  final Variable<Secret> apiToken;
  final Variable<Boolean> showToken;
  final Variable<String> commandPrefix;
  final Variable<Secret> notebookToken;
  final Variable<Boolean> rpcAuthentication;
  final Variable<Secret> rpcSecret;
  final Variable<Boolean> rpcEncryption;
  final Variable<Boolean> localStorageEncryption;
  final Variable<Boolean> ssl;
  final Variable<Path> sslKeyStore;
  final Variable<Secret> sslKeyStorePassword;
  final Variable<Secret> sslKeyPassword;
  final Variable<Path> sslTrustStore;
  final Variable<Secret> sslTrustStorePassword;
  final Variable<Boolean> sslNeedClientAuth;
  final Variable<String> sslProtocol;
  final Variable<Integer> sslPort;
  final Variable<URI> tokenInfoUrl;
  final Variable<TokenIn> tokenInfoTokenIn;
  final Variable<URI> oidcIssuer;
  final Variable<URI> introspectionUrl;
  final Variable<String> introspectionClientId;
  final Variable<Secret> introspectionClientSecret;
  final Variable<List<String>> oauth2Scope;
  final Variable<List<String>> audience;
  final Variable<String> userClaim;
  final Variable<String> rolesClaim;
  final Variable<List<String>> rolesAdmin;
  final Variable<List<String>> rolesUser;
  final Variable<List<String>> rolesReader;
  final Variable<String> rolesDefault;
  final Variable<String> clientId;
  final Variable<Secret> clientSecret;
  final Variable<URI> authUrl;
  final Variable<URI> tokenUrl;
  final Variable<List<String>> signInScopes;
  final Variable<Duration> signInLifetime;

  // REST gateway.
  final Variable<MemorySize> maxUpload;
  final Variable<Integer> maxQueries;
  final Variable<Integer> maxApplications;
  final Variable<Integer> maxQueuedJobs;
  final Variable<Integer> maxUserRunningJobs;
  final Variable<Integer> maxUserQueuedJobs;
  final Variable<MemorySize> maxUserUploads;
  final Variable<MemorySize> maxUserOutputs;
  final Variable<MemorySize> maxJobOutput;
  final Variable<Duration> sqlSessionIdle;
  final Variable<Integer> maxUserSessions;
  final Variable<Duration> keepJobs;
  final Variable<MemorySize> keepJobsSize;
  final Variable<String> jobsDir;
  final Variable<String> jobsDatabase;
  final Variable<String> jobsDatabaseUser;
  final Variable<Secret> jobsDatabasePassword;
  final Variable<HostAndPort> thriftServer;
  final Variable<Path> gatewayTlsCertificate;
  final Variable<Path> gatewayTlsKey;
  final Variable<Path> gatewayTlsKeyStore;
  final Variable<Secret> gatewayTlsPassword;
  final Variable<Boolean> gatewayTlsHsts;
  final Variable<List<AddressRange>> trustedProxies;
  final Variable<VariableNames> submitEnvironment;
  final Variable<WebhookHosts> webhookHosts;
  final Variable<List<AddressRange>> webhookPrivateNetworks;
  final Variable<Secret> webhookSecret;

  // Addresses and ports.
  final Variable<String> advertisedHost;
  final Variable<String> publicDns;
  final Variable<Integer> masterPort;
  final Variable<Integer> masterUiPort;
  final Variable<Integer> workerPort;
  final Variable<Integer> workerUiPort;
  final Variable<Integer> shufflePort;
  final Variable<Integer> thriftPort;
  final Variable<Integer> connectPort;
  final Variable<Integer> historyPort;
  final Variable<Integer> gatewayPort;
  final Variable<Integer> notebookPort;
  final Variable<Integer> zookeeperPort;
  final Variable<Integer> zookeeperQuorumPort;
  final Variable<Integer> zookeeperElectionPort;
  final Variable<Integer> managementPort;
  final Variable<Integer> sqlDriverPort;
  final Variable<Integer> sqlBlockManagerPort;
  final Variable<Integer> sqlUiPort;

  // Operation.
  final Variable<Duration> gracePeriod;
  final Variable<Duration> readyTimeout;
  final Variable<Set<NoticeKind>> drainOn;
  final Variable<Duration> drainTimeout;
  final Variable<String> lifecycleHook;
  final Variable<String> emfNamespace;
  final Variable<Integer> maxRestarts;
  final Variable<Duration> restartWindow;
  final Variable<LogFormat> logFormat;
  final Variable<Boolean> metrics;
  final Variable<String> eventLogDir;
  final Variable<String> logDir;
  final Variable<Duration> logShipInterval;

  // Paths.
  final Variable<Path> data;
  final Variable<Path> mountedConf;
  final Variable<List<Path>> localDirs;
  final Variable<Path> home;
  final Variable<Path> sparkHome;
  final Variable<Path> confDir;
  final Variable<String> python;

  /** The one catalogue there is; it has no state of its own. */
  public Catalogue() {
    for (Role role : Role.values()) {
      roles.put(role, add(role.variable(), Group.ROLES, Parsers.flag(), "", roleMeaning(role)));
    }
    mode =
        add(
            "SPARK_MODE",
            Group.ROLES,
            Parsers.oneOf(MODES.keySet().stream().sorted().toList(), "master"),
            "",
            "One role by its name, for users of other images: `master` means `START_MASTER=true`.");

    applicationId =
        add(
            "APPLICATION_ID",
            Group.CLUSTER,
            Parsers.identifier(),
            "spark",
            "Application id: names the stack, and is part of the default SQL user name.");
    applicationVersion =
        add(
            "APPLICATION_VERSION",
            Group.CLUSTER,
            Parsers.identifier(),
            "",
            "Version of the application; part of the default SQL user name.");
    clusterSize =
        add(
            "CLUSTER_SIZE",
            Group.CLUSTER,
            Parsers.count(10_000),
            "1",
            "Nodes in the stack. With 1, and a master and a worker here, this is a single node:"
                + " only then is a cluster secret generated.");
    masters =
        add(
            "MASTER_STACK_NAME",
            List.of("SPARK_MASTER_URL"),
            Group.CLUSTER,
            Parsers.masters(),
            "",
            "The masters this node works for, `spark://host:port[,host:port]`; several need"
                + " ZooKeeper. On AWS also the name of a stack, whose members are followed. Empty:"
                + " the master on this node, with ZooKeeper in a stack on AWS those of that"
                + " stack.");
    zookeeper =
        add(
            "ZOOKEEPER_STACK_NAME",
            List.of("ZOOKEEPER_CONNECT"),
            Group.CLUSTER,
            Parsers.zooKeeper(),
            "",
            "ZooKeeper ensemble that elects one of several masters and remembers what it knew;"
                + " `/path` puts everything below that node. A bare name is a host's, on EC2 that"
                + " of a stack if no host has it. Empty: one master, which remembers by files.");

    zookeeperAuth =
        add(
            "ZOOKEEPER_AUTH",
            Group.CLUSTER,
            Parsers.login(),
            "",
            "Login at ZooKeeper (scheme digest), the same on every node of the cluster: with it"
                + " only they can change what the cluster keeps there, and read what its masters"
                + " remember. Not set: everybody who reaches ZooKeeper can.");
    zookeeperTls =
        add(
            "ZOOKEEPER_TLS_ENABLED",
            Group.CLUSTER,
            Parsers.flag(),
            "false",
            "TLS to ZooKeeper, on its usual port; between the servers that `START_ZOOKEEPER` runs,"
                + " too.");
    zookeeperTlsTrustStore =
        add(
            "ZOOKEEPER_TLS_TRUSTSTORE_FILE",
            Group.CLUSTER,
            Parsers.keyFile(),
            "",
            "Certificates that are trusted there (`.pem`, `.p12` or `.jks`). A server's certificate"
                + " must name the host as `ZOOKEEPER_STACK_NAME` or `ZOOKEEPER_SERVERS` does. Not"
                + " set: those that Java trusts, which is for clients alone.");
    zookeeperTlsTrustStorePassword =
        add(
            "ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD",
            Group.CLUSTER,
            Parsers.password(),
            "",
            "Password of that file, if it has one.");
    zookeeperTlsKeyStore =
        add(
            "ZOOKEEPER_TLS_KEYSTORE_FILE",
            Group.CLUSTER,
            Parsers.keyFile(),
            "",
            "Key and certificates of this node (`.pem`, `.p12` or `.jks`): for a server, and where"
                + " servers ask their clients for a certificate.");
    zookeeperTlsKeyStorePassword =
        add(
            "ZOOKEEPER_TLS_KEYSTORE_PASSWORD",
            Group.CLUSTER,
            Parsers.password(),
            "",
            "Password of that file, if it has one.");
    zookeeperTlsNeedClientAuth =
        add(
            "ZOOKEEPER_TLS_NEED_CLIENT_AUTH",
            Group.CLUSTER,
            Parsers.flag(),
            "false",
            "Whether this node's server asks its clients for a certificate. Servers always ask each"
                + " other.");
    zookeeperServers =
        add(
            "ZOOKEEPER_SERVERS",
            Group.CLUSTER,
            Parsers.hosts(),
            "",
            "The hosts that run ZooKeeper servers, for `START_ZOOKEEPER`, the same list on each of"
                + " them. Empty: one server, this one. Where `ZOOKEEPER_STACK_NAME` is empty, they"
                + " are also this node's ensemble.");
    zookeeperId =
        add(
            "ZOOKEEPER_ID",
            Group.CLUSTER,
            Parsers.count(255),
            "",
            "This server's place in `ZOOKEEPER_SERVERS`, from 1. Not set: found by this node's"
                + " addresses.");

    executorMemory =
        add(
            "EXECUTOR_MEMORY",
            Group.RESOURCES,
            Parsers.memory(),
            "",
            "Heap of one executor. Not set: `spark.executor.memory` of the configuration (`2g` as"
                + " shipped), less on a node below 8 GiB.");
    driverMemory =
        add(
            "DRIVER_MEMORY",
            Group.RESOURCES,
            Parsers.memory(),
            "",
            "Heap of each driver that the appliance starts itself. Not set: `spark.driver.memory`"
                + " of the configuration (`2g` as shipped), less on a node below 8 GiB.");
    workerMemory =
        add(
            "SPARK_WORKER_MEMORY",
            Group.RESOURCES,
            Parsers.memory(),
            "",
            "What the worker may give to executors. Not set: what the node's other roles leave.");
    daemonMemory =
        add(
            "SPARK_DAEMON_MEMORY",
            Group.RESOURCES,
            Parsers.memory(),
            "",
            "Heap of master, worker and history server, each. Not set: `512m`, less on a node below"
                + " 8 GiB.");
    workerCores =
        add(
            "SPARK_WORKER_CORES",
            Group.RESOURCES,
            Parsers.count(4096),
            "",
            "Cores the worker offers. Not set: those of the machine or the container.");
    defaultCores =
        add(
            "DEFAULT_CORES",
            Group.RESOURCES,
            Parsers.count(100_000),
            "",
            "Cores an application gets when it does not say (`spark.deploy.defaultCores`). Not set:"
                + " all that are free.");

    hiveSite =
        add(
            "HIVE_SITE_XML",
            Group.SOURCES,
            Parsers.location(),
            "",
            "`hive-site.xml` to use, such as one that names a metastore. Not set: an embedded Derby"
                + " metastore in the data directory, for one node.");
    extConf =
        add(
            "EXT_CONF",
            Group.SOURCES,
            Parsers.location(),
            "",
            "Properties file merged over `spark-defaults.conf`; a key in it replaces the"
                + " default's.");
    extJars =
        add(
            "EXT_JARS",
            Group.SOURCES,
            Parsers.locations(),
            "",
            "Jars with functions or drivers, comma-separated; every application gets them.");
    pythonLibs =
        add(
            "PYTHON_LIBS",
            Group.SOURCES,
            Parsers.requirements(),
            "",
            "Python packages to install before anything starts, comma-separated pip requirements,"
                + " or locations of files with requirements (a path, `https:` or `s3:`, ending in"
                + " `.txt`). Drivers and executors of this node see them: in a cluster, every node"
                + " needs them.");
    initScripts =
        add(
            "INIT_SCRIPTS",
            Group.SOURCES,
            Parsers.scripts(),
            "",
            "Scripts to fetch and run before the daemons start, comma-separated, in this order,"
                + " after those of `/docker-entrypoint-initdb.d`.");

    apiToken =
        add(
            "API_TOKEN",
            Group.ACCESS,
            Parsers.secret(),
            "",
            "Token that the gateway, JDBC (as password) and Spark Connect ask for. Not set:"
                + " generated at the first start, printed once, kept in the data directory.");
    showToken =
        add(
            "SHOW_TOKEN",
            Group.ACCESS,
            Parsers.flag(),
            "false",
            "Print the token at every start, not only when it is generated. For workstations: it"
                + " stays in the log.");
    commandPrefix =
        add(
            "COMMAND_PREFIX",
            Group.ACCESS,
            Parsers.text(),
            "",
            "What a person types before a command to run it on this node; the examples that are"
                + " printed with the token begin with it.");
    apiAuth =
        add(
            "API_AUTH",
            Group.ACCESS,
            Parsers.authMode(),
            "token",
            "`none` opens the gateway to everyone who reaches its port.");
    thriftAuth =
        add(
            "THRIFT_AUTH",
            Group.ACCESS,
            Parsers.authMode(),
            "token",
            "`none` lets every JDBC client in without a password.");
    connectAuth =
        add(
            "CONNECT_AUTH",
            Group.ACCESS,
            Parsers.authMode(),
            "token",
            "`none` lets every Spark Connect client in without a token.");
    notebookToken =
        add(
            "NOTEBOOK_TOKEN",
            Group.ACCESS,
            Parsers.secret(),
            "",
            "Token that the notebook asks for. Not set: the API token.");
    rpcAuthentication =
        add(
            "SPARK_RPC_AUTHENTICATION_ENABLED",
            Group.ACCESS,
            Parsers.flag(),
            "",
            "Whether Spark's processes authenticate each other. Not set: on as soon as a cluster"
                + " secret is known, which on a single node is always.");
    rpcSecret =
        add(
            "SPARK_RPC_AUTHENTICATION_SECRET",
            Group.ACCESS,
            Parsers.secret(),
            "",
            "The cluster secret, the same on every node and client. Not set: generated on a single"
                + " node, none elsewhere.");
    rpcEncryption =
        add(
            "SPARK_RPC_ENCRYPTION_ENABLED",
            Group.ACCESS,
            Parsers.flag(),
            "",
            "Whether Spark's processes encrypt what they send each other"
                + " (`spark.network.crypto.enabled`). Not set: on with authentication.");
    localStorageEncryption =
        add(
            "SPARK_LOCAL_STORAGE_ENCRYPTION_ENABLED",
            Group.ACCESS,
            Parsers.flag(),
            "",
            "Whether shuffle and spill files are encrypted (`spark.io.encryption.enabled`).");
    ssl =
        add(
            "SPARK_SSL_ENABLED",
            Group.ACCESS,
            Parsers.flag(),
            "",
            "TLS on Spark's web pages (`spark.ssl.enabled`).");
    sslKeyStore =
        add(
            "SPARK_SSL_KEYSTORE_FILE",
            Group.ACCESS,
            Parsers.absolutePath(),
            "",
            "Key store with the certificate (PKCS12 or JKS).");
    sslKeyStorePassword =
        add(
            "SPARK_SSL_KEYSTORE_PASSWORD",
            Group.ACCESS,
            Parsers.password(),
            "",
            "Password of the key store.");
    sslKeyPassword =
        add(
            "SPARK_SSL_KEY_PASSWORD",
            Group.ACCESS,
            Parsers.password(),
            "",
            "Password of the key. Not set: the key store's.");
    sslTrustStore =
        add(
            "SPARK_SSL_TRUSTSTORE_FILE",
            Group.ACCESS,
            Parsers.absolutePath(),
            "",
            "Trust store for clients' certificates.");
    sslTrustStorePassword =
        add(
            "SPARK_SSL_TRUSTSTORE_PASSWORD",
            Group.ACCESS,
            Parsers.password(),
            "",
            "Password of the trust store.");
    sslNeedClientAuth =
        add(
            "SPARK_SSL_NEED_CLIENT_AUTH",
            Group.ACCESS,
            Parsers.flag(),
            "false",
            "Whether browsers must present a certificate.");
    sslProtocol =
        add(
            "SPARK_SSL_PROTOCOL",
            Group.ACCESS,
            Parsers.oneOf(List.of("tlsv1.2", "tlsv1.3"), "TLSv1.3"),
            "TLSv1.3",
            "Protocol version.");
    sslPort =
        add(
            "SPARK_WEBUI_SSL_PORT",
            Group.ACCESS,
            Parsers.port(),
            "",
            "Port of Spark's web pages with TLS (`spark.ssl.ui.port`). Not set: the plain port plus"
                + " 400.");
    tokenInfoUrl =
        add(
            "TOKENINFO_URL",
            Group.IDENTITY,
            Parsers.webAddress(),
            "",
            "Endpoint that tells what it knows of a bearer token: `uid`, `scope`, `expires_in`.");
    tokenInfoTokenIn =
        add(
            "TOKENINFO_TOKEN_IN",
            Group.IDENTITY,
            Parsers.oneOf(TokenIn.class, "query"),
            "header",
            "How that endpoint is given the token: `query` for old servers, which read"
                + " `access_token` of the address; it gets into their logs.");
    oidcIssuer =
        add(
            "OIDC_ISSUER",
            Group.IDENTITY,
            Parsers.webAddress(),
            "",
            "Issuer of signed tokens (OpenID Connect), exactly as they name it; its keys and"
                + " addresses are found by discovery.");
    introspectionUrl =
        add(
            "INTROSPECTION_URL",
            Group.IDENTITY,
            Parsers.webAddress(),
            "",
            "Endpoint that tells whether a token is active (RFC 7662).");
    introspectionClientId =
        add(
            "INTROSPECTION_CLIENT_ID",
            Group.IDENTITY,
            Parsers.text(),
            "",
            "The gateway's own login there.");
    introspectionClientSecret =
        add(
            "INTROSPECTION_CLIENT_SECRET",
            Group.IDENTITY,
            Parsers.password(),
            "",
            "The secret of that login.");
    oauth2Scope =
        add(
            "OAUTH2_SCOPE",
            Group.IDENTITY,
            Parsers.scopes(),
            "uid",
            "Scopes that a token must carry, separated by spaces. The default counts with"
                + " `TOKENINFO_URL` only; tokens of other providers need the scopes that are set.");
    audience =
        add(
            "OAUTH2_AUDIENCE",
            List.of("OIDC_AUDIENCE"),
            Group.IDENTITY,
            Parsers.names("spark-gateway"),
            "",
            "Audiences of which a token must carry one; needed with `OIDC_ISSUER`, of use with"
                + " `INTROSPECTION_URL`. Not set: with `OIDC_ISSUER` the client of"
                + " `OAUTH2_CLIENT_ID`.");
    userClaim =
        add(
            "USER_CLAIM",
            Group.IDENTITY,
            Parsers.text(),
            "",
            "Claim that names the person, who owns jobs by that name: it must be one that nobody"
                + " can choose freely. Not set: `uid` with `TOKENINFO_URL`, else `sub`.");
    rolesClaim =
        add(
            "ROLES_CLAIM",
            Group.IDENTITY,
            Parsers.text(),
            "",
            "Claim with a person's roles or groups, a list or a text; dots lead into objects"
                + " (`realm_access.roles`). Not set: all have the role of `ROLES_DEFAULT`.");
    rolesAdmin =
        add(
            "ROLES_ADMIN",
            Group.IDENTITY,
            Parsers.names("spark-admins"),
            "admin",
            "Values of that claim that make an administrator: all jobs, and the cluster.");
    rolesUser =
        add(
            "ROLES_USER",
            Group.IDENTITY,
            Parsers.names("spark-users"),
            "user",
            "Values that make a user, who submits jobs and sees their own.");
    rolesReader =
        add(
            "ROLES_READER",
            Group.IDENTITY,
            Parsers.names("spark-readers"),
            "reader",
            "Values that make a reader, who sees their own jobs and submits none.");
    rolesDefault =
        add(
            "ROLES_DEFAULT",
            Group.IDENTITY,
            Parsers.oneOf(List.of("admin", "user", "reader", NO_ROLE), "reader"),
            "",
            "Role of those who have none of these values; `none` refuses them. Not set: `none` with"
                + " `ROLES_CLAIM`, else `user`.");
    clientId =
        add(
            "OAUTH2_CLIENT_ID",
            List.of("OIDC_CLIENT_ID"),
            Group.IDENTITY,
            Parsers.text(),
            "",
            "Client by which people sign in with a browser. Not set: they need a token there,"
                + " too.");
    clientSecret =
        add(
            "OAUTH2_CLIENT_SECRET",
            List.of("OIDC_CLIENT_SECRET"),
            Group.IDENTITY,
            Parsers.password(),
            "",
            "The secret of that client. Not set: a public client, which has none.");
    authUrl =
        add(
            "AUTH_URL",
            Group.IDENTITY,
            Parsers.webAddress(),
            "",
            "OAuth2 authorisation endpoint, where browsers are sent to sign in. Not set: the"
                + " issuer's.");
    tokenUrl =
        add(
            "TOKEN_URL",
            Group.IDENTITY,
            Parsers.webAddress(),
            "",
            "OAuth2 token endpoint, where the gateway exchanges codes for tokens. Not set: the"
                + " issuer's.");
    signInScopes =
        add(
            "SIGN_IN_SCOPES",
            Group.IDENTITY,
            Parsers.scopes(),
            "",
            "Scopes to ask for at a sign-in, beside those of `OAUTH2_SCOPE`. Not set: `openid` with"
                + " `OIDC_ISSUER`.");
    signInLifetime =
        add(
            "SIGN_IN_LIFETIME",
            Group.IDENTITY,
            Parsers.duration(),
            "8h",
            "How long a browser stays signed in.");

    maxUpload =
        add(
            "MAX_UPLOAD_SIZE",
            Group.GATEWAY,
            Parsers.bytes(),
            "512m",
            "Largest request the gateway takes.");
    maxQueries =
        add(
            "MAX_CONCURRENT_QUERIES",
            Group.GATEWAY,
            Parsers.count(1000),
            "4",
            "SQL jobs that run at once; more wait their turn.");
    maxApplications =
        add(
            "MAX_CONCURRENT_APPLICATIONS",
            Group.GATEWAY,
            Parsers.count(1000),
            "4",
            "Applications whose drivers run at once on the gateway's node; more wait their turn.");
    maxQueuedJobs =
        add(
            "MAX_QUEUED_JOBS",
            Group.GATEWAY,
            Parsers.count(100_000),
            "1000",
            "SQL jobs that may wait for their turn, and applications.");
    maxUserRunningJobs =
        add(
            "MAX_USER_RUNNING_JOBS",
            Group.GATEWAY,
            Parsers.count(1000),
            "",
            "SQL jobs of one user that run at once, and applications; more wait their turn. Not"
                + " set: as many as run at all.");
    maxUserQueuedJobs =
        add(
            "MAX_USER_QUEUED_JOBS",
            Group.GATEWAY,
            Parsers.count(100_000),
            "200",
            "SQL jobs of one user that may wait for their turn, and applications; more are answered"
                + " with 429.");
    maxUserUploads =
        add(
            "MAX_USER_UPLOADS",
            Group.GATEWAY,
            Parsers.bytes(),
            "",
            "Size of all uploads of one user that are kept; more are answered with 429. Not set: no"
                + " limit.");
    maxUserOutputs =
        add(
            "MAX_USER_OUTPUTS",
            Group.GATEWAY,
            Parsers.bytes(),
            "",
            "Size of all outputs of one user's jobs that are kept; above it new jobs are answered"
                + " with 429. Not set: no limit.");
    maxJobOutput =
        add(
            "MAX_JOB_OUTPUT",
            Group.GATEWAY,
            Parsers.bytes(),
            "10g",
            "What one job may leave behind; one that leaves more is ended as failed.");
    sqlSessionIdle =
        add(
            "SQL_SESSION_IDLE",
            Group.GATEWAY,
            Parsers.duration(),
            "30m",
            "Time after its last job for which a named SQL session is kept open.");
    maxUserSessions =
        add(
            "MAX_USER_SESSIONS",
            Group.GATEWAY,
            Parsers.count(1000),
            "4",
            "Named SQL sessions of one user; more are answered with 429.");
    keepJobs =
        add(
            "KEEP_JOBS",
            Group.GATEWAY,
            Parsers.duration(),
            "30d",
            "Time after its end for which a job, its output and its log are kept.");
    keepJobsSize =
        add(
            "KEEP_JOBS_SIZE",
            Group.GATEWAY,
            Parsers.bytes(),
            "50g",
            "Size of all jobs' uploads and outputs; above it those that ended first are removed.");
    jobsDir =
        add(
            "JOBS_DIR",
            Group.GATEWAY,
            Parsers.jobsDirectory(),
            "",
            "Records, inputs and outputs of jobs. Not set: `jobs` in the data directory. With"
                + " `JOBS_DATABASE`, a folder that all gateways have mounted (NFS, EFS), or"
                + " `s3a://bucket/prefix`. In S3 are inputs and outputs alone, by the instance's or"
                + " container's role.");
    jobsDatabase =
        add(
            "JOBS_DATABASE",
            Group.GATEWAY,
            Parsers.postgreSql(),
            "",
            "PostgreSQL database in which several gateways keep the records of their jobs, so that each"
                + " of them answers for every job and takes over those of one that is gone. Not set: a"
                + " database of this gateway's own in `JOBS_DIR`, or in the data directory where that is"
                + " in S3.");
    jobsDatabaseUser =
        add(
            "JOBS_DATABASE_USER",
            Group.GATEWAY,
            Parsers.text(),
            "spark",
            "Who logs in there; must be allowed to create tables at the first start.");
    jobsDatabasePassword =
        add(
            "JOBS_DATABASE_PASSWORD",
            Group.GATEWAY,
            Parsers.password(),
            "",
            "Password of that user.");
    thriftServer =
        add(
            "THRIFT_SERVER",
            Group.GATEWAY,
            Parsers.hostAndPort(10_000),
            "",
            "Where the gateway sends SQL. Not set: the thrift server of this node, else the first"
                + " master's host that runs one.");

    submitEnvironment =
        add(
            "SUBMIT_ENVIRONMENT",
            Group.GATEWAY,
            Parsers.variableNames(),
            "APP_*",
            "Variables that an application may bring for its driver and its executors; `*` stands for"
                + " any characters. Those of the node, Java, Python, Spark, Hadoop and AWS can't be"
                + " allowed. `none` allows none.");
    webhookHosts =
        add(
            "WEBHOOK_HOSTS",
            Group.GATEWAY,
            Parsers.webhookHosts(),
            "",
            "Hosts that may be told of the end of a job (the field `webhook`); `*.example.org` stands for"
                + " all below it. Without a port, 443 and 80 are meant. Not set: nobody is told.");
    webhookPrivateNetworks =
        add(
            "WEBHOOK_PRIVATE_NETWORKS",
            Group.GATEWAY,
            Parsers.addressRanges(),
            "",
            "Addresses that these hosts may have although they are not public: private, loopback or"
                + " link-local ones. Those of clouds' metadata services can't be allowed. Not set:"
                + " public addresses alone.");
    webhookSecret =
        add(
            "WEBHOOK_SECRET",
            Group.GATEWAY,
            Parsers.webhookSecret(),
            "",
            "Signs what they are told (HMAC-SHA256, as Standard Webhooks has it). Not set: no"
                + " signature.");

    gatewayTlsCertificate =
        add(
            GatewayTls.CERTIFICATE_FILE,
            Group.GATEWAY,
            Parsers.absolutePath(),
            "",
            "Certificate of the gateway in PEM, those that vouch for it behind it: with it the"
                + " gateway's port speaks TLS alone. Read again when it changes.");
    gatewayTlsKey =
        add(
            GatewayTls.KEY_FILE,
            Group.GATEWAY,
            Parsers.absolutePath(),
            "",
            "Its private key in PEM.");
    gatewayTlsKeyStore =
        add(
            GatewayTls.KEYSTORE_FILE,
            Group.GATEWAY,
            Parsers.keyFile(),
            "",
            "Key and certificates in one file (`.p12`, `.jks` or `.pem`), instead of those two.");
    gatewayTlsPassword =
        add(
            GatewayTls.PASSWORD,
            Group.GATEWAY,
            Parsers.password(),
            "",
            "Password of the key or the key store, if it has one.");
    gatewayTlsHsts =
        add(
            "GATEWAY_TLS_HSTS",
            Group.GATEWAY,
            Parsers.flag(),
            "false",
            "Tells browsers to reach this host by TLS alone for a year"
                + " (`Strict-Transport-Security`). They do so on all of its ports, also those of Spark's"
                + " own pages.");
    trustedProxies =
        add(
            "TRUSTED_PROXIES",
            Group.GATEWAY,
            Parsers.addressRanges(),
            "",
            "Balancers in front of the gateway: what they say of their clients in `X-Forwarded-For`"
                + " and `X-Forwarded-Proto` counts. Not set: nobody is believed.");

    advertisedHost =
        add(
            "ADVERTISED_HOST",
            List.of("SPARK_MASTER_HOST"),
            Group.NETWORK,
            Parsers.host(),
            "",
            "Address under which other nodes reach this one. `instance`: the private address of the"
                + " EC2 instance, for a container with published ports. Not set: that address where"
                + " an interface has it, else the address of the host name, else of the first"
                + " network interface. With a loopback address everything listens there only,"
                + " except the worker's shuffle service, which Spark lets listen everywhere; the"
                + " cluster secret guards it.");
    publicDns =
        add(
            "SPARK_PUBLIC_DNS",
            Group.NETWORK,
            Parsers.host(),
            "",
            "Host name that people use in a browser, for printed addresses and links in Spark's"
                + " pages.");
    masterPort = port("SPARK_MASTER_PORT", "7077", "Master, for workers and drivers.");
    masterUiPort = port("SPARK_MASTER_WEBUI_PORT", "8080", "Web page of the master.");
    workerPort =
        port(
            "SPARK_WORKER_PORT",
            "",
            "Worker. Not set: 7077 where no master runs beside it, else one that is free.");
    workerUiPort = port("SPARK_WORKER_WEBUI_PORT", "8081", "Web page of the worker.");
    shufflePort =
        port(
            "SHUFFLE_SERVICE_PORT",
            "7337",
            "Shuffle service of the worker; the same on every node of a cluster.");
    thriftPort = port("THRIFT_PORT", "10000", "Thrift server (JDBC/ODBC).");
    connectPort = port("CONNECT_PORT", "15002", "Spark Connect.");
    historyPort = port("HISTORY_PORT", "18080", "History server.");
    gatewayPort = port("GATEWAY_PORT", "8000", "REST gateway.");
    notebookPort = port("NOTEBOOK_PORT", "8888", "Notebook.");
    zookeeperPort = port("ZOOKEEPER_PORT", "2181", "ZooKeeper server, for clients.");
    zookeeperQuorumPort =
        port(
            "ZOOKEEPER_QUORUM_PORT",
            "2888",
            "ZooKeeper server, for those that follow it; the same on every server.");
    zookeeperElectionPort =
        port(
            "ZOOKEEPER_ELECTION_PORT",
            "3888",
            "ZooKeeper server, for elections; the same on every server.");
    managementPort =
        port("MANAGEMENT_PORT", "8090", "Health, readiness and metrics of the appliance itself.");
    sqlDriverPort =
        port(
            "SQL_DRIVER_PORT", "7078", "Driver of thrift server and Spark Connect, for executors.");
    sqlBlockManagerPort =
        port("SQL_BLOCK_MANAGER_PORT", "7079", "Block manager of that driver, for executors.");
    sqlUiPort = port("SQL_UI_PORT", "4040", "Web page of that driver.");

    gracePeriod =
        add(
            "STOP_GRACE_PERIOD",
            Group.OPERATION,
            Parsers.duration(),
            "30s",
            "Time for an orderly stop of everything; what still runs then is killed. Give `docker"
                + " stop -t` a little more.");
    drainOn =
        add(
            "DRAIN_ON",
            Group.OPERATION,
            Parsers.noticeKinds(),
            "spot,lifecycle",
            "On EC2: notices that make the node give its work to others. `spot`: the instance will"
                + " be interrupted; `lifecycle`: its auto-scaling group ends it; both end the node."
                + " `rebalance`: it may be interrupted soon; only the worker ends, for good. See"
                + " [operations](operations.md#on-ec2).");
    drainTimeout =
        add(
            "DRAIN_TIMEOUT",
            Group.OPERATION,
            Parsers.duration(),
            "10m",
            "Time for that; of a spot interruption's two minutes no more than there are.");
    lifecycleHook =
        add(
            "LIFECYCLE_HOOK",
            Group.OPERATION,
            Parsers.lifecycleHook(),
            "",
            "Hook by which this instance's auto-scaling group waits for the node when it ends the"
                + " instance; it is told when the node is done. Not set: nobody is told.");
    emfNamespace =
        add(
            "EMF_NAMESPACE",
            Group.OPERATION,
            Parsers.metricsNamespace(),
            "",
            "CloudWatch metrics of the cluster: the leading master's node prints a line a minute in"
                + " CloudWatch's embedded metric format, under this namespace and with the"
                + " dimension `Stack`: cores, used cores and their percentage, workers,"
                + " applications that run and that wait. Docker's log driver `awslogs` brings it"
                + " there. Not set: none.");
    readyTimeout =
        add(
            "READY_TIMEOUT",
            Group.OPERATION,
            Parsers.duration(),
            "5m",
            "Time in which a daemon must become ready; later counts as a failure.");
    maxRestarts =
        add(
            "MAX_RESTARTS",
            Group.OPERATION,
            Parsers.count(1000),
            "5",
            "How often one daemon is restarted within `RESTART_WINDOW` before the node gives up.");
    restartWindow =
        add(
            "RESTART_WINDOW",
            Group.OPERATION,
            Parsers.duration(),
            "10m",
            "The time in which restarts are counted.");
    logFormat =
        add(
            "LOG_FORMAT",
            Group.OPERATION,
            Parsers.logFormat(),
            "text",
            "Lines of the container's log: `text`, each with its role in front, or `json`, one"
                + " object per line.");
    metrics =
        add(
            "SPARK_METRICS_ENABLED",
            Group.OPERATION,
            Parsers.flag(),
            "",
            "Executor metrics for Prometheus on the drivers' pages (`spark.ui.prometheus.enabled`)."
                + " Not set: on.");
    eventLogDir =
        add(
            "EVENT_LOG_DIR",
            Group.OPERATION,
            Parsers.directory(),
            "",
            "Where applications write event logs and the history server reads them: a path or a"
                + " URI. Not set: `events` in the data directory.");
    logDir =
        add(
            "LOG_DIR",
            Group.OPERATION,
            Parsers.logDirectory(),
            "",
            "Where the daemons' logs are kept: a folder in S3, to which they are sent in pieces as"
                + " well, below `APPLICATION_ID/HOST/ROLE/DATE/`; or a directory of this node"
                + " instead of the usual one. Not set: `logs` in the data directory.");
    logShipInterval =
        add(
            "LOG_SHIP_INTERVAL",
            Group.OPERATION,
            Parsers.duration(),
            "5m",
            "How often what was logged is sent, where `LOG_DIR` is in S3.");

    data =
        add(
            "SPARK_APPLIANCE_DATA",
            Group.PATHS,
            Parsers.absolutePath(),
            "/var/lib/spark-appliance",
            "Everything that is written: configuration, secrets, metastore, jobs, logs, scratch.");
    mountedConf =
        add(
            "SPARK_APPLIANCE_CONF",
            Group.PATHS,
            Parsers.absolutePath(),
            "/etc/spark-appliance",
            "Mounted configuration, merged over the shipped one; need not exist.");
    localDirs =
        add(
            "SPARK_LOCAL_DIRS",
            Group.PATHS,
            Parsers.absolutePaths(),
            "",
            "Scratch directories for shuffle and spill, comma-separated. Not set: what is mounted"
                + " below `/mnt/local`, else `local` in the data directory.");
    home =
        add(
            "SPARK_APPLIANCE_HOME",
            Group.PATHS,
            Parsers.absolutePath(),
            "/opt/spark-appliance",
            "This program. Set in the image.");
    sparkHome =
        add(
            "SPARK_HOME",
            Group.PATHS,
            Parsers.absolutePath(),
            "/opt/spark",
            "The Spark distribution. Set in the image.");
    confDir =
        add(
            "SPARK_CONF_DIR",
            Group.PATHS,
            Parsers.absolutePath(),
            "",
            "Where the configuration is written at start. Not set: `conf` in the data directory.");
    python =
        add(
            "PYSPARK_PYTHON",
            Group.PATHS,
            Parsers.text(),
            "python3",
            "Interpreter that drivers and executors share. Set in the image.");
  }

  private static String roleMeaning(Role role) {
    return switch (role) {
      case ZOOKEEPER -> "Run a ZooKeeper server; see `ZOOKEEPER_SERVERS`.";
      case MASTER -> "Run a Spark master.";
      case WORKER -> "Run a Spark worker.";
      case THRIFTSERVER -> "Run the JDBC/ODBC server (HiveServer2 protocol).";
      case CONNECT ->
          "Run a Spark Connect server (gRPC). Together with the thrift server it shares one"
              + " driver.";
      case HISTORYSERVER -> "Run the history server over the event logs.";
      case GATEWAY -> "Run the REST gateway.";
      case NOTEBOOK -> "Run JupyterLab; not in the `-slim` image.";
    };
  }

  private Variable<Integer> port(String name, String fallback, String meaning) {
    return add(name, Group.NETWORK, Parsers.port(), fallback, meaning);
  }

  private <T> Variable<T> add(
      String name, Group group, Parser<T> parser, String fallback, String meaning) {
    return add(name, List.of(), group, parser, fallback, meaning);
  }

  private <T> Variable<T> add(
      String name,
      List<String> aliases,
      Group group,
      Parser<T> parser,
      String fallback,
      String meaning) {
    Variable<T> variable =
        new Variable<>(
            name,
            aliases,
            group,
            parser,
            fallback.isEmpty() ? Optional.empty() : Optional.of(fallback),
            meaning);
    all.add(variable);
    return variable;
  }

  /** Every variable, in the order of the documentation. */
  public List<Variable<?>> all() {
    return Collections.unmodifiableList(all);
  }

  /** The variable that turns a role on. */
  public Variable<Boolean> role(Role role) {
    return roles.get(role);
  }

  /** Every name that means something: variables, aliases, and the names of their files. */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (Variable<?> variable : all) {
      names.add(variable.name());
      names.addAll(variable.aliases());
      if (variable.isSecret()) {
        names.add(variable.name() + Variable.FILE_SUFFIX);
        variable.aliases().forEach(alias -> names.add(alias + Variable.FILE_SUFFIX));
      }
    }
    return names;
  }
}
