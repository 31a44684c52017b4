package io.sparkappliance.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LifecycleHookTest {
  private static final String TAG = "meta-data/tags/instance/aws:autoscaling:groupName";

  private FakeMetadata metadata;
  private FakeAutoScaling service;
  private AwsApi aws;
  private LifecycleHook hook;

  @BeforeEach
  void start() throws IOException {
    metadata = new FakeMetadata("10.0.3.4");
    service = new FakeAutoScaling();
    aws = service.client();
    Instance instance = metadata.instance();
    hook = new LifecycleHook(aws, instance, "drain/workers");
  }

  @AfterEach
  void stop() {
    aws.close();
    service.close();
    metadata.close();
  }

  @Test
  void theGroupIsTheOneInTheInstancesTags() throws AwsException {
    metadata.with(TAG, "stack-workers-1");

    assertThat(hook.heartbeat()).isTrue();
    assertThat(hook.complete()).isTrue();

    assertThat(service.calls())
        .containsExactly(
            Map.of(
                "Action", "RecordLifecycleActionHeartbeat",
                "AutoScalingGroupName", "stack-workers-1",
                "LifecycleHookName", "drain/workers",
                "InstanceId", "i-0123456789abcdef0"),
            Map.of(
                "Action", "CompleteLifecycleAction",
                "LifecycleActionResult", "CONTINUE",
                "AutoScalingGroupName", "stack-workers-1",
                "LifecycleHookName", "drain/workers",
                "InstanceId", "i-0123456789abcdef0"));
    assertThat(hook).hasToString("drain/workers of the group stack-workers-1");
  }

  @Test
  void withoutTagsInItsMetadataAwsIsAskedOnce() throws AwsException {
    hook.heartbeat();
    hook.complete();

    assertThat(service.calls())
        .extracting(call -> call.get("Action"))
        .containsExactly(
            "DescribeAutoScalingInstances",
            "RecordLifecycleActionHeartbeat",
            "CompleteLifecycleAction");
    assertThat(service.calls().getLast()).containsEntry("AutoScalingGroupName", "described-group");
  }

  @Test
  void aGroupThatDoesNotWaitIsNoFailure() throws AwsException {
    service.will(FakeAutoScaling.Answer.NOT_WAITING);
    assertThat(hook.heartbeat()).isFalse();
    assertThat(hook.complete()).isFalse();
  }

  @Test
  void aMissingPermissionIsNamed() {
    service.will(FakeAutoScaling.Answer.DENIES);
    assertThatThrownBy(hook::complete)
        .isInstanceOf(AwsException.class)
        .hasMessageStartingWith(
            "the role of this node may not call autoscaling:CompleteLifecycleAction (403");
  }
}
