package io.sparkappliance.spark;

import org.apache.spark.SecurityManager;
import org.apache.spark.SecurityManager$;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.DeployMessages.RegisterWorker;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.RpcEnv$;

/** Registers a worker at a master of this machine: {@code RegistrationProgram WORKER_ID PORT}. */
final class RegistrationProgram {
  private static final String HOST = "127.0.0.1";

  private RegistrationProgram() {}

  public static void main(String[] arguments) {
    SparkConf conf = new SparkConf();
    SecurityManager security =
        new SecurityManager(
            conf,
            SecurityManager$.MODULE$.$lessinit$greater$default$2(),
            SecurityManager$.MODULE$.$lessinit$greater$default$3());
    RpcEnv rpc = RpcEnv$.MODULE$.create("registration", HOST, 0, conf, security, false);
    RpcAddress address = new RpcAddress(HOST, Integer.parseInt(arguments[1]));
    RpcEndpointRef master = rpc.setupEndpointRef(address, Master.ENDPOINT_NAME());
    master.send(
        new RegisterWorker(
            arguments[0],
            HOST,
            1,
            master,
            1,
            512,
            "http://127.0.0.1:1",
            address,
            scala.collection.immutable.Map$.MODULE$.empty()));
    rpc.awaitTermination();
  }
}
