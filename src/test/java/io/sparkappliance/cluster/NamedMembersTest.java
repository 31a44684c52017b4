package io.sparkappliance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.HostAndPort;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NamedMembersTest {
  private final Map<String, List<String>> names = new HashMap<>();
  private final Members members =
      new NamedMembers(
          List.of(new HostAndPort("masters", 7077), new HostAndPort("alone", 7078)),
          name -> names.getOrDefault(name, List.of()));

  @Test
  void aNameWithSeveralAddressesStandsForAllOfThem() {
    names.put("masters", List.of("10.0.0.9", "10.0.0.5"));
    names.put("alone", List.of("10.0.0.7"));

    assertThat(members.now())
        .extracting(HostAndPort::toString)
        .containsExactly("10.0.0.5:7077", "10.0.0.9:7077", "alone:7078");
  }

  @Test
  void aNameThatIsNotKnownYetIsKept() {
    assertThat(members.now())
        .extracting(HostAndPort::toString)
        .containsExactly("alone:7078", "masters:7077");
  }

  @Test
  void whoComesLaterIsFound() {
    names.put("masters", List.of("10.0.0.5"));
    assertThat(members.now()).hasSize(2);
    names.put("masters", List.of("10.0.0.5", "10.0.0.6"));
    assertThat(members.now()).hasSize(3);
  }

  @Test
  void aNameWithoutAnAddressThatOthersReachIsKept() {
    assertThat(NamedMembers.lookUp("localhost")).isEmpty();
    assertThat(NamedMembers.lookUp("192.0.2.7")).containsExactly("192.0.2.7");
    assertThat(NamedMembers.lookUp("no-such-host.invalid")).isEmpty();
  }
}
