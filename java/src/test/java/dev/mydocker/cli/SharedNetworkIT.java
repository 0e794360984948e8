package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Directory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code --network container:NAME}: containers that live in the network namespace of another. */
class SharedNetworkIT extends HostOfItsOwn {
  private static final String NS = "readlink /proc/self/ns/net";

  private static String sh(String container, String script) throws Exception {
    return good("exec", container, "sh", "-c", script);
  }

  @Test
  void itHasTheLinksThePortsAndTheNamesOfTheOther() throws Exception {
    good(
        "run",
        "-d",
        "--name",
        "web",
        "-h",
        "front",
        "--domainname",
        "example",
        "-p",
        "8080:80",
        "--add-host",
        "db:10.9.9.9",
        "--dns",
        "9.9.9.9",
        B,
        "sleep",
        "1000");
    String id = good("inspect", "-f", "{{.Id}}", "web").strip();
    good("run", "-d", "--name", "side", "--network", "container:web", B, "sh", "-c", SERVER);
    assertThat(sh("side", NS)).isEqualTo(sh("web", NS));
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
    for (String what :
        new String[] {
          "ip addr",
          "cat /etc/hosts /etc/hostname /etc/resolv.conf",
          "hostname",
          "cat /proc/sys/kernel/domainname"
        }) {
      assertThat(sh("side", what)).as(what).isEqualTo(sh("web", what)).isNotBlank();
    }
    sh("web", "echo 10.8.8.8 later >> /etc/hosts");
    assertThat(sh("side", "cat /etc/hosts")).contains("10.8.8.8 later");
    String document = "{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}}";
    assertThat(good("inspect", "-f", document, "side")).isEqualTo("container:" + id + " {}\n");
    assertThat(good("inspect", "-f", "{{json .Mounts}}", "side")).isEqualTo("[]\n");
    assertThat(good("ps", "--format", "{{.Names}} {{.Ports}} {{.Networks}}"))
        .contains("side  \n")
        .contains("web 0.0.0.0:8080->80/tcp bridge\n");
    assertThat(bad(1, "network", "connect", "bridge", "side"))
        .contains("container sharing network namespace with another container or host");
    assertThat(good("stats", "--no-stream", "--format", "{{.NetIO}}", "side"))
        .doesNotContain("0B / 0B");
  }

  @Test
  void eachStartJoinsAnew() throws Exception {
    good("run", "-d", "--name", "web", B, "sleep", "1000");
    good("run", "-d", "--name", "side", "--network", "container:web", B, "sleep", "1000");
    String before = sh("side", NS);
    good("restart", "-t", "0", "web");
    assertThat(sh("side", NS)).as("the old one is kept").isEqualTo(before);
    assertThat(sh("side", "ip -o link")).as("without its links").doesNotContain("eth0");
    assertThat(sh("web", NS)).isNotEqualTo(before);
    good("restart", "-t", "0", "side");
    assertThat(sh("side", NS)).isEqualTo(sh("web", NS));
    assertThat(sh("side", "ip -o link")).contains("eth0");
    good("stop", "-t", "0", "web", "side");
    String id = good("inspect", "-f", "{{.Id}}", "web").strip();
    assertThat(bad(1, "start", "side"))
        .contains("cannot join network of a non running container: " + id);
    good("start", "web", "side");
    assertThat(sh("side", NS)).isEqualTo(sh("web", NS));
    good("rm", "-f", "web");
    assertThat(sh("side", "ip -o link")).doesNotContain("eth0");
    good("stop", "-t", "0", "side");
    assertThat(bad(1, "start", "side")).contains("No such container: " + id.substring(0, 12));
  }

  @Test
  void aThirdOneJoinsWhereTheSecondLives() throws Exception {
    good("run", "-d", "--name", "web", "--network", "none", "-h", "front", B, "sleep", "1000");
    good("run", "-d", "--name", "side", "--network", "container:web", B, "sleep", "1000");
    String script = NS + "; cat /etc/hostname";
    String side = sh("side", script);
    assertThat(side).contains("front");
    assertThat(good("run", "--rm", "--network", "container:side", B, "sh", "-c", script))
        .isEqualTo(side);
    good("rm", "-f", "web");
    assertThat(bad(125, "run", "--rm", "--network", "container:side", B, "true"))
        .contains("No such container: ");
  }

  @Test
  void theHostsNetworkIsKnownAsSuchBehindAContainer() throws Exception {
    good("run", "-d", "--name", "web", "--network", "host", B, "sleep", "1000");
    String own = run(host, "run", "--rm", "--network", "host", B, "sh", "-c", NS).out();
    assertThat(good("run", "--rm", "--network", "container:web", B, "sh", "-c", NS)).isEqualTo(own);
    String sysctl = "net.ipv4.ip_forward=1";
    assertThat(bad(125, "run", "--rm", "--network", "container:web", "--sysctl", sysctl, B, "true"))
        .contains("not allowed in host network namespace");
  }

  /**
   * Root of the host has power over a namespace of other users; the other way round it has none.
   */
  @Test
  void whoHasTheHostsUsersJoinsTheNetworkOfWhoHasOthers() throws Exception {
    good("run", "-d", "--name", "web", "--userns=auto", B, "sleep", "1000");
    String script = NS + "; cat /etc/hosts; ls /sys/class/net; ping -c 1 -W 2 127.0.0.1";
    assertThat(good("run", "--rm", "--network", "container:web", B, "sh", "-c", script))
        .startsWith(sh("web", NS))
        .contains("1 packets received")
        .contains("eth0");
    assertThat(bad(125, "run", "--rm", "--userns=auto", "--network", "container:web", B, "true"))
        .contains("give --userns=host");
  }

  @Test
  void whatCannotBeIsRefused() throws Exception {
    assertThat(bad(125, "run", "--rm", "--network", "container:nobody", B, "true"))
        .contains("No such container: nobody");
    assertThat(bad(125, "run", "--name", "self", "--network", "container:self", B, "true"))
        .contains("cannot join own network");
    good("create", "--name", "web", B, "true");
    assertThat(bad(125, "run", "--rm", "--network", "container:web", B, "true"))
        .contains("cannot join network of a non running container: ");
    assertThat(bad(125, "run", "--network", "container:web", "-p", "80:80", B, "true"))
        .contains("conflicting options: port publishing and the container type network mode");
    String mac = "02:00:00:00:00:01";
    assertThat(bad(125, "run", "--network", "container:web", "--mac-address", mac, B, "true"))
        .contains("conflicting options: mac-address and the network mode");
    for (String[] flag :
        new String[][] {{"--ip", "10.0.0.2"}, {"--network-alias", "x"}, {"--network", "bridge"}}) {
      assertThat(bad(125, "run", "--network", "container:web", flag[0], flag[1], B, "true"))
          .contains("conflicting options");
    }
  }

  @Test
  void thePlanAndTheScriptNameTheNamespace() throws Exception {
    good("run", "-d", "--name", "web", B, "sleep", "1000");
    String pid = good("inspect", "-f", "{{.State.Pid}}", "web").strip();
    String plan = good("run", "--dry-run=plan", "--network", "container:web", B, "true");
    assertThat(plan).containsPattern("setns\\(.*CLONE_NEWNET.*--network=container:web");
    String script =
        good("run", "--dry-run=script", "--network", "container:web", B, "sh", "-c", NS);
    assertThat(script).contains("nsenter --net='/proc/" + pid + "/ns/net'");
    assertThat(sh(host, script)).isEqualTo(sh("web", NS));
    String steps =
        run(host, "run", "--rm", "--explain", "--network", "container:web", B, "true").err();
    assertThat(steps).contains("/proc/" + pid + "/ns/net").contains("CLONE_NEWNET");
  }

  /** A network namespace has no name on this host: it lives as long as somebody in it. */
  @Test
  void NW09_namespacesLeaveNoMountAndAStateThatIsGoneIsNoObstacle() throws Exception {
    String mounts = Files.readString(Path.of("/proc/self/mountinfo"));
    good("run", "-d", "--name", "web", B, "sleep", "1000");
    good("run", "-d", "--name", "side", "--network", "container:web", B, "sleep", "1000");
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).isEqualTo(mounts);
    String pid = good("inspect", "-f", "{{.State.Pid}}", "side").strip();
    sh(host, "kill -9 " + pid);
    good("wait", "side");
    String web = good("inspect", "-f", "{{.State.Pid}}", "web").strip();
    sh(host, "kill -9 $(cut -d' ' -f4 /proc/" + web + "/stat)");
    good("ps");
    assertThat(traces()).isEqualTo("lo\nlan\ntable inet somebodys\n");
    // As after a reboot: what was on the host is gone, and so is what was written about it.
    try (Directory top = Directory.open(directory)) {
      top.removeTree("run".getBytes(StandardCharsets.UTF_8));
    }
    good("start", "web");
    good("start", "side");
    assertThat(sh("side", NS)).isEqualTo(sh("web", NS));
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).isEqualTo(mounts);
  }
}
