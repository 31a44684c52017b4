package io.sparkappliance;

import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.AwsException;
import io.sparkappliance.aws.AwsRegion;
import io.sparkappliance.aws.Instance;
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
import io.sparkappliance.sparkconf.MastersLine;
import io.sparkappliance.supervise.LogOwner;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Where a node runs, on an EC2 instance or elsewhere, and whom names of stacks stand for there. */
final class Surroundings implements AutoCloseable {
  private static final int ZOOKEEPER_PORT = 2181;

  private static final String ROLE_REMEDY =
      "Allow it in a policy of the instance's role (docs/aws.md has a whole one), or name hosts"
          + " instead of a stack.";

  private final Map<String, String> environment;
  private final Consumer<String> say;
  private Optional<Instance> found;
  private AwsApi aws;
  private StackMembers masters;

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
      found = Instance.find(environment, Path.of("/"), say);
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

  /** The address under which peers reach this node. */
  String host(Settings settings) {
    return settings
        .network()
        .advertisedHost()
        .or(() -> privateAddress(settings))
        .orElseGet(OwnAddress::find);
  }

  /**
   * The instance's, where it is this node's: in the host's network, or in a container that is the
   * instance's only one, as in a stack. Of several containers on one instance each has its own.
   */
  private Optional<String> privateAddress(Settings settings) {
    return instance()
        .map(it -> it.identity().privateAddress())
        .filter(
            address ->
                OwnAddress.isHere(address)
                    || settings.cluster().masterNames().stack().isPresent()
                    || stackByTag().isPresent());
  }

  /**
   * A cluster whose nodes are known.
   *
   * @param settings with addresses instead of stacks' names
   * @param masters followed from now on
   */
  record Known(Settings settings, Members masters) {}

  /**
   * Finds out who the names of stacks stand for. Waits for ZooKeeper, and for the masters unless
   * one is on this node: others may be in service only when that one is.
   *
   * @param host of this node
   * @throws ConfigurationException when AWS refuses to tell, or this is not AWS
   */
  Known known(Settings settings, String host) {
    Settings.Cluster cluster = settings.cluster();
    cluster = cluster.with(cluster.zooKeeper().map(this::ensemble));
    Optional<String> stack = cluster.masterNames().stack().or(() -> ownStack(settings));
    if (stack.isEmpty()) {
      Members named = Members.named(cluster.masters());
      // Spark takes a name for one master, even if it stands for several.
      return new Known(
          settings.with(cluster.namesMasters() ? cluster.with(named.now()) : cluster), named);
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
            now -> writeDown(settings, now));
    masters.follow();
    if (!here) {
      await("MASTER_STACK_NAME", stack.get(), masters);
    }
    return new Known(settings.with(cluster.with(masters.now())), masters);
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
    String application = settings.application().id();
    return instance()
        .map(it -> new LogOwner(stackByTag().orElse(application), it.identity().instanceId()))
        .orElseGet(() -> new LogOwner(application, hostName(host)));
  }

  private static String hostName(String host) {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      return host;
    }
  }

  /** Puts what is known by now into the configuration that was written meanwhile. */
  void writeDown(Settings settings) {
    if (masters != null) {
      writeDown(settings, masters.now());
    }
  }

  private void writeDown(Settings settings, List<HostAndPort> now) {
    try {
      MastersLine.replace(settings.paths().confDir(), now);
    } catch (IOException failure) {
      say.accept(
          "warning: programs that start here go on with the masters known before: " + failure);
    }
  }

  /** Stops following. */
  @Override
  public void close() {
    if (masters != null) {
      masters.close();
    }
    if (aws != null) {
      aws.close();
    }
  }

  /** A name that a name server knows is a host's; on EC2 any other is a stack's. */
  private ZooKeeperEnsemble ensemble(ZooKeeperEnsemble given) {
    Optional<String> stack =
        given.stack().filter(name -> instance().isPresent() && !NamedMembers.isHost(name));
    if (stack.isEmpty()) {
      return given;
    }
    try (StackMembers servers =
        StackMembers.steady(
            new StackDirectory(aws("ZOOKEEPER_STACK_NAME", stack.get())),
            stack.get(),
            ZOOKEEPER_PORT,
            say)) {
      servers.follow();
      await("ZOOKEEPER_STACK_NAME", stack.get(), servers);
      return given.with(servers.now());
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
        new Problem(variable, stack, failure.getMessage(), ROLE_REMEDY));
  }

  /** Masters that nobody named are, with ZooKeeper, those of this instance's stack. */
  private Optional<String> ownStack(Settings settings) {
    Settings.Cluster cluster = settings.cluster();
    if (instance().isEmpty()
        || cluster.namesMasters()
        || cluster.zooKeeper().isEmpty()
        || !settings.runs(Role.MASTER)) {
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
    try {
      return instance().isPresent()
          ? instance().get().metadata().get("meta-data/tags/instance/" + StackDirectory.STACK_TAG)
          : Optional.empty();
    } catch (IOException notNow) {
      return Optional.empty();
    }
  }

  private AwsApi aws(String variable, String value) {
    if (aws == null) {
      String region =
          region()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          new Problem(
                              variable,
                              value,
                              "this is the name of a stack on AWS, and this machine is no EC2"
                                  + " instance",
                              "Write spark://host:7077, or, on AWS but not on EC2, set"
                                  + " AWS_REGION.")));
      aws = new AwsApi(region, environment());
    }
    return aws;
  }
}
