package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LocalDisksTest {
  /** Of a container with {@code --volume /mnt/local:/mnt/local} on a host with two such disks. */
  private static final String CONTAINER =
      """
      1041 938 0:305 / / rw,relatime master:334 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/var/lib/docker/overlay2/c/diff,workdir=/var/lib/docker/overlay2/c/work
      1042 1041 0:309 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
      1052 1041 259:1 /var/lib/docker/volumes/data/_data /var/lib/spark-appliance rw,noatime - xfs /dev/nvme0n1p1 rw,attr2,inode64,logbufs=8,logbsize=32k,sunit=1024,swidth=1024,noquota
      1053 1041 259:1 /mnt/local /mnt/local rw,noatime - xfs /dev/nvme0n1p1 rw,attr2,inode64,noquota
      1055 1053 259:3 / /mnt/local/1 rw,nosuid,nodev,noatime - xfs /dev/nvme2n1 rw,attr2,inode64,noquota
      1054 1053 259:2 / /mnt/local/0 rw,nosuid,nodev,noatime - xfs /dev/nvme1n1 rw,attr2,inode64,noquota
      1056 1054 0:51 / /mnt/local/0/below rw,relatime - tmpfs tmpfs rw
      1057 1041 259:1 /etc/resolv.conf /etc/resolv.conf rw,noatime - xfs /dev/nvme0n1p1 rw
      """;

  @Test
  void whatIsMountedThereIsUsed() {
    LocalDisks disks = LocalDisks.find(CONTAINER, path -> true);

    assertThat(disks.usable()).containsExactly(Path.of("/mnt/local/0"), Path.of("/mnt/local/1"));
    assertThat(disks.notices())
        .containsExactly("scratch is on local disks: /mnt/local/0,/mnt/local/1");
  }

  @Test
  void oneThatCanNotBeWrittenIsTold() {
    LocalDisks disks = LocalDisks.find(CONTAINER, Set.of(Path.of("/mnt/local/1"))::contains);

    assertThat(disks.usable()).containsExactly(Path.of("/mnt/local/1"));
    assertThat(disks.notices())
        .containsExactly(
            "scratch is on local disks: /mnt/local/1",
            "warning: /mnt/local/0 is not used for scratch: the user of this process can't write"
                + " there (chmod 1777 on the host)");
  }

  @Test
  void oneThatIsMountedTwiceIsOneAndItsNameIsRead() {
    LocalDisks disks =
        LocalDisks.find(
            """
            36 35 98:0 / /mnt/local/a\\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            37 36 98:1 / /mnt/local/a\\040b rw,noatime shared:2 - ext3 /dev/root rw,errors=continue
            38 35 98:2 / /mnt/local/c,d rw,noatime - ext3 /dev/root rw
            """,
            path -> true);

    assertThat(disks.usable()).containsExactly(Path.of("/mnt/local/a b"));
    assertThat(disks.notices())
        .last()
        .isEqualTo("warning: /mnt/local/c,d is not used for scratch: Spark parts paths at commas");
  }

  @Test
  void aHostWithoutSuchDisksHasNone() {
    String plain =
        """
        22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,discard,errors=remount-ro
        28 22 0:25 / /mnt rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=65536k,inode64
        29 22 0:26 / /mnt/local rw,nosuid,nodev shared:6 - tmpfs tmpfs rw
        a line of another kind
        """;
    assertThat(LocalDisks.find(plain, path -> true)).isEqualTo(LocalDisks.NONE);
    assertThat(LocalDisks.find("", path -> true)).isEqualTo(LocalDisks.NONE);
  }

  @Test
  void thisMachineCanBeAsked() {
    assertThat(LocalDisks.ofThisMachine().usable()).allMatch(path -> path.startsWith("/mnt/local"));
  }
}
