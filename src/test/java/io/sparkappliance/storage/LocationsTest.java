package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocationsTest {
  @ParameterizedTest
  @CsvSource({
    "https://user:pass@host/x.jar, https://***@host/x.jar",
    "https://host/x?X-Amz-Signature=abc, https://host/x?***",
    "s3://bucket/key, s3://bucket/key",
    "/a/b?c, /a/b?c",
    "git+https://token@host/repo.git, git+https://***@host/repo.git",
    "'failed: https://u:p@h/x?sig=1 (404)', 'failed: https://***@h/x?*** (404)'",
    "mail me@example.org, mail me@example.org"
  })
  void credentialsAreRemoved(String text, String shown) {
    assertThat(Locations.redact(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "https://host/a/b.jar?x=/y, b.jar",
    "s3://bucket/dir/my lib#1.jar, my_lib",
    "/a/my lib#1.jar, my_lib_1.jar",
    "https://host/.., _",
    "https://host/%2e%2e%2fpasswd, _2e_2e_2fpasswd",
    "/opt/.hidden.jar, _hidden.jar"
  })
  void fileNamesAreSafe(String location, String name) {
    assertThat(Locations.fileName(location)).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "/a, '', true",
    "file:///a, file, true",
    "FILE:/a, file, true",
    "s3a://b/k, s3a, false",
    "HTTPS://h/p, https, false"
  })
  void schemesAreKnownInAnyCase(String location, String scheme, boolean local) {
    assertThat(Locations.scheme(location)).isEqualTo(scheme);
    assertThat(Locations.isLocal(location)).isEqualTo(local);
  }
}
