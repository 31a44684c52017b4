package io.sparkappliance.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/**
 * Which instance this is, as its identity document says.
 *
 * @param instanceId such as {@code i-0123456789abcdef0}
 * @param region such as {@code eu-central-1}
 * @param privateAddress the IPv4 address in the VPC
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html">Instance
 *     identity documents</a>
 */
public record InstanceIdentity(String instanceId, String region, String privateAddress) {
  /** The document's path at the metadata service. */
  static final String PATH = "dynamic/instance-identity/document";

  static InstanceIdentity parse(String document) throws IOException {
    try {
      JsonNode json = new ObjectMapper().readTree(document);
      return new InstanceIdentity(
          text(json, "instanceId"), text(json, "region"), text(json, "privateIp"));
    } catch (JsonProcessingException broken) {
      throw new IOException("the instance identity document is no JSON", broken);
    }
  }

  private static String text(JsonNode json, String field) throws IOException {
    String value = json.path(field).asText("");
    if (value.isEmpty() || value.equals("null")) {
      throw new IOException("the instance identity document has no " + field);
    }
    return value;
  }
}
