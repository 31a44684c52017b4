package io.sparkappliance;

import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.AwsException;
import io.sparkappliance.aws.AwsRegion;
import io.sparkappliance.aws.Instance;
import io.sparkappliance.aws.LifecycleHook;
import io.sparkappliance.aws.Notices;
import io.sparkappliance.aws.Pauses;
import io.sparkappliance.cluster.HostOrStack;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.NamedMembers;
import io.sparkappliance.cluster.OwnAddress;
import io.sparkappliance.cluster.StackDirectory;
import io.sparkappliance.cluster.StackMembers;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.sparkconf.WrittenDefaults;
import io.sparkappliance.supervise.LogOwner;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Where a node runs, on an EC2 instance or elsewhere, and whom names of stacks stand for there. */
final class Surroundings implements AutoCloseable {
  /** {@code ADVERTISED_HOST} of a container that is the only one of its kind on its instance. */
  private static final String INSTANCE = "instance";

  private static final int ZOOKEEPER_PORT = 2181;

  private static final String STACK_TAG = "meta-data/tags/instance/" + StackDirectory.STACK_TAG;
  private static final String INTERFACES = "meta-data/network/interfaces/macs/";

  /** With three seconds of pauses in all. */
  private static final int METADATA_ATTEMPTS = 5;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);

  private static final String ROLE_REMEDY =
      "Allow it in a policy of the instance's role (docs/aws.md has a whole one), or name hosts"
          + " instead of a stack.";

  private final Map<String, String> environment;
  private final Consumer<String> say;
  private Optional<Instance> found;
  private Optional<Problem> unanswered = Optional.empty();
  private final Map<String, AwsApi> regions = new HashMap<>();
  private Optional<String> stackTag;
  private String whyNoStackTag = "it belongs to none, or tags in its metadata are off";
  private boolean isFallbackTold;
  private boolean isWritten;
  private StackMembers masters;
  private Optional<Servers> zooKeeper = Optional.empty();

  private Surroundings(Map<String, String> environment, Consumer<String> say) {
    this.environment = environment;
    this.say = say;
  }

  /**
   * Looks, when it is first asked, whether this is an EC2 instance.
   *
   * @param say is told what is waited for, now and later
   */
  static Surroundings of(World world, Consumer<String> say) {
    return new Surroundings(world.environment(), say);
  }

  private Optional<Instance> instance() {
    if (found == null) {
      try {
        found = Instance.find(environment, Path.of("/"), say);
      } catch (Instance.UnansweredException notThere) {
        // Who needs nothing of AWS does without.
        unanswered = Optional.of(notThere.problem());
        say.accept("warning: goes on without region and role: " + notThere.getMessage());
        found = Optional.empty();
      }
    }
    return found;
  }

  /** The environment, with the region if only the instance knew it. */
  Map<String, String> environment() {
    if (AwsRegion.of(environment).isPresent() || instance().isEmpty()) {
      return environment;
    }
    Map<String, String> more = new HashMap<>(environment);
    more.put("AWS_REGION", instance().get().identity().region());
    return Map.copyOf(more);
  }

  /** The region of this node, if there is one. */
  Optional<String> region() {
    return AwsRegion.of(environment());
  }

  /**
   * The way to AWS in a region, for all of this process.
   *
   * @param region such as {@code eu-central-1}
   * @throws NoClassDefFoundError where the AWS SDK is not installed
   */
  AwsApi aws(String region) {
    return regions.computeIfAbsent(region, name -> new AwsApi(name, environment(), say));
  }

  /** The name of the instance's role, if it has one and tells. */
  Optional<String> role() {
    try {
      return instance().isPresent()
          ? instance()
              .get()
              .metadata()
              .get("meta-data/iam/security-credentials/")
              .flatMap(names -> names.lines().map(String::strip).findFirst())
          : Optional.empty();
    } catch (IOException | ConfigurationException notNow) {
      return Optional.empty();
    }
  }

  /**
   * The address under which peers reach this node.
   *
   * @throws ConfigurationException when it shall be the instance's, and there is none
   */
  String host(Settings settings) {
    Optional<String> given = settings.network().advertisedHost();
    if (given.filter(INSTANCE::equals).isPresent()) {
      return instance()
          .map(it -> it.identity().privateAddress())
          .orElseThrow(
              () ->
                  elsewhere(
                      "ADVERTISED_HOST",
                      INSTANCE,
                      "stands for the private address of an EC2 instance, and this machine is none",
                      "Give the address under which other nodes reach this one, or leave it out."));
    }
    return given.or(this::privateAddress).orElseGet(OwnAddress::find);
  }

  /** The instance's, in the host's network; of several containers each has its own. */
  private Optional<String> privateAddress() {
    return instance().map(it -> it.identity().privateAddress()).filter(OwnAddress::isHere);
  }

  /**
   * A cluster whose nodes are known.
   *
   * @param settings with addresses instead of stacks' names
   * @param masters followed from now on
   * @param zooKeeper the ensemble, if there is one; followed, too
   */
  record Known(
      Settings settings, Members masters, Supplier<Optional<ZooKeeperEnsemble>> zooKeeper) {}

  /** An ensemble that is a stack. */
  private static final class Servers {
    private final ZooKeeperEnsemble given;
    private final StackMembers members;
    private ZooKeeperEnsemble written;

    Servers(ZooKeeperEnsemble given, StackMembers members) {
      this.given = given;
      this.members = members;
      this.written = now();
    }

    ZooKeeperEnsemble now() {
      return given.with(members.now());
    }
  }

  /**
   * Finds out who the names of stacks stand for. Waits for ZooKeeper, and for the masters unless
   * one is on this node: others may be in service only when that one is.
   *
   * @param host of this node
   * @throws ConfigurationException when AWS refuses to tell, or this is not AWS
   */
  Known known(Settings settings, String host) {
    warnOfAddress(settings, host);
    Settings.Cluster cluster = settings.cluster();
    Optional<ZooKeeperEnsemble> known = cluster.zooKeeper().map(given -> ensemble(settings, given));
    Supplier<Optional<ZooKeeperEnsemble>> ensemble =
        () -> zooKeeper.map(Servers::now).or(() -> known);
    cluster = cluster.with(known);
    Optional<String> stack = cluster.masterNames().stack().or(() -> ownStack(settings, host));
    if (stack.isEmpty()) {
      Members named = Members.named(cluster.masters());
      // Spark takes a name for one master, even if it stands for several.
      return new Known(
          settings.with(cluster.namesMasters() ? cluster.with(named.now()) : cluster),
          named,
          ensemble);
    }
    boolean isAlsoAHost = instance().isEmpty() && NamedMembers.isHost(stack.get());
    if (isAlsoAHost) {
      throw new ConfigurationException(
          new Problem(
              "MASTER_STACK_NAME",
              stack.get(),
              "without spark:// it is the name of a stack on AWS, and a host has this name",
              "Write spark://" + stack.get() + ":7077."));
    }
    boolean here = settings.runs(Role.MASTER);
    int port = settings.network().ports().master();
    masters =
        new StackMembers(
            new StackDirectory(aws("MASTER_STACK_NAME", stack.get())),
            stack.get(),
            port,
            cluster.masterNames().stack().isPresent() && !here ? 1 : cluster.size(),
            here ? List.of(new HostAndPort(host, port)) : List.of(),
            say,
            now -> writeDownAgain(settings));
    masters.follow();
    if (!here) {
      await("MASTER_STACK_NAME", stack.get(), masters);
    }
    return new Known(settings.with(cluster.with(masters.now())), masters, ensemble);
  }

  /** The same without a call to AWS: a stack's name stands where its members' addresses will. */
  Settings planned(Settings settings, String host) {
    Settings.Cluster cluster = settings.cluster();
    Optional<String> stack = cluster.masterNames().stack();
    if (stack.isEmpty()) {
      return cluster.namesMasters()
          ? settings.with(cluster.with(Members.named(cluster.masters()).now()))
          : settings;
    }
    String name = settings.runs(Role.MASTER) ? host : "members-of-" + stack.get();
    return settings.with(
        cluster.with(List.of(new HostAndPort(name, settings.network().ports().master()))));
  }

  /**
   * The stack and the instance, as folders of logs are named; elsewhere the application stands for
   * the stack, and the host for the instance.
   */
  LogOwner logOwner(Settings settings, String host) {
    // Of several containers on one instance each has logs of its own.
    String id = instance().map(it -> it.identity().instanceId()).orElse("");
    boolean alone =
        instance().filter(it -> it.identity().privateAddress().equals(host)).isPresent();
    String own = id.isEmpty() ? hostName(host) : id + "-" + hostName(host);
    return new LogOwner(stack(settings), alone ? id : own);
  }

  /**
   * The stack this node belongs to, by which its logs and metrics go; where it belongs to none, or
   * nothing tells, its application.
   */
  String stack(Settings settings) {
    String application = settings.application().id();
    Optional<String> tagged = stackByTag();
    boolean isUsed = settings.logShipping().isPresent() || settings.metricsNamespace().isPresent();
    if (tagged.isEmpty() && instance().isPresent() && isUsed && !isFallbackTold) {
      isFallbackTold = true;
      say.accept(
          "warning: the instance's metadata name no stack (%s), so logs and metrics of this node go by the name of its application, %s"
              .formatted(whyNoStackTag, application));
    }
    return tagged.orElse(application);
  }

  private static String hostName(String host) {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      return host;
    }
  }

  /**
   * What is to be done about notices of EC2; empty elsewhere, and where nobody wants it.
   *
   * @param node gets orders
   */
  Optional<Departure> departure(Settings settings, Departure.Node node) {
    Settings.Draining draining = settings.draining();
    if (draining.on().isEmpty()) {
      return Optional.empty();
    }
    Optional<Instance> here = instance();
    if (here.isEmpty()) {
      draining.lifecycleHook().ifPresent(this::warnOfHook);
      return Optional.empty();
    }
    Optional<LifecycleHook> hook =
        draining
            .lifecycleHook()
            .map(name -> new LifecycleHook(aws("LIFECYCLE_HOOK", name), here.get(), name));
    return Optional.of(
        new Departure(draining, new Notices(here.get().metadata(), say), hook, node, say));
  }

  private void warnOfHook(String hook) {
    say.accept(
        "warning: LIFECYCLE_HOOK=%s is ignored, and no group is told that this node is done: %s"
            .formatted(
                hook,
                unanswered.isPresent()
                    ? "the instance metadata service has not answered"
                    : "this machine is no EC2 instance"));
  }

  /** Puts what is known by now into the configuration that was written meanwhile. */
  synchronized void writeDown(Settings settings) {
    isWritten = true;
    writeDownAgain(settings);
  }

  /** Before, there is no configuration, or that of an earlier start. */
  private synchronized void writeDownAgain(Settings settings) {
    if (!isWritten) {
      return;
    }
    Path conf = settings.paths().confDir();
    try {
      if (masters != null) {
        WrittenDefaults.masters(conf, masters.now());
      }
      if (zooKeeper.isPresent()) {
        Servers servers = zooKeeper.get();
        ZooKeeperEnsemble now = servers.now();
        WrittenDefaults.zooKeeper(conf, servers.written, now);
        servers.written = now;
      }
    } catch (IOException failure) {
      say.accept("warning: programs that start here go on with nodes known before: " + failure);
    }
  }

  /** Stops following. */
  @Override
  public void close() {
    if (masters != null) {
      masters.close();
    }
    zooKeeper.ifPresent(servers -> servers.members.close());
    // No method reference: its class can't be loaded where the SDK is missing.
    for (AwsApi api : regions.values()) {
      api.close();
    }
  }

  /** A name that a name server knows is a host's, be it later; on EC2 any other is a stack's. */
  private ZooKeeperEnsemble ensemble(Settings settings, ZooKeeperEnsemble given) {
    Optional<String> stack =
        given.stack().filter(name -> !NamedMembers.isHost(name) && instance().isPresent());
    if (stack.isEmpty()) {
      return given;
    }
    if (settings.runs(Role.ZOOKEEPER)) {
      throw new ConfigurationException(
          new Problem(
              "ZOOKEEPER_STACK_NAME",
              stack.get(),
              "a node with a server of the ensemble can't wait for it, and no host has this name",
              "Leave it out, and name the servers' hosts by ZOOKEEPER_SERVERS."));
    }
    StackDirectory directory = new StackDirectory(aws("ZOOKEEPER_STACK_NAME", stack.get()));
    HostOrStack hostOrStack = new HostOrStack(NamedMembers::isHost, directory::members);
    StackMembers servers =
        StackMembers.ensemble(
            hostOrStack,
            stack.get(),
            ZOOKEEPER_PORT,
            say,
            now -> {
              hostOrStack.decide();
              serversChanged(settings);
            });
    servers.follow();
    try {
      await("ZOOKEEPER_STACK_NAME", stack.get(), servers);
    } catch (RuntimeException unknown) {
      servers.close();
      throw unknown;
    }
    Servers followed = new Servers(given, servers);
    begin(followed);
    return followed.written;
  }

  private synchronized void begin(Servers servers) {
    zooKeeper = Optional.of(servers);
  }

  private synchronized void serversChanged(Settings settings) {
    if (isWritten && zooKeeper.isPresent()) {
      say.accept(
          "ZooKeeper's servers are now %s for this launcher and for what starts from now on; a master or a gateway that runs keeps those it started with"
              .formatted(zooKeeper.get().now().addresses()));
      writeDownAgain(settings);
    }
  }

  private static void await(String variable, String stack, StackMembers members) {
    try {
      members.await();
    } catch (AwsException denied) {
      throw refused(variable, stack, denied);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", stopped);
    }
  }

  private static ConfigurationException refused(
      String variable, String stack, AwsException failure) {
    return new ConfigurationException(
        new Problem(variable, stack, failure.getMessage(), failure.remedy().orElse(ROLE_REMEDY)));
  }

  /**
   * Masters that nobody named are, with ZooKeeper, those of this instance's stack, if others reach
   * this node by the instance's address: a container among others on it has nothing to do with
   * that.
   */
  private Optional<String> ownStack(Settings settings, String host) {
    Settings.Cluster cluster = settings.cluster();
    if (cluster.namesMasters()
        || cluster.zooKeeper().isEmpty()
        || !settings.runs(Role.MASTER)
        || instance().filter(it -> it.identity().privateAddress().equals(host)).isEmpty()) {
      return Optional.empty();
    }
    Optional<String> tagged = stackByTag();
    if (tagged.isPresent()) {
      return tagged;
    }
    String id = instance().get().identity().instanceId();
    try {
      return new StackDirectory(aws("MASTER_STACK_NAME", "")).stackOf(id);
    } catch (AwsException failure) {
      if (cluster.size() > 1) {
        throw refused("MASTER_STACK_NAME", "", failure);
      }
      say.accept(
          "warning: whether this instance belongs to a stack is unknown, so the master here is taken"
              + " for the only one: "
              + failure.getMessage());
      return Optional.empty();
    }
  }

  /** As the instance's metadata tell, where tags are switched on in them. */
  private Optional<String> stackByTag() {
    if (stackTag == null) {
      try {
        stackTag = instance().isPresent() ? patiently(STACK_TAG) : Optional.empty();
      } catch (IOException away) {
        whyNoStackTag = String.valueOf(away.getMessage());
        stackTag = Optional.empty();
      }
    }
    return stackTag;
  }

  /** The metadata service takes a limited number of calls a second. */
  private Optional<String> patiently(String path) throws IOException {
    Duration pause = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      try {
        return instance().orElseThrow().metadata().get(path);
      } catch (IOException notNow) {
        if (attempt == METADATA_ATTEMPTS || !Pauses.pause(pause)) {
          throw notNow;
        }
        pause = pause.multipliedBy(2);
      }
    }
  }

  /**
   * A container in a network of its own has an address that no other machine reaches; which of
   * several on one instance may have the instance's, its operator alone knows.
   */
  private void warnOfAddress(Settings settings, String host) {
    if (settings.network().advertisedHost().isPresent()
        || instance().isEmpty()
        || isOfInstance(host)
        || !hasOtherMachines(settings)) {
      return;
    }
    say.accept(
        "warning: this node advertises %s, which is no address of the instance, so other machines can't reach it. A container with published ports needs ADVERTISED_HOST=instance, any other the host's network (--network host)"
            .formatted(host));
  }

  private boolean hasOtherMachines(Settings settings) {
    Settings.Cluster cluster = settings.cluster();
    return cluster.masterNames().stack().isPresent()
        || (settings.runs(Role.MASTER) && cluster.zooKeeper().isPresent())
        || stackByTag().isPresent();
  }

  /** It may have several, and those of its containers' own interfaces. */
  private boolean isOfInstance(String host) {
    if (instance().orElseThrow().identity().privateAddress().equals(host)) {
      return true;
    }
    try {
      for (String address : patiently(INTERFACES).orElse("").lines().toList()) {
        String path = INTERFACES + address.strip().replaceFirst("/$", "") + "/local-ipv4s";
        if (patiently(path).orElse("").lines().map(String::strip).anyMatch(host::equals)) {
          return true;
        }
      }
    } catch (IOException away) {
      // Then the main address is all that is known.
    }
    return false;
  }

  /** Not on EC2, or on it and its metadata service did not answer. */
  private ConfigurationException elsewhere(
      String variable, String value, String accepted, String remedy) {
    return new ConfigurationException(
        unanswered.orElseGet(() -> new Problem(variable, value, accepted, remedy)));
  }

  private AwsApi aws(String variable, String value) {
    instance();
    String region =
        region()
            .orElseThrow(
                () ->
                    elsewhere(
                        variable,
                        value,
                        "this is the name of a stack on AWS, and this machine is no EC2 instance",
                        "Write spark://host:7077, or, on AWS but not on EC2, set AWS_REGION."));
    try {
      return aws(region);
    } catch (NoClassDefFoundError noSdk) {
      throw new ConfigurationException(withoutSdk(variable, value));
    }
  }

  static Problem withoutSdk(String variable, String value) {
    String otherwise =
        variable.equals("LIFECYCLE_HOOK") ? "leave LIFECYCLE_HOOK out" : "name hosts";
    return new Problem(
        variable,
        value,
        "the AWS SDK is not installed here",
        "Put the S3 add-on into SPARK_APPLIANCE_HOME/spark-jars, or " + otherwise + ".");
  }
}
