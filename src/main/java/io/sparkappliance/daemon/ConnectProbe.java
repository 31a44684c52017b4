package io.sparkappliance.daemon;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.spark.connect.proto.AnalyzePlanRequest;
import org.apache.spark.connect.proto.ReleaseSessionRequest;
import org.apache.spark.connect.proto.SparkConnectServiceGrpc;
import org.apache.spark.connect.proto.SparkConnectServiceGrpc.SparkConnectServiceBlockingStub;
import org.apache.spark.connect.proto.UserContext;
import org.sparkproject.connect.grpc.ManagedChannel;
import org.sparkproject.connect.grpc.Metadata;
import org.sparkproject.connect.grpc.StatusRuntimeException;
import org.sparkproject.connect.grpc.netty.NettyChannelBuilder;
import org.sparkproject.connect.grpc.stub.MetadataUtils;

/** Ready when a session opens and answers which Spark it is. */
final class ConnectProbe implements Probe {
  private static final int TIMEOUT_SECONDS = 20;

  private final HostAndPort server;
  private final Optional<Secret> token;

  ConnectProbe(HostAndPort server, Optional<Secret> token) {
    this.server = server;
    this.token = token;
  }

  @Override
  public Optional<String> missing() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.host(), server.port()).usePlaintext().build();
    try {
      ask(stub(channel));
      return Optional.empty();
    } catch (StatusRuntimeException refused) {
      return Optional.of("its call fails: " + refused.getStatus().getCode());
    } finally {
      channel.shutdownNow();
    }
  }

  private SparkConnectServiceBlockingStub stub(ManagedChannel channel) {
    // Not a constant: a plan is made without Spark's jars, and this class must load without them.
    Metadata.Key<String> authorization =
        Metadata.Key.of("Authorization", Metadata.ASCII_STRING_MARSHALLER);
    Metadata headers = new Metadata();
    token.ifPresent(secret -> headers.put(authorization, "Bearer " + secret.reveal()));
    return SparkConnectServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static void ask(SparkConnectServiceBlockingStub stub) {
    String session = UUID.randomUUID().toString();
    UserContext user = UserContext.newBuilder().setUserId("readiness").build();
    var version = AnalyzePlanRequest.SparkVersion.getDefaultInstance();
    stub.analyzePlan(
        AnalyzePlanRequest.newBuilder()
            .setSessionId(session)
            .setUserContext(user)
            .setSparkVersion(version)
            .build());
    // Otherwise each probe would leave a session behind for an hour.
    stub.releaseSession(
        ReleaseSessionRequest.newBuilder().setSessionId(session).setUserContext(user).build());
  }
}
