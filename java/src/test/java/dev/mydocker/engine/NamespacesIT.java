package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which namespaces a container has of its own, and what follows from each. */
@ExtendWith(NothingLeft.class)
class NamespacesIT {
  private final TestEngine engine = TestEngine.shared();

  private static String ofHost(String kind) throws Exception {
    return Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind)).toString();
  }

  @Tag("smoke")
  @Test
  void everyNamespaceButTheUsersIsItsOwn() throws Exception {
    try (TestContainer container = engine.startSh("", "echo up; sleep 60").await("up")) {
      for (String kind : List.of("mnt", "pid", "net", "ipc", "uts", "cgroup")) {
        assertThat(container.namespace(kind)).as(kind).isNotEqualTo(ofHost(kind));
      }
      assertThat(container.namespace("user")).isEqualTo(ofHost("user"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--pid=host, pid",
    "--ipc=host, ipc",
    "--uts=host, uts",
    "--network=host, net",
    "--cgroupns=host, cgroup"
  })
  void hostModeSharesThatNamespaceAlone(String flag, String shared) throws Exception {
    try (TestContainer container = engine.startSh(flag, "echo up; sleep 60").await("up")) {
      for (String kind : List.of("mnt", "pid", "net", "ipc", "uts", "cgroup")) {
        boolean equal = container.namespace(kind).equals(ofHost(kind));
        assertThat(equal).as(kind).isEqualTo(kind.equals(shared));
      }
    }
  }

  @Test
  void twoContainersShareNothing() throws Exception {
    try (TestContainer a = engine.startSh("", "echo up; sleep 60").await("up");
        TestContainer b = engine.startSh("", "echo up; sleep 60").await("up")) {
      for (String kind : List.of("mnt", "pid", "net", "ipc", "uts", "cgroup")) {
        assertThat(a.namespace(kind)).as(kind).isNotEqualTo(b.namespace(kind));
      }
    }
  }

  @Test
  void commandIsPid1AndSeesNoOtherProcess() throws Exception {
    assertThat(engine.sh("", "echo $$; find /proc -maxdepth 1 -name '[0-9]*'; true").lines())
        .containsExactly("1", "/proc/1", "/proc/2");
  }

  @Test
  void hostsPidsAreSeenWithPidHost() throws Exception {
    long jvm = ProcessHandle.current().pid();
    assertThat(engine.sh("--pid host", "cat /proc/" + jvm + "/comm").line()).isEqualTo("java");
  }

  @Test
  void RT57_processesThatOutliveTheFirstOneDieWithItAmongTheHostsPids() throws Exception {
    TestEngine.Result result =
        engine.sh("--pid host", "for i in 1 2 3; do sleep 600 & echo $!; done");
    assertThat(result.lines()).hasSize(3);
    for (String pid : result.lines()) {
      assertThat(isAlive(pid)).as(pid).isFalse();
    }
  }

  /** What is killed and not yet reaped by the host's init has no command line any more. */
  private static boolean isAlive(String pid) throws Exception {
    Path line = Path.of("/proc", pid, "cmdline");
    return Files.exists(line) && Files.readAllBytes(line).length > 0;
  }

  @Test
  void hostNameIsTheIdsFirstTwelveDigits() throws Exception {
    TestEngine.Result result = engine.sh("", "uname -n; cat /etc/hostname; echo $HOSTNAME");
    String expected = result.id().substring(0, 12);
    assertThat(result.lines()).containsExactly(expected, expected, expected);
  }

  @Test
  void hostAndDomainNamesAreThoseAskedFor() throws Exception {
    TestEngine.Result result =
        engine.sh(
            "-h box.example --domainname nis.example",
            "uname -n; cat /etc/hostname /proc/sys/kernel/domainname; echo $HOSTNAME");
    assertThat(result.lines().get(0)).isEqualTo("box.example");
    assertThat(result.lines().get(1)).isEqualTo("box.example");
    assertThat(result.lines().get(2)).isEqualTo("nis.example");
  }

  @Test
  void hostsNamesAreItsOwnWithUtsHost() throws Exception {
    String host = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    assertThat(engine.sh("--uts host", "uname -n; cat /etc/hostname").lines())
        .containsExactly(host, host);
  }

  @Test
  void localhostIsInEtcHosts() throws Exception {
    assertThat(engine.sh("", "cat /etc/hosts").out())
        .startsWith("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
  }

  @Test
  void resolvConfIsTheHosts() throws Exception {
    assertThat(engine.sh("", "cat /etc/resolv.conf").out())
        .isEqualTo(Files.readString(Path.of("/etc/resolv.conf")));
  }

  @Test
  void resolvConfCanBeWrittenAndTheHostsStays() throws Exception {
    String before = Files.readString(Path.of("/etc/resolv.conf"));
    assertThat(engine.sh("", "echo nameserver ::1 >/etc/resolv.conf; cat /etc/resolv.conf").line())
        .isEqualTo("nameserver ::1");
    assertThat(Files.readString(Path.of("/etc/resolv.conf"))).isEqualTo(before);
  }

  @Tag("smoke")
  @Test
  void networkNoneHasNothingButLoopbackWhichAnswers() throws Exception {
    TestEngine.Result result =
        engine.sh(
            "--network none",
            "ls /sys/class/net; cat /sys/class/net/lo/flags;"
                + " nc -ll -p 7777 -e echo hi &"
                + " until nc 127.0.0.1 7777 </dev/null 2>/dev/null; do sleep 0.1; done;"
                + " ping -c 1 -W 5 127.0.0.1 | grep -c ttl");
    assertThat(result.lines()).containsExactly("lo", "0x9", "hi", "1");
  }

  @Test
  void networkHostHasTheHostsLinks() throws Exception {
    String[] links = Path.of("/sys/class/net").toFile().list();
    assertThat(engine.sh("--network host", "ls /sys/class/net").lines())
        .containsExactlyInAnyOrder(links);
  }

  @Test
  void RT22_noSocketOfTheEngineHasAName() throws Exception {
    assertThat(engine.sh("--network host", "grep -i mydocker /proc/net/unix; true").out())
        .isEmpty();
  }

  @Test
  void sysctlOfItsNetworkDoesNotReachTheHost() throws Exception {
    Path file = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    String host = Files.readString(file);
    assertThat(engine.sh("--sysctl net.ipv4.ip_unprivileged_port_start=81", "cat " + file).line())
        .isEqualTo("81");
    assertThat(Files.readString(file)).isEqualTo(host);
  }

  @Test
  void sysctlOfItsIpc() throws Exception {
    assertThat(engine.sh("--sysctl kernel.shmmax=12345678", "cat /proc/sys/kernel/shmmax").line())
        .isEqualTo("12345678");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--sysctl kernel.panic=1",
        "--sysctl vm.swappiness=1",
        "--network host --sysctl net.ipv4.ip_forward=1",
        "--ipc host --sysctl kernel.shmmax=1",
        "--sysctl net/../kernel/panic=1",
        "--sysctl net.ipv4.no_such_thing=1"
      })
  void sysctlOfTheHostOrOfNothingIsRefused(String flags) {
    assertThatThrownBy(() -> engine.sh(flags, "true")).hasMessageContaining("sysctl");
  }

  @Test
  void sharedMemoryIsItsOwn() throws Exception {
    assertThat(engine.sh("", "ls -A /dev/shm | wc -l; df /dev/shm | tail -1").lines())
        .hasSize(2)
        .first()
        .isEqualTo("0");
  }

  @Test
  void ipcHostHasTheHostsSharedMemory() throws Exception {
    Path file = Files.createTempFile(Path.of("/dev/shm"), "mydocker-test", "");
    try {
      assertThat(engine.sh("--ipc host", "ls " + file).line()).isEqualTo(file.toString());
    } finally {
      Files.delete(file);
    }
  }
}
