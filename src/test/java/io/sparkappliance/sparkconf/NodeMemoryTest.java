package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeMemoryTest {
  private static final long MIB = 1L << 20;

  @TempDir Path root;

  @BeforeEach
  void hostWithFourGibibytes() throws IOException {
    file("proc/meminfo", "MemTotal:        4194304 kB\nMemFree:          100000 kB\n");
  }

  @Test
  void withoutControlGroupsTheHostsMemoryCounts() {
    assertThat(memory()).isEqualTo(4096 * MIB);
  }

  @Test
  void versionTwoLimitOfAContainerCounts() throws IOException {
    file("proc/self/cgroup", "0::/\n");
    file("sys/fs/cgroup/memory.max", "2147483648\n");
    assertThat(memory()).isEqualTo(2048 * MIB);
  }

  @Test
  void versionTwoLimitOfAnOuterGroupCountsWhenItIsLower() throws IOException {
    file("proc/self/cgroup", "0::/pod/container\n");
    file("sys/fs/cgroup/pod/container/memory.max", "3221225472\n");
    file("sys/fs/cgroup/pod/memory.max", "1073741824\n");
    file("sys/fs/cgroup/memory.max", "max\n");
    assertThat(memory()).isEqualTo(1024 * MIB);
  }

  @Test
  void versionTwoWithoutLimitLeavesTheHostsMemory() throws IOException {
    file("proc/self/cgroup", "0::/a\n");
    file("sys/fs/cgroup/a/memory.max", "max\n");
    assertThat(memory()).isEqualTo(4096 * MIB);
  }

  @Test
  void versionTwoInAHybridTreeCounts() throws IOException {
    file("proc/self/cgroup", "1:name=systemd:/a\n0::/a\n");
    file("sys/fs/cgroup/unified/a/memory.max", "1073741824\n");
    assertThat(memory()).isEqualTo(1024 * MIB);
  }

  @Test
  void versionOneLimitCounts() throws IOException {
    file("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
    file("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1610612736\n");
    assertThat(memory()).isEqualTo(1536 * MIB);
  }

  @Test
  void versionOneInAContainerThatSeesOnlyItsOwnGroupCounts() throws IOException {
    // The path is the host's; the container's group is mounted at the top.
    file("proc/self/cgroup", "4:memory:/docker/0123456789abcdef\n");
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
    assertThat(memory()).isEqualTo(2048 * MIB);
  }

  @Test
  void versionOneWithoutLimitLeavesTheHostsMemory() throws IOException {
    file("proc/self/cgroup", "4:memory:/\n");
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertThat(memory()).isEqualTo(4096 * MIB);
  }

  @Test
  void limitAboveTheHostsMemoryDoesNotCount() throws IOException {
    file("proc/self/cgroup", "0::/\n");
    file("sys/fs/cgroup/memory.max", "107374182400\n");
    assertThat(memory()).isEqualTo(4096 * MIB);
  }

  @Test
  void groupAboveTheOwnNamespaceIsNotFollowedOutOfTheTree() throws IOException {
    file("proc/self/cgroup", "0::/../../../outside\n");
    file("sys/fs/cgroup/memory.max", "2147483648\n");
    file("outside/memory.max", "1048576\n");
    assertThat(memory()).isEqualTo(2048 * MIB);
  }

  @Test
  void groupNamesMayHoldColons() throws IOException {
    file("proc/self/cgroup", "0::/cri:containerd:1\n");
    file("sys/fs/cgroup/cri:containerd:1/memory.max", "2147483648\n");
    assertThat(memory()).isEqualTo(2048 * MIB);
  }

  @Test
  void kernelThatDoesNotTellIsAnError() throws IOException {
    file("proc/meminfo", "MemFree: 1 kB\n");
    assertThatThrownBy(this::memory)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("MemTotal");
  }

  @Test
  void thisMachineHasSomeMemory() {
    assertThat(NodeMemory.read(Path.of("/"))).isGreaterThan(MemorySize.ofMebibytes(64));
  }

  private long memory() {
    return NodeMemory.read(root).bytes();
  }

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
