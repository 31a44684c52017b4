package io.sparkappliance.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The network for accounts that have none. */
class NetworkStackTest {
  private static final String ENDPOINT = "AWS::EC2::VPCEndpoint";

  private final Stack nat = Stack.of("network.yaml", Map.of());
  private final Stack closed = Stack.of("network.yaml", Map.of("Egress", "endpoints"));

  @Test
  void nodes_live_in_three_zones_without_public_addresses() {
    for (Stack stack : List.of(nat, closed)) {
      assertThat(stack.ofType("AWS::EC2::Subnet").values())
          .allSatisfy(subnet -> assertThat(subnet).containsEntry("MapPublicIpOnLaunch", false));
      for (int i = 1; i <= 3; i++) {
        assertThat(stack.properties("Private" + i))
            .containsEntry("AvailabilityZone", "eu-central-1" + " abc".charAt(i));
        assertThat(stack.properties("Private" + i + "Routes"))
            .containsEntry("RouteTableId", "{PrivateRoutes}");
      }
      assertThat(stack.outputs())
          .containsEntry("VpcId", "{Vpc}")
          .containsEntry("Subnets", "{Private1},{Private2},{Private3}");
    }
  }

  @Test
  void two_zones_will_do_where_there_are_no_more() {
    for (String egress : List.of("nat", "endpoints")) {
      Stack stack = Stack.of("network.yaml", Map.of("Zones", "2", "Egress", egress));
      assertThat(stack.refusals()).isEmpty();
      assertThat(stack.ofType("AWS::EC2::Subnet").values())
          .extracting(subnet -> subnet.get("AvailabilityZone"))
          .containsOnly("eu-central-1a", "eu-central-1b");
      assertThat(stack.ofType("AWS::EC2::SubnetRouteTableAssociation"))
          .doesNotContainKeys("Private3Routes", "Public3Routes");
      assertThat(stack.ofType(ENDPOINT).values())
          .filteredOn(endpoint -> endpoint.get("VpcEndpointType").equals("Interface"))
          .allSatisfy(
              endpoint ->
                  assertThat(endpoint)
                      .containsEntry("SubnetIds", List.of("{Private1}", "{Private2}")));
      assertThat(stack.outputs()).containsEntry("Subnets", "{Private1},{Private2}");
    }
    assertThat(Stack.of("network.yaml", Map.of("Zones", "2")).outputs())
        .containsEntry("BalancerSubnets", "{Public1},{Public2}");
    assertThat(Stack.of("network.yaml", Map.of("Zones", "4")).refusals())
        .containsExactly("Zones: one of [2, 3]");
  }

  @Test
  void private_subnets_reach_the_internet_through_nat_alone() {
    assertThat(nat.ofType("AWS::EC2::Route").values())
        .filteredOn(route -> route.get("RouteTableId").equals("{PrivateRoutes}"))
        .singleElement()
        .satisfies(
            route ->
                assertThat(route)
                    .containsEntry("NatGatewayId", "{Nat}")
                    .doesNotContainKey("GatewayId"));
    assertThat(nat.outputs()).containsEntry("BalancerSubnets", "{Public1},{Public2},{Public3}");
  }

  @Test
  void with_endpoints_there_is_no_way_to_the_internet() {
    assertThat(closed.ofType("AWS::EC2::Route")).isEmpty();
    assertThat(closed.ofType("AWS::EC2::InternetGateway")).isEmpty();
    assertThat(closed.ofType("AWS::EC2::NatGateway")).isEmpty();
  }

  @Test
  void every_service_that_a_node_calls_has_an_endpoint() {
    assertThat(closed.ofType(ENDPOINT).values())
        .extracting(endpoint -> endpoint.get("ServiceName").toString())
        .allSatisfy(name -> assertThat(name).startsWith("com.amazonaws.eu-central-1."))
        .extracting(name -> name.substring("com.amazonaws.eu-central-1.".length()))
        .containsExactlyInAnyOrder(
            "s3",
            "ssm",
            "ssmmessages",
            "logs",
            "monitoring",
            "autoscaling",
            "ec2",
            "elasticloadbalancing",
            "cloudformation",
            "secretsmanager",
            "ecr.api",
            "ecr.dkr");
    assertThat(closed.ofType(ENDPOINT).values())
        .filteredOn(endpoint -> endpoint.get("VpcEndpointType").equals("Interface"))
        .allSatisfy(
            endpoint ->
                assertThat(endpoint)
                    .containsEntry("PrivateDnsEnabled", true)
                    .containsEntry("SecurityGroupIds", List.of("{EndpointGroup}")));
    assertThat(Ingress.of(closed))
        .containsExactly(new Ingress("{EndpointGroup}", "10.80.0.0/16", 443, 443));
  }

  @Test
  void s3_is_reached_without_nat() {
    for (Stack stack : List.of(nat, closed)) {
      assertThat(stack.properties("S3"))
          .containsEntry("VpcEndpointType", "Gateway")
          .containsEntry("RouteTableIds", List.of("{PrivateRoutes}"));
    }
  }
}
