package io.sparkappliance.spark;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.spark.SecurityManager;
import org.apache.spark.SecurityManager$;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.DeployMessages.RegisterWorker;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.master.MasterArguments;
import org.apache.spark.deploy.master.MasterMessages;
import org.apache.spark.deploy.master.RecoveryState;
import org.apache.spark.deploy.master.WorkerInfo;
import org.apache.spark.deploy.master.WorkerState;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.RpcEnv$;
import org.apache.spark.util.SparkUncaughtExceptionHandler;
import org.apache.spark.util.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Enumeration;
import scala.Function1;
import scala.Option;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Spark's master, with three habits of its own.
 *
 * <p>While it recovers, it takes no registration of a worker that it is asking for its state. A
 * worker that loses its master asks all others to register it; stock Spark answers yes, the worker
 * sends a second list of its executors, and when that overtakes the first, the master has them
 * killed because it does not know them yet.
 *
 * <p>One that leads no more is a standby at once, and not only when its process has ended.
 *
 * <p>One that may lead no more, and can't know yet, does nothing until it knows. When a node wakes
 * from a pause, what came meanwhile is there before the news of the next leader: workers that have
 * not been heard of, connections that were broken off. Stock Spark would tell drivers that their
 * executors are lost.
 */
public final class StandaloneMaster extends Master {
  private static final Logger LOG = LoggerFactory.getLogger(Master.class);

  private static final Duration LOOK = Duration.ofMillis(10);

  private volatile boolean steppedDown;
  private volatile BooleanSupplier inDoubt = () -> false;

  private StandaloneMaster(
      RpcEnv rpc, RpcAddress address, int webUiPort, SecurityManager security, SparkConf conf) {
    super(rpc, address, webUiPort, security, conf);
  }

  /** As Spark's own: {@code --host}, {@code --port}, {@code --webui-port}. */
  public static void main(String[] arguments) {
    Thread.setDefaultUncaughtExceptionHandler(new SparkUncaughtExceptionHandler(false));
    Utils.resetStructuredLogging();
    Utils.initDaemon(LOG);
    SparkConf conf = new SparkConf();
    MasterArguments wanted = new MasterArguments(arguments, conf);
    SecurityManager security =
        new SecurityManager(
            conf,
            SecurityManager$.MODULE$.$lessinit$greater$default$2(),
            SecurityManager$.MODULE$.$lessinit$greater$default$3());
    RpcEnv rpc =
        RpcEnv$.MODULE$.create(
            Master.SYSTEM_NAME(), wanted.host(), wanted.port(), conf, security, false);
    rpc.setupEndpoint(
        Master.ENDPOINT_NAME(),
        new StandaloneMaster(rpc, rpc.address(), wanted.webUiPort(), security, conf));
    rpc.awaitTermination();
  }

  /** Under the same name in logs. */
  @Override
  public String logName() {
    return Master.class.getName();
  }

  /** Says whether it may have been so long without its ensemble that another leads. */
  void asks(BooleanSupplier inDoubt) {
    this.inDoubt = inDoubt;
  }

  /** Doubt is short: the ensemble answers, or the master steps down. */
  private void awaitCertainty() {
    while (!steppedDown
        && !RecoveryState.STANDBY().equals(state())
        && inDoubt.getAsBoolean()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /** Hands out no more work, and refuses newcomers, as a master does that never led: for good. */
  void stepDown() {
    steppedDown = true;
    state_$eq(RecoveryState.STANDBY());
  }

  /** Whatever it is told late. */
  @Override
  public void state_$eq(Enumeration.Value next) {
    super.state_$eq(steppedDown ? RecoveryState.STANDBY() : next);
  }

  /** Whether it has taken over what its forerunner knew, and hands out work. */
  boolean isAlive() {
    return RecoveryState.ALIVE().equals(state());
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receive() {
    return new Receiver(super.receive());
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
    return new Receiver(super.receiveAndReply(context));
  }

  @Override
  public void onDisconnected(RpcAddress address) {
    awaitCertainty();
    // Its workers and drivers are the next leader's.
    if (!steppedDown) {
      super.onDisconnected(address);
    }
  }

  private boolean isPassedOver(Object message) {
    return isAskedAlready(message)
        || (steppedDown && message.equals(MasterMessages.CheckForWorkerTimeOut$.MODULE$));
  }

  private boolean isAskedAlready(Object message) {
    if (message instanceof RegisterWorker registration) {
      Option<WorkerInfo> known = idToWorker().get(registration.id());
      return known.isDefined() && WorkerState.UNKNOWN().equals(known.get().state());
    }
    return false;
  }

  private final class Receiver extends AbstractPartialFunction<Object, BoxedUnit> {
    private final PartialFunction<Object, BoxedUnit> stock;

    Receiver(PartialFunction<Object, BoxedUnit> stock) {
      this.stock = stock;
    }

    @Override
    public boolean isDefinedAt(Object message) {
      return stock.isDefinedAt(message);
    }

    @Override
    public <A, B> B applyOrElse(A message, Function1<A, B> otherwise) {
      awaitCertainty();
      if (isPassedOver(message)) {
        LOG.info("Passed over: {}", message);
        @SuppressWarnings("unchecked") // What the stock function returns.
        B nothing = (B) BoxedUnit.UNIT;
        return nothing;
      }
      return stock.applyOrElse(message, otherwise);
    }
  }
}
