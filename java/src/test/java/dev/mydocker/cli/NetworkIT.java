package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Directory;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Networks, on a host and with a neighbour that are network namespaces of the test: nothing is
 * changed, and nothing sent, on this machine's own network.
 */
class NetworkIT {
  private static final String B = TestEngine.BUSYBOX;
  private static final String SERVER =
      "echo it-is-me > /x; while :; do nc -l -p 80 < /x > /dev/null; done";

  private static Path directory;
  private static Process host;
  private static Process neighbour;

  @BeforeAll
  static void make() throws Exception {
    directory = Files.createTempDirectory("network-it");
    host = namespace();
    neighbour = namespace();
    String script =
        """
        ip link set lo up
        ip link add lan type veth peer name lan netns %d
        ip addr add 192.0.2.1/24 dev lan
        ip link set lan up
        nft add table inet somebodys
        """;
    sh(host, String.format(script, neighbour.pid()));
    sh(
        neighbour,
        "ip link set lo up; ip addr add 192.0.2.2/24 dev lan; ip link set lan up;"
            + " ip route add default via 192.0.2.1");
  }

  private static Process namespace() throws Exception {
    Process process =
        new ProcessBuilder("unshare", "-n", "sh", "-c", "echo; exec sleep 1000").start();
    assertThat(process.getInputStream().read()).isEqualTo('\n');
    return process;
  }

  @AfterAll
  static void remove() throws Exception {
    host.destroyForcibly().waitFor();
    neighbour.destroyForcibly().waitFor();
    try (Directory parent = Directory.open(directory.getParent())) {
      parent.removeTree(directory.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    List<String> ids = lines(good("ps", "-aq"));
    if (!ids.isEmpty()) {
      List<String> rm = new ArrayList<>(List.of("rm", "-f"));
      rm.addAll(ids);
      good(rm.toArray(new String[0]));
    }
    good("network", "prune", "-f");
    assertThat(traces()).isEqualTo("lo\nlan\ntable inet somebodys\n");
    Path state = directory.resolve("run/networks/state.json");
    if (Files.exists(state)) {
      assertThat(Files.readString(state)).contains("\"endpoints\":[]");
    }
  }

  /** The links and tables of the host. */
  private static String traces() throws Exception {
    return sh(host, "ip -o link | sed 's/^[0-9]*: //; s/[@:].*//'; nft list tables");
  }

  private static List<String> lines(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\n"));
  }

  private static List<String> inside(Process namespace, List<String> command) {
    List<String> all =
        new ArrayList<>(List.of("nsenter", "--net=/proc/" + namespace.pid() + "/ns/net"));
    all.addAll(command);
    return all;
  }

  private static String sh(Process namespace, String script) throws Exception {
    Cli.Result result =
        Cli.end(Cli.start(inside(namespace, List.of("sh", "-c", script))), new byte[0]);
    assertThat(result.err()).as(script).isEmpty();
    return result.out();
  }

  private static Process start(Process namespace, String... words) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(inside(namespace, Cli.command(words)));
    // The neighbour has an engine of its own, so that it does not take the host's for abandoned.
    Path own = namespace == host ? directory : directory.resolve("neighbour");
    builder.environment().put("MYDOCKER_ROOT", own.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", own.resolve("run").toString());
    return builder.start();
  }

  private static Cli.Result run(Process namespace, String... words) throws IOException {
    return Cli.end(start(namespace, words), new byte[0]);
  }

  private static String good(String... words) throws IOException {
    Cli.Result result = run(host, words);
    assertThat(result.code()).as(String.join(" ", words) + "\n" + result.err()).isZero();
    return result.out();
  }

  private static String bad(int code, String... words) throws IOException {
    Cli.Result result = run(host, words);
    assertThat(result.code()).as(String.join(" ", words) + result.out()).isEqualTo(code);
    assertThat(result.err().strip()).doesNotContain("\n");
    return result.err();
  }

  /** What a server says to somebody who is in a network namespace. */
  private static String ask(Process namespace, String address, int port) throws IOException {
    String command = "nc -w 2 " + address + " " + port + " < /dev/null";
    return run(namespace, "run", "--rm", "--network", "host", B, "sh", "-c", command).out().strip();
  }

  private static String address(String container, String network) throws IOException {
    String path = "{{.NetworkSettings.Networks." + network + ".IPAddress}}";
    return good("inspect", "-f", path, container).strip();
  }

  @Test
  void whoNamesNoNetworkHasAnAddressAndAWayOut() throws Exception {
    String out =
        good(
            "run",
            "--rm",
            "-h",
            "box",
            "--add-host",
            "db:10.9.9.9",
            "--add-host",
            "up:host-gateway",
            "--dns",
            "9.9.9.9",
            "--dns-search",
            "a.example",
            B,
            "sh",
            "-c",
            "ip -4 -o addr show dev eth0; ip route; cat /etc/hosts /etc/resolv.conf;"
                + " cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ping -c 1 -W 2 192.0.2.1");
    String gateway = out.replaceAll("(?s).*default via (\\S+).*", "$1");
    assertThat(out)
        .contains("1 packets received")
        .contains("10.9.9.9\tdb\n")
        .contains(gateway + "\tup\n")
        .containsPattern("\n10\\.[0-9.]+\tbox\n")
        .contains("nameserver 9.9.9.9\n")
        .contains("search a.example\n");
    assertThat(out.replaceAll("(?s)PING.*", ""))
        .as("NW10: no IPv6 where it is off")
        .endsWith("1\n");
  }

  @Test
  void aPublishedPortIsServedToTheHostItsNeighboursAndTheContainerItself() throws Exception {
    good("run", "-d", "--name", "web", "-p", "8080:80", B, "sh", "-c", SERVER);
    assertThat(good("port", "web")).isEqualTo("80/tcp -> 0.0.0.0:8080\n");
    assertThat(good("ps", "--format", "{{.Ports}}")).isEqualTo("0.0.0.0:8080->80/tcp\n");
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
    assertThat(ask(host, "192.0.2.1", 8080)).isEqualTo("it-is-me");
    assertThat(ask(neighbour, "192.0.2.1", 8080)).isEqualTo("it-is-me");
    String hairpin = "nc -w 2 192.0.2.1 8080 < /dev/null";
    assertThat(good("exec", "web", "sh", "-c", hairpin).strip()).isEqualTo("it-is-me");
    good("restart", "-t", "0", "web");
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
  }

  /** CVE-2020-8558, moby #45610. */
  @Test
  void NW02_whatIsNotPublishedForTheLanIsNotReachedFromIt() throws Exception {
    good("run", "-d", "--name", "web", "-p", "127.0.0.1:8080:80", B, "sh", "-c", SERVER);
    String inner = address("web", "bridge");
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
    assertThat(ask(host, inner, 80)).isEqualTo("it-is-me");
    assertThat(ask(neighbour, "192.0.2.1", 8080)).as("by the host's address").isEmpty();
    assertThat(ask(neighbour, inner, 80)).as("by the container's address").isEmpty();
    // Packets to 127.0.0.1 that leave by the wire, and packets to the host's loopback from inside.
    sh(
        neighbour,
        """
        echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
        ip route del local 127.0.0.0/8 dev lo table local
        ip route del local 127.0.0.1 dev lo table local
        ip route add 127.0.0.0/8 via 192.0.2.1 src 192.0.2.2
        """);
    assertThat(ask(neighbour, "127.0.0.1", 8080)).as("by the loopback address").isEmpty();
    sh(neighbour, "ip route del 127.0.0.0/8; ip link set lo down; ip link set lo up");
  }

  /** CVE-2025-54410, CVE-2025-54388. */
  @Test
  void NW03_networksStayApartWhenTheRulesWereFlushedToo() throws Exception {
    good("network", "create", "front");
    good("network", "create", "--internal", "back");
    good("run", "-d", "--name", "web", "--network", "front", B, "sh", "-c", SERVER);
    good("run", "-d", "--name", "db", "--network", "back", B, "sh", "-c", SERVER);
    String web = address("web", "front");
    String db = address("db", "back");
    assertThat(reaches("web", db)).isFalse();
    assertThat(reaches("db", web)).isFalse();
    assertThat(reaches("db", "192.0.2.2")).as("out of an internal network").isFalse();
    assertThat(reaches("web", "192.0.2.2")).isTrue();
    String before = sh(host, "nft list ruleset");
    sh(host, "nft flush ruleset; nft add table inet somebodys");
    good("ps", "-q");
    assertThat(List.of(sh(host, "nft list ruleset").split("\n")))
        .containsExactlyInAnyOrder(before.split("\n"));
    assertThat(reaches("web", db)).isFalse();
    good("network", "connect", "back", "web");
    assertThat(reaches("web", db)).isTrue();
    assertThat(bad(1, "network", "rm", "back")).contains("has active endpoints");
    good("network", "disconnect", "back", "web");
    assertThat(reaches("web", db)).isFalse();
    assertThat(bad(1, "network", "disconnect", "back", "web")).contains("is not connected to");
  }

  private static boolean reaches(String container, String address) throws IOException {
    return run(host, "exec", container, "ping", "-c", "1", "-W", "1", address).code() == 0;
  }

  @Test
  void NW08_anAddressOrPortThatIsTakenIsRefusedAndLeavesNothing() throws Exception {
    good("network", "create", "--subnet", "10.77.7.0/29", "small");
    good(
        "run",
        "-d",
        "--name",
        "web",
        "--network",
        "small",
        "--ip",
        "10.77.7.6",
        "-p",
        "8080:80",
        B,
        "sleep",
        "1000");
    assertThat(bad(125, "run", "--rm", "-p", "8080:81", B, "true"))
        .contains("0.0.0.0:8080/tcp: port is already allocated: container ");
    assertThat(bad(125, "run", "--rm", "--network", "small", "--ip", "10.77.7.6", B, "true"))
        .contains("Address already in use: 10.77.7.6");
    assertThat(bad(125, "run", "--rm", "--network", "small", "--ip", "10.77.8.6", B, "true"))
        .contains("no configured subnet contains IP address 10.77.8.6");
    assertThat(bad(125, "run", "--rm", "--ip", "10.77.8.6", B, "true"))
        .contains("user configured subnets");
    assertThat(bad(125, "run", "--rm", "--network", "nosuch", B, "true"))
        .contains("network \"nosuch\" not found");
    for (int i = 0; i < 6; i++) {
      good("run", "--rm", "--network", "small", B, "true");
    }
    for (int i = 0; i < 4; i++) {
      good("run", "-d", "--network", "small", B, "sleep", "1000");
    }
    assertThat(bad(125, "run", "--rm", "--network", "small", B, "true"))
        .contains("no available addresses in network small");
    assertThat(bad(1, "network", "create", "--subnet", "10.77.0.0/16", "large"))
        .contains("Pool overlaps with other one");
    assertThat(bad(1, "network", "create", "--subnet", "192.0.2.0/25", "lan"))
        .contains("overlaps with a route of this host");
    good("rm", "-f", "web");
    good("run", "--rm", "-p", "8080:81", B, "true");
  }

  @Test
  void NW08_aPortThatAProgramOfTheHostHasIsRefusedWithItsName() throws Exception {
    Process server = start(host, "run", "--rm", "--network", "host", B, "nc", "-l", "-p", "7777");
    try {
      sh(host, "until grep -q :1E61 /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done");
      assertThat(bad(125, "run", "--rm", "-p", "7777:80", B, "true"))
          .contains("0.0.0.0:7777/tcp: port is already allocated: process ")
          .contains("(nc)");
    } finally {
      ask(host, "127.0.0.1", 7777);
      assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** NW01: what a container says of routes changes nothing on the host. */
  @Test
  void NW01_anIpv6NetworkHasAddressesAndTakesNoRouterAdvertisement() throws Exception {
    good("network", "create", "--ipv6", "--subnet", "fd77::/64", "--opt", "mtu=1400", "six");
    good("run", "-d", "--name", "web", "--network", "six", "-p", "8080:80", B, "sh", "-c", SERVER);
    String shown =
        good(
            "exec",
            "web",
            "sh",
            "-c",
            "ip -6 -o addr show dev eth0; ip -6 route; cat /proc/sys/net/ipv6/conf/eth0/accept_ra;"
                + " cat /sys/class/net/eth0/mtu");
    assertThat(shown).contains("fd77::2/64").contains("default via fd77::1").endsWith("0\n1400\n");
    assertThat(sh(host, "cat /proc/sys/net/ipv6/conf/md*/accept_ra")).isEqualTo("0\n");
    assertThat(good("port", "web")).contains("80/tcp -> [::]:8080");
    assertThat(run(host, "exec", "web", "ping", "-6", "-c", "1", "-W", "2", "fd77::1").code())
        .isZero();
  }

  /** moby/libnetwork #1850. */
  @Test
  void NW06_whatAKilledLauncherHasMadeIsSweptByTheNextCommand() throws Exception {
    Random random = new Random(6);
    for (int round = 0; round < 12; round++) {
      Process launcher = start(host, "run", "--rm", "-p", "8080:80", B, "sleep", "0.2");
      if (launcher.waitFor(300 + random.nextInt(500), TimeUnit.MILLISECONDS)) {
        continue;
      }
      launcher.destroyForcibly().waitFor();
      for (int look = 0;
          look < 100 && !traces().equals("lo\nlan\ntable inet somebodys\n");
          look++) {
        good("ps", "-q");
      }
      assertThat(traces()).as("round " + round).isEqualTo("lo\nlan\ntable inet somebodys\n");
    }
  }

  @Test
  void networksAreListedAndShownAsByDocker() throws Exception {
    String id = good("network", "create", "--label", "stage=test", "front").strip();
    assertThat(id).matches("[0-9a-f]{64}");
    assertThat(good("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}"))
        .isEqualTo("bridge bridge local\nfront bridge local\nhost host local\nnone null local\n");
    assertThat(good("network", "ls", "-q", "--filter", "label=stage=test"))
        .isEqualTo(id.substring(0, 12) + "\n");
    assertThat(bad(1, "network", "create", "front")).contains("already exists");
    assertThat(bad(1, "network", "rm", "bridge")).contains("is a pre-defined network");
    assertThat(bad(1, "network", "rm", "nosuch")).contains("network \"nosuch\" not found");
    good("create", "--name", "web", "--network", "front", B, "true");
    assertThat(good("inspect", "-f", "{{.HostConfig.NetworkMode}}", "web")).isEqualTo("front\n");
    assertThat(good("network", "prune", "-f")).isEmpty();
    good("rm", "web");
    assertThat(good("network", "prune", "-f")).isEqualTo("Deleted Networks:\nfront\n\n");
  }

  /** Two engines on one host: each has what is its own. */
  @Test
  void anotherEngineOnTheHostIsNotDisturbed() throws Exception {
    good("run", "-d", "--name", "web", "-p", "8080:80", B, "sh", "-c", SERVER);
    ProcessBuilder builder =
        new ProcessBuilder(inside(host, Cli.command("run", "--rm", B, "ip", "route")));
    builder.environment().put("MYDOCKER_ROOT", directory.resolve("other/root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", directory.resolve("other/run").toString());
    Cli.Result other = Cli.end(builder.start(), new byte[0]);
    assertThat(other.code()).as(other.err()).isZero();
    String subnet = address("web", "bridge").replaceAll("[0-9]+$", "");
    assertThat(other.out()).contains("default via").doesNotContain(subnet);
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
  }
}
