package io.sparkappliance.auth;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;

/**
 * The name and password with which a cluster's own processes make their nodes in ZooKeeper, scheme
 * {@code digest}: nobody else may change them. Everybody may read where services are, and nothing
 * else: what masters remember holds the environments of applications.
 */
public final class ZooKeeperLogin implements ACLProvider {
  /** Where services are: with the same list of readers for a folder and what is in it. */
  private static final Pattern PUBLIC =
      Pattern.compile(".*/(hiveserver2(/.*)?|connect(/.*)?|current_master|current_leader)");

  // Not List.of(): ZooKeeper asks whether they contain null.
  private static final List<ACL> OURS = ZooDefs.Ids.CREATOR_ALL_ACL;
  private static final List<ACL> OURS_AND_PUBLIC =
      Stream.concat(OURS.stream(), ZooDefs.Ids.READ_ACL_UNSAFE.stream())
          .collect(Collectors.toList());

  private final String nameAndPassword;

  /**
   * A login.
   *
   * @param nameAndPassword {@code name:password}, as ZooKeeper's {@code addauth digest} takes it
   */
  public ZooKeeperLogin(String nameAndPassword) {
    this.nameAndPassword = nameAndPassword;
  }

  /** Makes clients that log in, and whose nodes are theirs. */
  public void applyTo(CuratorFrameworkFactory.Builder builder) {
    builder
        .authorization("digest", nameAndPassword.getBytes(StandardCharsets.UTF_8))
        .aclProvider(this);
  }

  /**
   * Closes what an earlier cluster without a login left open, and all below it; also the client's
   * namespace itself, below which it lies.
   *
   * @param client logged in by {@link #applyTo}
   * @param path what need not exist
   * @throws KeeperException.NoAuthException when nodes there belong to another login
   */
  public void claim(CuratorFramework client, String path) throws Exception {
    if (!client.getNamespace().isEmpty()) {
      client.setACL().withACL(OURS).forPath("/");
    }
    claimAll(client, path);
  }

  private void claimAll(CuratorFramework client, String path) throws Exception {
    try {
      client.setACL().withACL(getAclForPath(path)).forPath(path);
      for (String child : client.getChildren().forPath(path)) {
        claimAll(client, path + "/" + child);
      }
    } catch (KeeperException.NoNodeException goneMeanwhile) {
      // Nothing is left to close.
    }
  }

  @Override
  public List<ACL> getDefaultAcl() {
    return OURS;
  }

  @Override
  public List<ACL> getAclForPath(String path) {
    return PUBLIC.matcher(path).matches() ? OURS_AND_PUBLIC : OURS;
  }
}
