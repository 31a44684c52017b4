package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pip with a directory of wheels instead of a package index: no network. */
class PythonLibrariesTest {
  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>(System.getenv());
  private Path wheels;
  private Path target;
  private PythonLibraries libraries;

  @BeforeEach
  void wheels() throws IOException {
    wheels = Files.createDirectories(directory.resolve("wheels"));
    target = directory.resolve("data/python");
    environment.keySet().removeIf(name -> name.startsWith("PIP_"));
    environment.put("PIP_NO_INDEX", "1");
    environment.put("PIP_FIND_LINKS", wheels.toString());
    wheel("greeting", "1.0", "WORD = 'hello'", "");
    wheel("greeting", "2.0", "WORD = 'good day'", "");
    wheel("polite", "1.0", "from greeting import WORD", "Requires-Dist: greeting\n");
    libraries = new PythonLibraries("python3", target, environment);
  }

  @Test
  void installsPackagesAndWhatTheyNeed() throws Exception {
    libraries.install(List.of("polite", "greeting==1.0"), List.of());
    assertThat(python("from polite import WORD; print(WORD)")).isEqualTo("hello\n");
  }

  @Test
  void secondStartNeedsNoIndex() throws Exception {
    libraries.install(List.of("greeting==1.0"), List.of());
    Files.delete(wheels.resolve("greeting-1.0-py3-none-any.whl"));
    libraries.install(List.of("greeting==1.0"), List.of());
    assertThat(python("from greeting import WORD; print(WORD)")).isEqualTo("hello\n");
  }

  @Test
  void otherWishesReplaceTheDirectory() throws Exception {
    libraries.install(List.of("polite"), List.of());
    libraries.install(List.of("greeting==2.0"), List.of());
    assertThat(python("from greeting import WORD; print(WORD)")).isEqualTo("good day\n");
    assertThat(target.resolve("polite.py")).doesNotExist();
    try (var files = Files.list(target.getParent())) {
      assertThat(files).containsExactly(target);
    }
  }

  @Test
  void whatAStoppedInstallationLeftGoes() throws Exception {
    Path unfinished = Files.createDirectories(target.resolveSibling(".python-123/greeting"));
    libraries.install(List.of(), List.of());
    assertThat(unfinished).exists();
    libraries.removeLeftovers();
    assertThat(unfinished.getParent()).doesNotExist();
  }

  @Test
  void withoutWishesWhatWasInstalledGoes() throws Exception {
    libraries.install(List.of("greeting"), List.of());
    libraries.install(List.of(), List.of());
    assertThat(target).doesNotExist();
  }

  @Test
  void directoryOfSomebodyElseIsLeftAlone() throws Exception {
    Files.createDirectories(target);
    Files.writeString(target.resolve("own.py"), "");
    libraries.install(List.of(), List.of());
    assertThat(target.resolve("own.py")).exists();
  }

  @Test
  void packageThatIsNotThereIsNamedAndTheOldOnesStay() throws Exception {
    libraries.install(List.of("greeting==1.0"), List.of());
    assertThatThrownBy(
            () -> libraries.install(List.of("greeting==1.0", "no-such-package>=3"), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("PYTHON_LIBS=greeting==1.0,no-such-package>=3")
        .hasMessageContaining("pip could not install no-such-package>=3 (exit status 1)")
        .hasMessageContaining("ERROR: No matching distribution found for no-such-package>=3");
    assertThat(python("from greeting import WORD; print(WORD)")).isEqualTo("hello\n");
    try (var files = Files.list(target.getParent())) {
      assertThat(files).containsExactly(target);
    }
  }

  @Test
  void filesOfRequirementsCountTooAndAChangeInThemIsSeen() throws Exception {
    Path file = Files.writeString(directory.resolve("wanted.txt"), "# why\ngreeting==1.0\n");
    libraries.install(List.of("polite"), List.of(file));
    assertThat(python("from polite import WORD; print(WORD)")).isEqualTo("hello\n");
    Files.writeString(file, "greeting==2.0\n");
    libraries.install(List.of("polite"), List.of(file));
    assertThat(python("from polite import WORD; print(WORD)")).isEqualTo("good day\n");
    libraries.install(List.of(), List.of());
    assertThat(target).doesNotExist();
  }

  @Test
  void aLoginInAFileOfRequirementsIsNotShown() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("wanted.txt"),
            "--extra-index-url http://me:hidden@127.0.0.1:1/simple\nno-such-package\n");
    Path spy = directory.resolve("python-spy");
    Path seen = directory.resolve("seen");
    Files.writeString(spy, "#!/bin/sh\necho \"$@\" >> '" + seen + "'\nexec python3 \"$@\"\n");
    assertThat(spy.toFile().setExecutable(true)).isTrue();
    environment.put("PIP_RETRIES", "0");
    environment.remove("PIP_NO_INDEX");
    environment.put("PIP_INDEX_URL", "http://127.0.0.1:1/simple");
    assertThatThrownBy(
            () ->
                new PythonLibraries(spy.toString(), target, environment)
                    .install(List.of(), List.of(file)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("PYTHON_LIBS=" + file + ": pip could not install")
        .hasMessageNotContaining("hidden");
    assertThat(Files.readString(seen)).contains(file.toString()).doesNotContain("hidden");
  }

  @Test
  void requirementIsNeverAnOption() {
    assertThatThrownBy(
            () -> libraries.install(List.of("--index-url=http://127.0.0.1:1/"), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Invalid requirement");
  }

  @Test
  void installationSeesNoSecrets() throws Exception {
    environment.put("API_TOKEN", "s3cret");
    environment.put("AWS_SECRET_ACCESS_KEY", "s3cret");
    Path spy = directory.resolve("python-spy");
    Path seen = directory.resolve("seen");
    Files.writeString(spy, "#!/bin/sh\nenv > '" + seen + "'\nexec python3 \"$@\"\n");
    assertThat(spy.toFile().setExecutable(true)).isTrue();
    new PythonLibraries(spy.toString(), target, environment)
        .install(List.of("greeting"), List.of());
    assertThat(Files.readString(seen)).contains("PIP_NO_INDEX=1").doesNotContain("s3cret");
  }

  @Test
  void interpreterThatIsNotThereIsNamed() {
    assertThatThrownBy(
            () ->
                new PythonLibraries("/no/python", target, environment)
                    .install(List.of("greeting"), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("PYSPARK_PYTHON=/no/python: it does not run");
  }

  private String python(String program) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("python3", "-c", program).redirectErrorStream(true);
    builder.environment().put("PYTHONPATH", target.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private void wheel(String name, String version, String code, String metadata) throws IOException {
    Path file = wheels.resolve(name + "-" + version + "-py3-none-any.whl");
    String info = name + "-" + version + ".dist-info/";
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      entry(zip, name + ".py", code + "\n");
      entry(
          zip,
          info + "METADATA",
          "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + metadata);
      entry(
          zip,
          info + "WHEEL",
          "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
      entry(
          zip,
          info + "RECORD",
          name + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n");
    }
  }

  private static void entry(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(text.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }
}
