package io.sparkappliance.settings;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything the environment asks for, parsed and checked; read once, at the edge.
 *
 * <p>What Spark itself reads is not repeated here: a variable that stands for one Spark setting is
 * an entry of {@link #sparkProperties}, only when it was set.
 *
 * @param application who this appliance is run for
 * @param roles what this node does; never empty
 * @param cluster the other nodes
 * @param zooKeeperServer the ZooKeeper server of this node, if it runs one
 * @param network addresses and ports
 * @param memory memory values that somebody set
 * @param sources configuration and libraries to fetch before the start
 * @param access who may use what
 * @param identity who tells the gateway who calls
 * @param gateway the REST gateway's limits
 * @param supervision how daemons are watched and stopped
 * @param draining when and how the node gives its work to others before it ends
 * @param paths where things are on this machine
 * @param logShipping where logs are sent to; empty: they stay on this machine
 * @param metricsNamespace {@code EMF_NAMESPACE}: of the metrics that CloudWatch makes of this
 *     node's output; empty: none
 * @param sparkProperties Spark settings given by variables ({@code DEFAULT_CORES}, {@code
 *     SPARK_CONF_…}), by their Spark name; secrets are not among them
 */
public record Settings(
    Application application,
    Set<Role> roles,
    Cluster cluster,
    ZooKeeperServer zooKeeperServer,
    Network network,
    Memory memory,
    Sources sources,
    Access access,
    Identity identity,
    Gateway gateway,
    Supervision supervision,
    Draining draining,
    Paths paths,
    Optional<LogShipping> logShipping,
    Optional<String> metricsNamespace,
    Map<String, String> sparkProperties) {

  /** Takes copies that can't be changed. */
  public Settings {
    roles = Set.copyOf(roles);
    sparkProperties = Map.copyOf(sparkProperties);
  }

  /** The same in a cluster whose nodes are known by their addresses. */
  public Settings with(Cluster known) {
    return new Settings(
        application,
        roles,
        known,
        zooKeeperServer,
        network,
        memory,
        sources,
        access,
        identity,
        gateway,
        supervision,
        draining,
        paths,
        logShipping,
        metricsNamespace,
        sparkProperties);
  }

  /** Whether this node was asked to run a role. */
  public boolean runs(Role role) {
    return roles.contains(role);
  }

  /** Whether the node runs a Spark driver for SQL: thrift server, Spark Connect or both in one. */
  public boolean runsSqlDriver() {
    return runs(Role.THRIFTSERVER) || runs(Role.CONNECT);
  }

  /**
   * Master and worker here and no other node: what the contract calls a single node. Only there may
   * a cluster secret be generated, because nobody else needs to know it.
   */
  public boolean isSingleNode() {
    return runs(Role.MASTER)
        && runs(Role.WORKER)
        && cluster.size() == 1
        && !cluster.namesMasters()
        && cluster.zooKeeper().isEmpty();
  }

  /**
   * Name and version of the application that the cluster serves.
   *
   * @param id {@code APPLICATION_ID}
   * @param version {@code APPLICATION_VERSION}, may be empty
   */
  public record Application(String id, String version) {
    /** Default SQL user name: {@code id-version-hostname}, without a double dash. */
    public String sqlUser(String hostname) {
      return version.isEmpty() ? id + "-" + hostname : id + "-" + version + "-" + hostname;
    }
  }

  /**
   * The cluster this node belongs to.
   *
   * @param size {@code CLUSTER_SIZE}: nodes in the stack, at least 1
   * @param masterNames {@code MASTER_STACK_NAME}; none: own address, or, with ZooKeeper in a stack
   *     on AWS, the members of that
   * @param zooKeeper {@code ZOOKEEPER_STACK_NAME}: what elects one of several masters
   */
  public record Cluster(int size, MasterNames masterNames, Optional<ZooKeeperEnsemble> zooKeeper) {
    /** The masters' addresses; empty: this node's own, or those of a stack's members. */
    public List<HostAndPort> masters() {
      return masterNames.addresses();
    }

    /** Whether somebody named a master. */
    public boolean namesMasters() {
      return !masterNames.equals(MasterNames.NONE);
    }

    /** The same, with these masters instead of the names that stand for them. */
    public Cluster with(List<HostAndPort> masters) {
      return new Cluster(size, MasterNames.of(masters), zooKeeper);
    }

    /** The same, with this ensemble. */
    public Cluster with(Optional<ZooKeeperEnsemble> ensemble) {
      return new Cluster(size, masterNames, ensemble);
    }
  }

  /**
   * The ZooKeeper server of this node, if it runs one.
   *
   * @param servers {@code ZOOKEEPER_SERVERS}: hosts of all servers; empty: this one alone
   * @param id {@code ZOOKEEPER_ID}: this server's place among them, from 1; empty: found at start
   * @param port {@code ZOOKEEPER_PORT}: for clients
   * @param quorumPort {@code ZOOKEEPER_QUORUM_PORT}: for followers
   * @param electionPort {@code ZOOKEEPER_ELECTION_PORT}: for elections
   * @param tls for clients and between servers; empty: without
   */
  public record ZooKeeperServer(
      List<String> servers,
      Optional<Integer> id,
      int port,
      int quorumPort,
      int electionPort,
      Optional<ZooKeeperTls> tls) {
    /** Takes a copy that can't be changed. */
    public ZooKeeperServer {
      servers = List.copyOf(servers);
    }

    /** Where clients find the servers. */
    public List<HostAndPort> clientAddresses() {
      return servers.stream().map(host -> new HostAndPort(host, port)).toList();
    }
  }

  /**
   * Addresses and ports.
   *
   * @param advertisedHost {@code ADVERTISED_HOST}: address under which peers reach this node;
   *     empty: found at start
   * @param publicDns {@code SPARK_PUBLIC_DNS}: host name for links in web pages
   * @param ports listening ports
   * @param givenPorts catalogue names of the port variables that somebody set, be it to the default
   */
  public record Network(
      Optional<String> advertisedHost,
      Optional<String> publicDns,
      Ports ports,
      Set<String> givenPorts) {
    /** Takes a copy that can't be changed. */
    public Network {
      givenPorts = Set.copyOf(givenPorts);
    }
  }

  /**
   * Listening ports, 1–65535.
   *
   * @param master {@code SPARK_MASTER_PORT}
   * @param masterUi {@code SPARK_MASTER_WEBUI_PORT}
   * @param worker {@code SPARK_WORKER_PORT}; empty: 7077 without a master beside it, else chosen by
   *     the system
   * @param workerUi {@code SPARK_WORKER_WEBUI_PORT}
   * @param shuffleService {@code SHUFFLE_SERVICE_PORT}: the workers' external shuffle service
   * @param thrift {@code THRIFT_PORT}
   * @param connect {@code CONNECT_PORT}
   * @param history {@code HISTORY_PORT}
   * @param gateway {@code GATEWAY_PORT}
   * @param notebook {@code NOTEBOOK_PORT}
   * @param management {@code MANAGEMENT_PORT}: health, readiness and metrics of the launcher
   * @param sqlDriver {@code SQL_DRIVER_PORT}: RPC port of the driver of thrift server and Connect
   * @param sqlBlockManager {@code SQL_BLOCK_MANAGER_PORT}: that driver's block manager
   * @param sqlUi {@code SQL_UI_PORT}: that driver's web page
   */
  public record Ports(
      int master,
      int masterUi,
      Optional<Integer> worker,
      int workerUi,
      int shuffleService,
      int thrift,
      int connect,
      int history,
      int gateway,
      int notebook,
      int management,
      int sqlDriver,
      int sqlBlockManager,
      int sqlUi) {}

  /**
   * Memory that somebody asked for; what is empty is planned from what the node has.
   *
   * @param executor {@code EXECUTOR_MEMORY}: heap of one executor
   * @param driver {@code DRIVER_MEMORY}: heap of each driver that the appliance starts
   * @param worker {@code SPARK_WORKER_MEMORY}: what the worker may hand to executors
   * @param daemon {@code SPARK_DAEMON_MEMORY}: heap of master, worker and history server each
   */
  public record Memory(
      Optional<MemorySize> executor,
      Optional<MemorySize> driver,
      Optional<MemorySize> worker,
      Optional<MemorySize> daemon) {}

  /**
   * What is fetched or installed before the daemons start. Locations are absolute local paths,
   * {@code file:}, {@code http(s):} or {@code s3:} URIs.
   *
   * @param hiveSite {@code HIVE_SITE_XML}
   * @param extConf {@code EXT_CONF}
   * @param extJars {@code EXT_JARS}
   * @param pythonLibs {@code PYTHON_LIBS}: pip requirement specifiers, and locations of files with
   *     such
   * @param initScripts {@code INIT_SCRIPTS}
   */
  public record Sources(
      Optional<String> hiveSite,
      Optional<String> extConf,
      List<String> extJars,
      List<String> pythonLibs,
      List<String> initScripts) {
    /** Takes copies that can't be changed. */
    public Sources {
      extJars = List.copyOf(extJars);
      pythonLibs = List.copyOf(pythonLibs);
      initScripts = List.copyOf(initScripts);
    }

    /** What pip takes as it is. */
    public List<String> requirements() {
      return pythonLibs.stream().filter(part -> !Parsers.isRequirementFile(part)).toList();
    }

    /** Locations of files that hold more requirements. */
    public List<String> requirementFiles() {
      return pythonLibs.stream().filter(Parsers::isRequirementFile).toList();
    }
  }

  /**
   * Who may use what.
   *
   * @param api {@code API_AUTH}: guard of the gateway's POSTs and job calls
   * @param thrift {@code THRIFT_AUTH}: guard of JDBC logins
   * @param connect {@code CONNECT_AUTH}: guard of Spark Connect
   * @param apiToken {@code API_TOKEN}; empty: generated at the first start
   * @param showToken {@code SHOW_TOKEN}: print the token at every start, not only when it is made
   * @param commandPrefix {@code COMMAND_PREFIX}: what a person types before a command for this node
   * @param notebookToken {@code NOTEBOOK_TOKEN}; empty: the API token
   * @param rpcAuthentication {@code SPARK_RPC_AUTHENTICATION_ENABLED}; empty: on when a secret is
   *     known
   * @param rpcSecret {@code SPARK_RPC_AUTHENTICATION_SECRET}: the cluster secret
   * @param ssl the {@code SPARK_SSL_…} family, when switched on
   */
  public record Access(
      AuthMode api,
      AuthMode thrift,
      AuthMode connect,
      Optional<Secret> apiToken,
      boolean showToken,
      Optional<String> commandPrefix,
      Optional<Secret> notebookToken,
      Optional<Boolean> rpcAuthentication,
      Optional<Secret> rpcSecret,
      Optional<Ssl> ssl) {}

  /** How a service checks who calls. */
  public enum AuthMode {
    /** A bearer token, as password for JDBC. */
    TOKEN,
    /** Open to everyone who reaches the port. */
    NONE
  }

  /**
   * TLS of Spark's web pages, {@code spark.ssl.*}.
   *
   * @param keyStore {@code SPARK_SSL_KEYSTORE_FILE}
   * @param keyStorePassword {@code SPARK_SSL_KEYSTORE_PASSWORD}
   * @param keyPassword {@code SPARK_SSL_KEY_PASSWORD}
   * @param trustStore {@code SPARK_SSL_TRUSTSTORE_FILE}
   * @param trustStorePassword {@code SPARK_SSL_TRUSTSTORE_PASSWORD}
   * @param needClientAuth {@code SPARK_SSL_NEED_CLIENT_AUTH}
   * @param protocol {@code SPARK_SSL_PROTOCOL}, such as {@code TLSv1.3}
   */
  public record Ssl(
      Path keyStore,
      Secret keyStorePassword,
      Optional<Secret> keyPassword,
      Optional<Path> trustStore,
      Optional<Secret> trustStorePassword,
      boolean needClientAuth,
      String protocol) {}

  /**
   * Who tells the gateway who calls.
   *
   * @param provider whose tokens count; empty: the API token, or none at all
   * @param scopes {@code OAUTH2_SCOPE}: all that a token must carry
   * @param audiences {@code OAUTH2_AUDIENCE}: one of these must be a token's, where that is
   *     checked; never empty with {@link Oidc}
   * @param userClaim {@code USER_CLAIM}: what names the person, who owns jobs by that name
   * @param roles what makes somebody an administrator
   * @param signIn for browsers; empty: they need a token, too
   */
  public record Identity(
      Optional<Provider> provider,
      List<String> scopes,
      Set<String> audiences,
      String userClaim,
      Roles roles,
      Optional<SignIn> signIn) {
    /** Takes copies that can't be changed. */
    public Identity {
      scopes = List.copyOf(scopes);
      audiences = Set.copyOf(audiences);
    }

    /** {@code OAUTH2_CLIENT_SECRET}, where it is of use. */
    public Optional<Secret> clientSecret() {
      return signIn.flatMap(SignIn::clientSecret);
    }

    /** {@code INTROSPECTION_CLIENT_SECRET}, where it is of use. */
    public Optional<Secret> introspectionSecret() {
      return provider
          .filter(Introspection.class::isInstance)
          .map(it -> ((Introspection) it).clientSecret());
    }
  }

  /** Whose tokens count. */
  public sealed interface Provider permits TokenInfo, Oidc, Introspection {}

  /**
   * The protocol of 2016: an address that tells what it knows of a token.
   *
   * @param url {@code TOKENINFO_URL}
   * @param tokenIn {@code TOKENINFO_TOKEN_IN}
   */
  public record TokenInfo(URI url, TokenIn tokenIn) implements Provider {}

  /** Where a token is put when an address is asked about it. */
  public enum TokenIn {
    /** {@code Authorization: Bearer}. */
    HEADER,
    /** {@code ?access_token=}, for servers that know nothing else. */
    QUERY
  }

  /**
   * OpenID Connect: signed tokens, keys by discovery.
   *
   * @param issuer {@code OIDC_ISSUER}, letter by letter as tokens have it
   */
  public record Oidc(String issuer) implements Provider {}

  /**
   * RFC 7662.
   *
   * @param url {@code INTROSPECTION_URL}
   * @param clientId {@code INTROSPECTION_CLIENT_ID}
   * @param clientSecret {@code INTROSPECTION_CLIENT_SECRET}
   */
  public record Introspection(URI url, String clientId, Secret clientSecret) implements Provider {}

  /**
   * From a claim to a role; the highest that applies counts.
   *
   * @param claim {@code ROLES_CLAIM}; empty: all are the same
   * @param admin {@code ROLES_ADMIN}: values that make an administrator
   * @param user {@code ROLES_USER}
   * @param reader {@code ROLES_READER}
   * @param otherwise {@code ROLES_DEFAULT}: of those who have none of these; empty: they are
   *     refused
   */
  public record Roles(
      Optional<String> claim,
      Set<String> admin,
      Set<String> user,
      Set<String> reader,
      Optional<UserRole> otherwise) {
    /** Takes copies that can't be changed. */
    public Roles {
      admin = Set.copyOf(admin);
      user = Set.copyOf(user);
      reader = Set.copyOf(reader);
    }
  }

  /**
   * Sign-in with a browser.
   *
   * @param clientId {@code OAUTH2_CLIENT_ID}
   * @param clientSecret {@code OAUTH2_CLIENT_SECRET}; empty: a public client
   * @param authorisation {@code AUTH_URL}; empty: the issuer's
   * @param token {@code TOKEN_URL}, where codes are exchanged; empty: the issuer's
   * @param scopes {@code SIGN_IN_SCOPES}: asked for beside those that are needed
   * @param lifetime {@code SIGN_IN_LIFETIME}
   */
  public record SignIn(
      String clientId,
      Optional<Secret> clientSecret,
      Optional<URI> authorisation,
      Optional<URI> token,
      List<String> scopes,
      Duration lifetime) {
    /** Takes a copy that can't be changed. */
    public SignIn {
      scopes = List.copyOf(scopes);
    }
  }

  /**
   * Limits of the REST gateway.
   *
   * @param maxUpload {@code MAX_UPLOAD_SIZE}: bytes of one request's body
   * @param maxConcurrentQueries {@code MAX_CONCURRENT_QUERIES}: SQL jobs that run at once
   * @param maxConcurrentApplications {@code MAX_CONCURRENT_APPLICATIONS}: applications that run at
   *     once
   * @param quotas how much of it is kept and may wait
   * @param sessions how many named SQL sessions are kept, and how long
   * @param jobsDir {@code JOBS_DIR}: inputs and outputs of jobs, and their records where no
   *     database is named; where the jobs are in S3, the same of those that run on this node
   * @param jobsInS3 {@code JOBS_DIR} in S3, {@code s3a://bucket[/prefix]}; empty: they are in
   *     {@code jobsDir}
   * @param jobsDatabase {@code JOBS_DATABASE}: records that several gateways share; empty: this
   *     gateway's own
   * @param thriftServer {@code THRIFT_SERVER}: where SQL is sent when this node runs no thrift
   *     server; empty: the masters' hosts are tried
   * @param trustedProxies {@code TRUSTED_PROXIES}: who is believed what they say of their clients
   * @param submitEnvironment {@code SUBMIT_ENVIRONMENT}: variables that applications may bring
   * @param webhooks who may be told of the end of a job
   * @param tls empty: without
   */
  public record Gateway(
      MemorySize maxUpload,
      int maxConcurrentQueries,
      int maxConcurrentApplications,
      JobQuotas quotas,
      NamedSessions sessions,
      Path jobsDir,
      Optional<String> jobsInS3,
      Optional<JobsDatabase> jobsDatabase,
      Optional<HostAndPort> thriftServer,
      List<AddressRange> trustedProxies,
      VariableNames submitEnvironment,
      Webhooks webhooks,
      Optional<GatewayTls> tls) {
    /** Takes a copy that can't be changed. */
    public Gateway {
      trustedProxies = List.copyOf(trustedProxies);
    }
  }

  /**
   * Who may be told of the end of a job.
   *
   * @param hosts {@code WEBHOOK_HOSTS}; none: nobody
   * @param privateNetworks {@code WEBHOOK_PRIVATE_NETWORKS}: addresses that may be called although
   *     they are not public
   * @param secret {@code WEBHOOK_SECRET}: signs what is told; empty: no signature
   */
  public record Webhooks(
      WebhookHosts hosts, List<AddressRange> privateNetworks, Optional<Secret> secret) {
    /** Takes a copy that can't be changed. */
    public Webhooks {
      privateNetworks = List.copyOf(privateNetworks);
    }
  }

  /**
   * A PostgreSQL database in which several gateways keep their jobs.
   *
   * @param url {@code JOBS_DATABASE}: {@code jdbc:postgresql://host:port/database}, with options of
   *     the driver
   * @param user {@code JOBS_DATABASE_USER}
   * @param password {@code JOBS_DATABASE_PASSWORD}; empty where the server asks for none
   */
  public record JobsDatabase(String url, String user, Optional<Secret> password) {}

  /**
   * How many of the gateway's jobs may wait, and how much is kept of them.
   *
   * @param queued {@code MAX_QUEUED_JOBS}: jobs of each kind that may wait
   * @param runningPerUser {@code MAX_USER_RUNNING_JOBS}: jobs of each kind of one user that run at
   *     once
   * @param queuedPerUser {@code MAX_USER_QUEUED_JOBS}: jobs of each kind of one user that may wait
   * @param uploadsPerUser {@code MAX_USER_UPLOADS}: bytes of one user's uploads
   * @param outputsPerUser {@code MAX_USER_OUTPUTS}: bytes of the outputs of one user's jobs
   * @param outputPerJob {@code MAX_JOB_OUTPUT}: bytes of one job's output
   * @param keep {@code KEEP_JOBS}: time after a job's end
   * @param keepSize {@code KEEP_JOBS_SIZE}: bytes of all uploads and outputs
   */
  public record JobQuotas(
      int queued,
      int runningPerUser,
      int queuedPerUser,
      MemorySize uploadsPerUser,
      MemorySize outputsPerUser,
      MemorySize outputPerJob,
      Duration keep,
      MemorySize keepSize) {
    /** More than there is. */
    static final MemorySize NO_LIMIT = new MemorySize(Long.MAX_VALUE);
  }

  /**
   * SQL sessions that outlive a job.
   *
   * @param idle {@code SQL_SESSION_IDLE}: time after the last job
   * @param perUser {@code MAX_USER_SESSIONS}: sessions of one user
   */
  public record NamedSessions(Duration idle, int perUser) {}

  /**
   * How daemons are watched and stopped.
   *
   * @param gracePeriod {@code STOP_GRACE_PERIOD}: time for an orderly stop of everything
   * @param readyTimeout {@code READY_TIMEOUT}: time in which a daemon must become ready before it
   *     counts as failed
   * @param maxRestarts {@code MAX_RESTARTS}: restarts of one daemon within {@code restartWindow}
   *     before the node gives up
   * @param restartWindow {@code RESTART_WINDOW}
   * @param logFormat {@code LOG_FORMAT}
   */
  public record Supervision(
      Duration gracePeriod,
      Duration readyTimeout,
      int maxRestarts,
      Duration restartWindow,
      LogFormat logFormat) {}

  /**
   * When and how the node gives its work to others before it ends.
   *
   * @param on {@code DRAIN_ON}: the notices of EC2 that make it do so
   * @param timeout {@code DRAIN_TIMEOUT}: for all of it; a spot instance has two minutes at most
   * @param lifecycleHook {@code LIFECYCLE_HOOK}: by which its auto-scaling group waits for it
   */
  public record Draining(Set<NoticeKind> on, Duration timeout, Optional<String> lifecycleHook) {
    /** Takes a copy that can't be changed. */
    public Draining {
      on = Set.copyOf(on);
    }
  }

  /** Shape of the lines on standard output. */
  public enum LogFormat {
    /** Role, then the line as the daemon wrote it. */
    TEXT,
    /** One JSON object per line. */
    JSON
  }

  /**
   * Daemons' logs in S3.
   *
   * @param folder {@code LOG_DIR}: {@code s3://bucket[/prefix]}
   * @param interval {@code LOG_SHIP_INTERVAL}: pause between two pieces of a log that is written to
   */
  public record LogShipping(String folder, Duration interval) {}

  /**
   * Where things are on this machine.
   *
   * @param home {@code SPARK_APPLIANCE_HOME}: this program, its {@code conf/} and {@code
   *     spark-jars/}
   * @param sparkHome {@code SPARK_HOME}: the Spark distribution
   * @param data {@code SPARK_APPLIANCE_DATA}: everything that is written
   * @param mountedConf {@code SPARK_APPLIANCE_CONF}: configuration that an operator mounted; need
   *     not exist
   * @param confDir {@code SPARK_CONF_DIR}: the configuration written at start
   * @param eventLogDir {@code EVENT_LOG_DIR}: a local path or a URI
   * @param logs {@code LOG_DIR}, where that is a path: one log file per daemon
   * @param localDirs {@code SPARK_LOCAL_DIRS}: scratch space; empty: below {@code data}
   * @param python {@code PYSPARK_PYTHON}: interpreter that driver and executors share
   */
  public record Paths(
      Path home,
      Path sparkHome,
      Path data,
      Path mountedConf,
      Path confDir,
      String eventLogDir,
      Path logs,
      List<Path> localDirs,
      String python) {
    /** Takes a copy that can't be changed. */
    public Paths {
      localDirs = List.copyOf(localDirs);
    }

    /** Secrets generated on this node: directory with mode 0700. */
    public Path secrets() {
      return data.resolve("secrets");
    }

    /** Pieces of daemons' logs that wait to be sent. */
    public Path unshippedLogs() {
      return data.resolve("unshipped-logs");
    }

    /** Temporary files of this node's Spark daemons; nothing in it outlives a start. */
    public Path temporary() {
      return data.resolve("tmp");
    }

    /** Log and snapshots of this node's ZooKeeper server. */
    public Path zooKeeper() {
      return data.resolve("zookeeper");
    }

    /** Which ZooKeeper session the master of this node has; whoever knows it can end it. */
    public Path masterSession() {
      return secrets().resolve("zookeeper-session");
    }

    /**
     * A given secret as a file, for processes of this node.
     *
     * @param variable its variable, such as {@code ZOOKEEPER_AUTH}
     */
    public Path secret(String variable) {
      return secrets().resolve(variable.toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    /** What a master writes down to find its workers and applications again after a crash. */
    public Path recovery() {
      return data.resolve("recovery");
    }

    /** Files fetched at start: external jars and configuration. */
    public Path fetched() {
      return data.resolve("fetched");
    }
  }
}
