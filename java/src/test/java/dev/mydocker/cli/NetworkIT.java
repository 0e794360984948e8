package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Networks: what a container has in them, who reaches whom, and what is refused. */
class NetworkIT extends HostOfItsOwn {

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
                + " ping -c 1 -W 2 192.0.2.1");
    String gateway = out.replaceAll("(?s).*default via (\\S+).*", "$1");
    assertThat(out)
        .contains("1 packets received")
        .contains("10.9.9.9\tdb\n")
        .contains(gateway + "\tup\n")
        .containsPattern("\n10\\.[0-9.]+\tbox\n")
        .contains("nameserver 9.9.9.9\n")
        .contains("search a.example\n");
  }

  /** CVE-2024-32473. */
  @Test
  void NW10_whereIpv6IsOffNoLinkHasIt() throws Exception {
    good("network", "create", "front");
    good("run", "-d", "--name", "web", "--network", "front", B, "sleep", "1000");
    good("network", "connect", "bridge", "web");
    String off = "cat /proc/sys/net/ipv6/conf/%s*/disable_ipv6";
    assertThat(good("exec", "web", "sh", "-c", String.format(off, "eth"))).isEqualTo("1\n1\n");
    assertThat(good("exec", "web", "sh", "-c", "ip -6 -o addr | grep -v ' lo'; :")).isEmpty();
    assertThat(sh(host, String.format(off, "md"))).isEqualTo("1\n1\n");
  }

  @Test
  void aContainerThatDoesNotRunIsPutIntoNoNetworkWhereItCouldNotBe() throws Exception {
    good("network", "create", "--subnet", "10.77.7.0/24", "office");
    good("create", "--name", "web", B, "sleep", "1000");
    assertThat(refusedToConnect("nosuch")).contains("network \"nosuch\" not found");
    assertThat(refusedToConnect("host")).contains("is none that a container can be in beside");
    assertThat(refusedToConnect("none")).contains("is none that a container can be in beside");
    assertThat(refusedToConnect("bridge")).contains("already attached to network bridge");
    assertThat(refusedToConnect("--ip", "10.78.0.2", "office"))
        .contains("no configured subnet contains IP address 10.78.0.2");
    assertThat(refusedToConnect("--ip6", "fd77::9", "office")).contains("user configured subnets");
    good("network", "connect", "--ip", "10.77.7.9", "office", "web");
    good("start", "web");
    assertThat(address("web", "office")).isEqualTo("10.77.7.9");
    good("network", "disconnect", "bridge", "web");
    good("network", "disconnect", "office", "web");
    assertThat(good("exec", "web", "ip", "-o", "link")).doesNotContain("eth");
  }

  private static String refusedToConnect(String... words) throws IOException {
    List<String> line = new ArrayList<>(List.of("network", "connect"));
    line.addAll(List.of(words));
    line.add("web");
    return bad(1, line.toArray(String[]::new));
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

  /** With more the kernel waits for every CPU before it uses one of them. */
  @Test
  void aWireHasOneQueue() throws Exception {
    good("run", "-d", "--name", "web", B, "sleep", "1000");
    String queues = "ip -d -o link show type veth | grep ' master ' | grep -o 'num.xqueues [0-9]*'";
    assertThat(sh(host, queues)).isEqualTo("numtxqueues 1\nnumrxqueues 1\n");
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

  @Test
  void whatHappensToNetworksIsToldAsByDocker() throws Exception {
    String bridge = good("network", "inspect", "-f", "{{.Id}}", "bridge").strip();
    String since = Instant.now().toString();
    String front = good("network", "create", "front").strip();
    String web =
        good("run", "-d", "--name", "web", "--network", "front", B, "sleep", "1000").strip();
    good("network", "connect", "bridge", "web");
    good("network", "disconnect", "front", "web");
    good("restart", "-t", "0", "web");
    good("rm", "-f", "web");
    good("run", "--rm", "--network", "none", B, "true");
    good("network", "rm", "front");
    assertThat(lines(told(since, "--filter", "type=network")))
        .containsExactly(
            "create " + front,
            "connect " + front,
            "connect " + bridge,
            "disconnect " + front,
            "disconnect " + bridge,
            "connect " + bridge,
            "disconnect " + bridge,
            "destroy " + front);
    assertThat(lines(told(since, "--filter", "network=front"))).hasSize(4);
    assertThat(lines(told(since, "--filter", "network=" + bridge.substring(0, 12)))).hasSize(4);
    assertThat(lines(told(since, "--filter", "container=web")).get(1)).isEqualTo("start " + web);
    String first = good(events(since, "--filter", "event=connect", "--format", "{{json .Actor}}"));
    assertThat(lines(first).get(0))
        .isEqualTo(
            "{\"ID\":\""
                + front
                + "\",\"Attributes\":{\"container\":\""
                + web
                + "\",\"name\":\"front\",\"type\":\"bridge\"}}");
    String all = good(events(since, "--filter", "event=die", "--filter", "event=disconnect"));
    assertThat(all.indexOf(" container die " + web))
        .as("as with Docker, the end comes before")
        .isBetween(0, all.lastIndexOf(" network disconnect " + bridge));
  }

  private static String told(String since, String... filter) throws IOException {
    List<String> all = new ArrayList<>(List.of(filter));
    all.addAll(List.of("--format", "{{.Action}} {{.Actor.ID}}"));
    return good(events(since, all.toArray(String[]::new)));
  }

  private static String[] events(String since, String... words) {
    List<String> line = new ArrayList<>(List.of("events", "--since", since, "--until", "0s"));
    line.addAll(List.of(words));
    return line.toArray(String[]::new);
  }

  /** What a plan says is what a recording shows. */
  @Test
  void thePlanShowsTheStepsThatAreRecorded() throws Exception {
    good("pull", "-q", B);
    good("network", "create", "--ipv6", "--subnet", "10.77.9.0/24", "six");
    List<String[]> options =
        List.of(
            new String[] {"-p", "8080:80", "--network", "bridge"},
            new String[] {"-p", "8080:80", "--network", "six", "--network", "bridge"});
    for (String[] some : options) {
      String planned = good(with(some, "run", "--dry-run=plan"));
      Cli.Result run = run(host, with(some, "run", "--rm", "--explain"));
      assertThat(run.code()).as(run.err()).isZero();
      assertThat(steps(planned)).isEqualTo(steps(run.err())).hasSizeGreaterThan(9);
      assertThat(planned).containsPattern("(?m)^ +\\| .*dnat .*:80");
    }
    good(with(options.get(0), "run", "-d"));
    String planned = good("run", "--dry-run=plan", "--network", "bridge", B, "sleep", "1000");
    assertThat(planned).as("the bridge is there").doesNotContain("new bridge");
  }

  /** The engine speaks to the kernel itself: what that has is what nft makes of the same rules. */
  @Test
  void theRulesAreThoseThatNftMakesOfTheirFile() throws Exception {
    good("network", "create", "--ipv6", "six");
    good("network", "create", "--internal", "back");
    String[] ports = {"8080:80", "127.0.0.1:5353:53/udp", "[2001:db8::1]:8081:81", "9:9/sctp"};
    List<String> line = new ArrayList<>(List.of("run", "-d", "--name", "web", "--network", "six"));
    for (String port : ports) {
      line.addAll(List.of("-p", port));
    }
    line.addAll(List.of(B, "sleep", "1000"));
    good(line.toArray(String[]::new));
    String[] other = {"run", "-d", "--network", "back", "--network", "bridge", B, "sleep", "1000"};
    good(other);
    String ours = sh(host, "nft list ruleset");
    assertThat(ours).contains("sctp dport 9 dnat ip6 to").contains("ip6 saddr != fe80::/10");
    sh(host, "nft -f " + directory.resolve("run/networks/rules.nft"));
    assertThat(sh(host, "nft list ruleset")).isEqualTo(ours);
  }

  @Test
  void aThousandPortsAreOneChange() throws Exception {
    String range = "20000-20999";
    good("run", "-d", "--name", "web", "-p", range + ":" + range, B, "sh", "-c", SERVER);
    String rules = sh(host, "nft list ruleset");
    assertThat(lines(rules)).filteredOn(line -> line.contains(" dnat ip to ")).hasSize(2000);
  }

  @Test
  void aScriptLeavesOtherContainersTheirRules() throws Exception {
    good("run", "-d", "--name", "web", "-p", "8080:80", B, "sh", "-c", SERVER);
    String rules = sh(host, "nft list ruleset");
    String[] shows = {B, "ip", "-4", "-o", "addr", "show", "dev", "eth0"};
    List<String> line = new ArrayList<>(List.of("run", "--dry-run=script", "-p", "8081:80"));
    line.addAll(List.of(shows));
    String script = good(line.toArray(String[]::new));
    assertThat(sh(host, script)).contains("eth0").doesNotContain(address("web", "bridge"));
    assertThat(sh(host, "nft list ruleset")).isEqualTo(rules);
    assertThat(ask(host, "127.0.0.1", 8080)).isEqualTo("it-is-me");
  }

  private static String[] with(String[] options, String... command) {
    List<String> line = new ArrayList<>(List.of(command));
    line.addAll(List.of(options));
    line.addAll(List.of(B, "sleep", command[command.length - 1].equals("-d") ? "1000" : "0"));
    return line.toArray(String[]::new);
  }

  /** Of networks, in order; wires are called after what is chosen by lot, as IPv6 subnets are. */
  private static List<String> steps(String shown) {
    List<String> steps = new ArrayList<>();
    Matcher step =
        Pattern.compile("netlink\\(.*?\\)|write\\(\"/proc/sys/net/[^)]*\\)").matcher(shown);
    while (step.find()) {
      steps.add(step.group().replaceAll("mv[0-9a-f]+-[0-9a-f]+", "WIRE"));
    }
    return steps;
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
