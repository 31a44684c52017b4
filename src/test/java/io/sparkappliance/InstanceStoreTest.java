package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host's script, with files as disks; what would change a machine only notes its arguments. */
class InstanceStoreTest {
  private static final String DISK = "nvme-Amazon_EC2_NVMe_Instance_Storage_AWS";

  @TempDir Path directory;

  private Path names;
  private Path below;
  private Path mounts;

  @BeforeEach
  void prepare() throws IOException {
    // The system's own temporary folder may be reached by a link.
    directory = directory.toRealPath();
    names = Files.createDirectories(directory.resolve("by-id"));
    below = directory.resolve("mnt/local");
    mounts = Files.writeString(directory.resolve("mounts"), "proc /proc proc rw 0 0\n");
    for (String program : List.of("mkfs.xfs", "mount")) {
      program(program, "echo " + program + " \"$@\" >>" + directory.resolve("did"));
    }
    // The disk's content is what blkid would say of it.
    program("blkid", "for disk; do :; done; [ -s \"$disk\" ] || exit 2; cat \"$disk\"");
  }

  @Test
  void anEmptyDiskIsFormattedAndOneWithAFileSystemIsMounted() throws Exception {
    disk("nvme1n1", "", DISK + "1", DISK + "1_1");
    disk("nvme2n1", "DEVNAME=x\nTYPE=xfs\n", DISK + "2");

    assertThat(run()).isZero();
    Path first = below.resolve("0");
    Path second = below.resolve("1");
    assertThat(did())
        .containsExactly(
            "mkfs.xfs -q " + directory.resolve("nvme1n1"),
            "mount -o noatime,nodev,nosuid " + directory.resolve("nvme1n1") + " " + first,
            "mount -o noatime,nodev,nosuid " + directory.resolve("nvme2n1") + " " + second);
    assertThat(Files.getAttribute(first, "unix:mode")).isEqualTo(0x4000 | 01777);
  }

  @Test
  void whatHoldsSomethingElseIsLeftAloneAndTheOthersAreUsed() throws Exception {
    disk("nvme1n1", "PTTYPE=gpt\n", DISK + "1");
    disk("nvme1n1p1", "TYPE=ext4\n", DISK + "1-part1");
    disk("nvme2n1", "", DISK + "2");
    // Not an instance store.
    disk("nvme0n1", "", "nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0");

    assertThat(run()).isEqualTo(1);
    assertThat(did())
        .containsExactly(
            "mkfs.xfs -q " + directory.resolve("nvme2n1"),
            "mount -o noatime,nodev,nosuid "
                + directory.resolve("nvme2n1")
                + " "
                + below.resolve("0"));
    assertThat(Files.readString(directory.resolve("said")))
        .contains("nvme1n1 holds something else than a file system: left alone");
  }

  @Test
  void aSecondRunMountsWhatIsNew() throws Exception {
    disk("nvme1n1", "TYPE=xfs\n", DISK + "1");
    disk("nvme2n1", "TYPE=xfs\n", DISK + "2");
    Files.writeString(
        mounts, "%s %s xfs rw 0 0\n".formatted(directory.resolve("nvme1n1"), below.resolve("0")));

    assertThat(run()).isZero();
    assertThat(did())
        .containsExactly(
            "mount -o noatime,nodev,nosuid "
                + directory.resolve("nvme2n1")
                + " "
                + below.resolve("1"));
  }

  @Test
  void aDiskThatCanNotBeFormattedIsNotMounted() throws Exception {
    program("mkfs.xfs", "exit 1");
    disk("nvme1n1", "", DISK + "1");
    assertThat(run()).isEqualTo(1);
    assertThat(did()).isEmpty();
  }

  @Test
  void anInstanceWithoutSuchDisksHasAnEmptyFolder() throws Exception {
    assertThat(run()).isZero();
    assertThat(below).isEmptyDirectory();
    assertThat(did()).isEmpty();
  }

  private void disk(String name, String content, String... links) throws IOException {
    Path disk = Files.writeString(directory.resolve(name), content);
    for (String link : links) {
      Files.createSymbolicLink(names.resolve(link), disk);
    }
  }

  private void program(String name, String script) throws IOException {
    Path file = Files.createDirectories(directory.resolve("bin")).resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private int run() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("sh", "setup/instance-store")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("said").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH", directory.resolve("bin") + ":" + System.getenv("PATH"),
                "INSTANCE_STORE_BY_ID", names.toString(),
                "INSTANCE_STORE_BELOW", below.toString(),
                "INSTANCE_STORE_MOUNTS", mounts.toString()));
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private List<String> did() throws IOException {
    Path file = directory.resolve("did");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }
}
