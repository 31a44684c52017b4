package io.sparkappliance.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.deploy.master.LeaderElectable;
import org.apache.spark.deploy.master.LeaderElectionAgent;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.deploy.master.StandaloneRecoveryModeFactory;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.serializer.Serializer;

/**
 * Election and memory of standalone masters in ZooKeeper: {@code spark.deploy.recoveryMode=CUSTOM}
 * with this class as {@code spark.deploy.recoveryMode.factory}, in a {@link StandaloneMaster}. It
 * differs from Spark's own {@code ZOOKEEPER} mode in its session, which is as short as the ensemble
 * allows, in giving leadership up at once when the master ends, in naming the leader, and in
 * refusing writes of a master that has lost leadership without knowing. Places and formats in
 * ZooKeeper are Spark's.
 */
public final class ZooKeeperRecovery extends StandaloneRecoveryModeFactory {
  private final RecoverySettings settings;
  private final ZooKeeperSession session;
  private final Leadership leadership = new Leadership();
  private final FencedState state;

  /**
   * Called by the master.
   *
   * @param conf the master's settings
   * @param serializer Spark's Java serialiser
   * @throws IllegalArgumentException when no ensemble is named
   */
  public ZooKeeperRecovery(SparkConf conf, Serializer serializer) {
    super(conf, serializer);
    this.settings = RecoverySettings.of(conf);
    this.session = ZooKeeperSession.open(settings);
    this.state =
        new FencedState(session, settings.state(), new StateCodec(conf, serializer), leadership);
  }

  @Override
  public PersistenceEngine createPersistenceEngine() {
    return state;
  }

  @Override
  public LeaderElectionAgent createLeaderElectionAgent(LeaderElectable master) {
    StandaloneMaster ours = (StandaloneMaster) master;
    RpcEnv rpc = ours.rpcEnv();
    LatchElection election =
        new LatchElection(
            ours, session, settings, leadership, () -> state.tidy(rpc), rpc.address());
    session.whenSilent(leadership::lost);
    Runtime.getRuntime().addShutdownHook(new Thread(election::stop, "hand-over"));
    election.start();
    return election;
  }
}
