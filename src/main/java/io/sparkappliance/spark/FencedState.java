package io.sparkappliance.spark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.rpc.RpcEnv;
import org.apache.zookeeper.KeeperException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;

/**
 * What a master remembers, in ZooKeeper. Every write is one transaction with a check that the
 * writer's own place in the election still exists: a master that was paused and wakes after another
 * was elected changes nothing, and learns that it leads no more.
 */
final class FencedState extends PersistenceEngine {
  private static final Logger LOG = LoggerFactory.getLogger(FencedState.class);

  private static final int ATTEMPTS = 3;

  private final ZooKeeperSession session;
  private final String directory;
  private final StateCodec codec;
  private final Leadership leadership;

  /** What vanished has been forgotten, in this term. */
  private volatile boolean tidied;

  FencedState(ZooKeeperSession session, String directory, StateCodec codec, Leadership leadership) {
    this.session = session;
    this.directory = directory;
    this.codec = codec;
    this.leadership = leadership;
  }

  @Override
  public void persist(String name, Object value) {
    write(
        name,
        () -> {
          byte[] bytes = codec.encode(value);
          ensureDirectory();
          return client().checkExists().forPath(path(name)) == null
              ? operations().create().forPath(path(name), bytes)
              : operations().setData().forPath(path(name), bytes);
        });
  }

  @Override
  public void unpersist(String name) {
    write(
        name,
        () ->
            client().checkExists().forPath(path(name)) == null
                ? null
                : operations().delete().forPath(path(name)));
  }

  @Override
  public <T> Seq<T> read(String prefix, ClassTag<T> type) {
    Map<String, T> values = new LinkedHashMap<>();
    try {
      ensureDirectory();
      for (String name : client().getChildren().forPath(directory)) {
        if (name.startsWith(prefix)) {
          readOne(name, type).ifPresent(value -> values.put(name, value));
        }
      }
    } catch (Exception unreadable) {
      leadership.lost();
      throw new IllegalStateException("can't read the state of the masters", unreadable);
    }
    if (!tidied) {
      forgetTheVanished(values);
    }
    return CollectionConverters.asScala(List.copyOf(values.values())).toList();
  }

  /**
   * Reads everything once, and forgets what vanished: what takes its time is done before the master
   * is told that it leads, and stops to answer for as long as it reads.
   *
   * @param rpc of the master: references to others are read by it
   */
  void tidy(RpcEnv rpc) {
    readPersistedData(rpc);
    tidied = true;
  }

  /** What another version wrote stays where it is, for a master that can read it. */
  private <T> Optional<T> readOne(String name, ClassTag<T> type) throws Exception {
    byte[] bytes;
    try {
      bytes = client().getData().forPath(path(name));
    } catch (KeeperException.NoNodeException goneMeanwhile) {
      return Optional.empty();
    }
    try {
      return Optional.of(codec.decode(bytes, type));
    } catch (Exception | LinkageError notOurs) {
      // Scala throws what it does not declare: a class that is not there must not end every master.
      LOG.error("can't read {}: it is left out; was it written by another version?", name, notOurs);
      return Optional.empty();
    }
  }

  private void forgetTheVanished(Map<String, ?> values) {
    for (String name : Reachability.vanished(values)) {
      LOG.warn("{} takes no connections: forgotten", name);
      values.remove(name);
      if (leadership.proof().isPresent()) {
        unpersist(name);
      }
    }
  }

  /** A master that can't write must not go on: others would not know what it decided. */
  private void write(String name, Change change) {
    String proof =
        leadership
            .proof()
            .orElseThrow(
                () -> new IllegalStateException("does not lead: " + name + " not written"));
    try {
      writeWith(proof, change);
    } catch (Exception refused) {
      LOG.error("could not write {}: leads no more", name, refused);
      leadership.lost();
      throw new IllegalStateException("could not write " + name, refused);
    }
  }

  private void writeWith(String proof, Change change) throws Exception {
    for (int attempt = 1; ; attempt++) {
      CuratorOp operation = change.operation();
      if (operation == null) {
        return;
      }
      try {
        client().transaction().forOperations(operations().check().forPath(proof), operation);
        return;
      } catch (KeeperException.NodeExistsException | KeeperException.NoNodeException raced) {
        // A write whose answer was lost is sent again by Curator, and finds its own work done.
        if (attempt == ATTEMPTS || client().checkExists().forPath(proof) == null) {
          throw raced;
        }
      }
    }
  }

  private void ensureDirectory() throws Exception {
    if (client().checkExists().forPath(directory) == null) {
      try {
        client().create().creatingParentsIfNeeded().forPath(directory);
      } catch (KeeperException.NodeExistsException anotherWasFaster) {
        LOG.debug("{} is there", directory);
      }
    }
  }

  private CuratorFramework client() {
    return session.client();
  }

  private TransactionOp operations() {
    return client().transactionOp();
  }

  private String path(String name) {
    return directory + "/" + name;
  }

  @Override
  public void close() {
    session.close();
  }

  /** Decides with what is there. */
  @FunctionalInterface
  private interface Change {
    /** The operation; null: nothing is to be done. */
    CuratorOp operation() throws Exception;
  }
}
