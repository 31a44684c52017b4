package io.sparkappliance.cloudformation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;

/** What the role of a stack's nodes may do, for tests that let somebody enforce it. */
public final class NodeRole {
  private NodeRole() {}

  /**
   * The part of the policy that is about S3, as IAM takes it.
   *
   * @param bucket of the stack's data
   * @param prefix below which all of it is, without a slash at its end
   */
  public static String s3Policy(String bucket, String prefix) {
    Stack stack =
        Stack.of(
            "spark.yaml",
            Examples.with(
                Examples.spark("StartMaster", "StartWorker", "StartHistoryServer"),
                "DataBucket",
                bucket,
                "DataPrefix",
                prefix));
    List<Map<String, Object>> statements =
        new Policies(stack)
            .statements().stream()
                .filter(
                    statement ->
                        Values.strings(statement.get("Action")).stream()
                            .allMatch(action -> action.startsWith("s3:")))
                .toList();
    try {
      return new ObjectMapper()
          .writeValueAsString(Map.of("Version", "2012-10-17", "Statement", statements));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
