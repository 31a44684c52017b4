package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What drivers write down, as the gateway takes it. */
class ApplicationNotesTest {
  @TempDir private Path directory;

  private final ApplicationNotes notes =
      new ApplicationNotes(() -> Optional.of(new HostAndPort("10.0.0.9", 8080)));

  private Optional<String> page(String note) throws IOException {
    Files.writeString(directory.resolve(ApplicationNotes.FILE), "id=app-1-0001\n" + note);
    return notes.application(directory).orElseThrow().ui();
  }

  @Test
  void pages_are_reached_as_the_driver_says() throws Exception {
    assertThat(page("")).isEmpty();
    assertThat(page("ui=http://10.0.0.1:4041")).contains("http://10.0.0.1:4041");
    assertThat(page("ui=http://[fd00::1]:4040")).contains("http://[fd00::1]:4040");
    assertThat(page("ui=http://10.0.0.1:4041\nproxy="))
        .contains("http://10.0.0.9:8080/proxy/app-1-0001/");
    assertThat(page("ui=http://10.0.0.1:4041\nproxy=https://spark.example.org/ui/"))
        .contains("https://spark.example.org/ui/proxy/app-1-0001/");
    // Without pages there is nothing to lead to.
    assertThat(page("proxy=")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "javascript:alert(1)",
        "http://x\" onclick=\"y",
        "http://a b/",
        "//x/",
        "http://u:p@host/",
        "file:/etc/passwd"
      })
  void what_is_no_address_is_left_out(String address) throws Exception {
    assertThat(page("ui=" + address)).isEmpty();
  }

  @Test
  void what_is_no_note_is_as_none() throws Exception {
    assertThat(notes.id(directory)).isEmpty();
    Path file = directory.resolve(ApplicationNotes.FILE);
    for (String text :
        new String[] {"", "ui=http://x/", "id=../x", "id=\\u12", "id=" + "1".repeat(5000)}) {
      Files.writeString(file, text);
      assertThat(notes.id(directory)).as(text).isEmpty();
    }
    Files.delete(file);
    Files.createSymbolicLink(file, Files.writeString(directory.resolve("other"), "id=app-1"));
    assertThat(notes.id(directory)).isEmpty();
  }
}
