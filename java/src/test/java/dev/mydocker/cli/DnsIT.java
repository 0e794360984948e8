package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Directory;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NameServer;
import dev.mydocker.testing.TestEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Names in networks, on a host that is a network namespace of the test with a name server. */
class DnsIT {
  private static final String B = TestEngine.BUSYBOX;
  private static final String STUB = "127.0.0.53";
  private static final String FOREIGN = "198.51.100.7";

  private static Path directory;
  private static Process host;
  private static Process server;
  private static final ConcurrentLinkedQueue<String> ASKED = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void make() throws Exception {
    directory = Files.createTempDirectory("dns-it");
    host =
        new ProcessBuilder("unshare", "-n", "sh", "-c", "ip link set lo up; echo; exec sleep 1000")
            .start();
    assertThat(host.getInputStream().read()).isEqualTo('\n');
    List<String> program =
        inside(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                Path.of(
                        NameServer.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString(),
                NameServer.class.getName(),
                STUB));
    server = new ProcessBuilder(program).redirectErrorStream(true).start();
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    assertThat(reader.readLine()).isEqualTo("ready");
    Thread ear = new Thread(() -> reader.lines().forEach(ASKED::add));
    ear.setDaemon(true);
    ear.start();
  }

  @AfterAll
  static void remove() throws Exception {
    server.destroyForcibly().waitFor();
    host.destroyForcibly().waitFor();
    try (Directory parent = Directory.open(directory.getParent())) {
      parent.removeTree(directory.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    String ids = good("ps", "-aq");
    if (!ids.isBlank()) {
      List<String> rm = new ArrayList<>(List.of("rm", "-f"));
      rm.addAll(List.of(ids.strip().split("\n")));
      good(rm.toArray(new String[0]));
    }
    good("network", "prune", "-f");
    try (Stream<Path> files = Files.list(directory.resolve("run/networks"))) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.startsWith("names."));
    }
    ASKED.clear();
  }

  private static List<String> inside(List<String> command) {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=/proc/" + host.pid() + "/ns/net"));
    all.addAll(command);
    return all;
  }

  private static Cli.Result run(String... words) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(inside(Cli.command(words)));
    builder.environment().put("MYDOCKER_ROOT", directory.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", directory.resolve("run").toString());
    return Cli.end(builder.start(), new byte[0]);
  }

  private static String good(String... words) throws IOException {
    Cli.Result result = run(words);
    assertThat(result.code()).as(String.join(" ", words) + "\n" + result.err()).isZero();
    return result.out();
  }

  /** Starts a container that only waits; its id. */
  private static String start(String name, String network, String... flags) throws IOException {
    List<String> words =
        new ArrayList<>(List.of("run", "-d", "--name", name, "--network", network));
    words.addAll(List.of("--dns", STUB));
    words.addAll(List.of(flags));
    words.addAll(List.of(B, "sleep", "1000"));
    return good(words.toArray(new String[0])).strip();
  }

  private static String sh(String container, String script) throws IOException {
    return good("exec", container, "sh", "-c", script);
  }

  /**
   * The addresses that a container finds for a name, in order of their text; or the name of one.
   */
  private static List<String> look(String container, String name) throws IOException {
    String found =
        sh(
            container,
            "nslookup "
                + name
                + " 2>&1 | sed -n -e '1,/^$/d' -e 's/^Address: //p' -e 's/.*name = //p'"
                + " -e 's/.*\\(SERVFAIL\\|NXDOMAIN\\|timed out\\).*/\\1/p'");
    List<String> out = new ArrayList<>(List.of(found.strip().split("\n")));
    Collections.sort(out);
    return out.stream().distinct().toList();
  }

  private static String address(String container, String network) throws IOException {
    String path = "{{.NetworkSettings.Networks." + network + ".IPAddress}}";
    return good("inspect", "-f", path, container).strip();
  }

  @Test
  void containersOfANetworkFindEachOtherByAllTheirNames() throws Exception {
    good("network", "create", "--ipv6", "front");
    String id = start("Web", "front", "--network-alias", "www", "-h", "box");
    start("asker", "front");
    String ip = address("Web", "front");
    String ip6 =
        good("inspect", "-f", "{{.NetworkSettings.Networks.front.GlobalIPv6Address}}", "Web")
            .strip();
    for (String name : List.of("web", "WEB", "www", "box", id.substring(0, 12), "web.front")) {
      assertThat(look("asker", name)).as(name).containsExactlyInAnyOrder(ip, ip6);
    }
    assertThat(look("asker", ip)).containsExactly("web.front");
    assertThat(look("asker", ip6)).containsExactly("web.front");
    assertThat(sh("asker", "ping -c 1 -W 2 www; cat /etc/resolv.conf"))
        .contains("1 packets received")
        .contains("nameserver 127.0.0.11\noptions ndots:0\n");
    assertThat(ASKED).as("nobody else was asked for them").isEmpty();
    assertThat(sh("asker", "netstat -lnut")).contains("127.0.0.11:61053");
  }

  @Test
  void namesFollowWhoComesAndGoes() throws Exception {
    good("network", "create", "front");
    start("asker", "front");
    assertThat(look("asker", "web")).containsExactly(FOREIGN);
    start("web", "front", "--network-alias", "pool");
    String first = address("web", "front");
    assertThat(look("asker", "web")).containsExactly(first);
    start("second", "front", "--network-alias", "pool");
    assertThat(look("asker", "pool")).containsExactlyInAnyOrder(first, address("second", "front"));
    good("stop", "-t", "0", "web");
    assertThat(look("asker", "pool")).containsExactly(address("second", "front"));
    start("third", "front");
    good("start", "web");
    String again = address("web", "front");
    assertThat(again).as("another address").isNotEqualTo(first);
    assertThat(look("asker", "web")).containsExactly(again);
    good("rename", "web", "site");
    assertThat(look("asker", "site")).containsExactly(again);
    assertThat(look("asker", "web")).containsExactly(FOREIGN);
    good("restart", "-t", "0", "asker");
    assertThat(look("asker", "site")).containsExactly(again);
  }

  @Test
  void NW03_namesOfOtherNetworksAreNotTold() throws Exception {
    good("network", "create", "front");
    good("network", "create", "back");
    start("web", "front");
    start("db", "back");
    assertThat(look("web", "db")).containsExactly(FOREIGN);
    good("network", "connect", "--alias", "store", "front", "db");
    String ip = address("db", "front");
    assertThat(look("web", "db")).containsExactly(ip);
    assertThat(look("web", "store")).containsExactly(ip);
    good("network", "disconnect", "front", "db");
    assertThat(look("web", "store")).containsExactly(FOREIGN);
  }

  @Test
  void resolvConfFollowsTheNetworksUnlessSomebodyHasEditedIt() throws Exception {
    good("network", "create", "front");
    start("web", "front");
    start("late", "bridge", "--dns-search", "a.example");
    String usual = sh("late", "cat /etc/resolv.conf");
    assertThat(usual).contains("nameserver " + STUB + "\n").doesNotContain("127.0.0.11");
    assertThat(sh("late", "netstat -lnut")).doesNotContain(":53");
    good("network", "connect", "front", "late");
    assertThat(sh("late", "cat /etc/resolv.conf"))
        .isEqualTo("nameserver 127.0.0.11\nsearch a.example\noptions ndots:0\n");
    assertThat(sh("late", "netstat -lnut")).containsPattern("tcp.*127.0.0.11:61053");
    assertThat(sh("late", "ping -c 1 -W 2 web")).contains("(" + address("web", "front") + ")");
    good("network", "disconnect", "front", "late");
    assertThat(sh("late", "cat /etc/resolv.conf")).isEqualTo(usual);
    sh("late", "echo '# mine' >> /etc/resolv.conf");
    good("network", "connect", "front", "late");
    assertThat(sh("late", "cat /etc/resolv.conf")).isEqualTo(usual + "# mine\n");
  }

  @Test
  void whateverTheContainerMadeOfItsResolvConfItCanBeConnected() throws Exception {
    good("network", "create", "front");
    start("late", "bridge");
    for (String script :
        List.of("printf '\\377\\376' > /etc/resolv.conf", "truncate -s 3G /etc/resolv.conf")) {
      sh("late", script);
      String before = sh("late", "head -c 100 /etc/resolv.conf | od");
      good("network", "connect", "front", "late");
      good("network", "disconnect", "front", "late");
      assertThat(sh("late", "head -c 100 /etc/resolv.conf | od")).isEqualTo(before);
    }
  }

  /** One that serves names itself, at all of its addresses. */
  @Test
  void port53OfAContainerIsItsOwn() throws Exception {
    good("network", "create", "front");
    start("asker", "front");
    String serve = "nc -ll -p 53 -e echo mine";
    good("run", "-d", "--name", "ns", "--network", "front", B, "sh", "-c", serve);
    assertThat(sh("asker", "until nc -w 5 ns 53 </dev/null; do sleep 0.1; done"))
        .isEqualTo("mine\n");
    assertThat(look("ns", "asker")).containsExactly(address("asker", "front"));
    good("run", "-d", "--name", "late", "--dns", STUB, B, "sh", "-c", serve);
    good("network", "connect", "front", "late");
    assertThat(sh("asker", "until nc -w 5 late 53 </dev/null; do sleep 0.1; done"))
        .isEqualTo("mine\n");
    assertThat(look("late", "asker")).containsExactly(address("asker", "front"));
  }

  @Test
  void whatIsNoContainerIsAskedOfTheHostsNameServers() throws Exception {
    good("network", "create", "front");
    start("asker", "front");
    assertThat(look("asker", "www.example")).containsExactly(FOREIGN);
    assertThat(ASKED).contains("udp www.example. 1", "udp www.example. 28");
  }

  @Test
  void NW04_anInternalNetworkAsksNobody() throws Exception {
    good("network", "create", "--internal", "inner");
    start("web", "inner");
    start("asker", "inner");
    assertThat(look("asker", "web")).containsExactly(address("web", "inner"));
    assertThat(look("asker", "secret.example")).containsExactly("SERVFAIL");
    assertThat(ASKED).isEmpty();
    good("network", "create", "front");
    good("network", "connect", "front", "asker");
    assertThat(look("asker", "www.example")).containsExactly(FOREIGN);
    good("network", "disconnect", "front", "asker");
    ASKED.clear();
    assertThat(look("asker", "secret.example")).containsExactly("SERVFAIL");
    assertThat(ASKED).isEmpty();
  }

  @Test
  void aContainerWithAUserNamespaceAndAnOrdinaryUserIsServedToo() throws Exception {
    good("network", "create", "front");
    start("web", "front", "--user", "1000", "--cap-drop", "ALL", "--read-only", "--init");
    start("other", "front", "--userns=0:700000:65536", "--memory", "64m");
    assertThat(look("web", "other")).containsExactly(address("other", "front"));
    assertThat(look("other", "web")).containsExactly(address("web", "front"));
  }

  @Test
  void killedMonitorsNamesAreGone() throws Exception {
    good("network", "create", "front");
    String id = start("web", "front");
    start("asker", "front");
    String record = Files.readString(directory.resolve("run/containers/" + id + "/pid"));
    long monitor = Long.parseLong(record.replaceAll("(?s).*\"monitor\":(\\d+).*", "$1"));
    ProcessHandle handle = ProcessHandle.of(monitor).orElseThrow();
    handle.destroyForcibly();
    for (int i = 0; i < 100 && good("ps", "-q", "--no-trunc").contains(id); i++) {
      Thread.sleep(50);
    }
    assertThat(look("asker", "web")).containsExactly(FOREIGN);
  }
}
