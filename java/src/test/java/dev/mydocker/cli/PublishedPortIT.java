package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.testing.Cli;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Published ports by their traffic: from the host, from its neighbour, from the container itself;
 * TCP, UDP and SCTP, IPv4 and IPv6. Servers and clients are processes of this host that live in the
 * namespaces.
 */
class PublishedPortIT extends HostOfItsOwn {
  private static final String NF = "/proc/sys/net/bridge/bridge-nf-call-ip6tables";

  /** Says what it is asked with, and by whom; its first line is that it is there. */
  private static final String SERVER =
      """
      use IO::Socket::IP; use Socket qw(getnameinfo NI_NUMERICHOST NIx_NOSERV);
      my ($proto, $port) = @ARGV;
      my $type = $proto eq "udp" ? SOCK_DGRAM : SOCK_STREAM;
      my @listen = $proto eq "udp" ? () : (Listen => 9);
      my $s = IO::Socket::IP->new(GetAddrInfoFlags => 0, LocalHost => "::", LocalPort => $port, Proto => $proto,
        Type => $type, V6Only => 0, ReuseAddr => 1, @listen) or die "$proto $port: $@";
      $| = 1; print "ready\\n";
      while (1) {
        my $c = $proto eq "udp" ? $s : $s->accept;
        my $peer = $c->recv(my $asked, 100);
        my ($e, $host) = getnameinfo($proto eq "udp" ? $peer : $c->peername, NI_NUMERICHOST,
          NIx_NOSERV);
        $host =~ s/^::ffff://;
        $proto eq "udp" ? $s->send("$asked $host", 0, $peer) : print $c "$asked $host";
        close $c if $proto ne "udp";
      }
      """;

  /** Asks once, from a port of its own or any; prints the answer, or nothing. */
  private static final String CLIENT =
      """
      use IO::Socket::IP; use Socket;
      my ($proto, $host, $port, $from) = @ARGV;
      my @local = $from ? (LocalHost => $host =~ /:/ ? "::" : "0.0.0.0", LocalPort => $from) : ();
      my $s = IO::Socket::IP->new(GetAddrInfoFlags => 0, PeerHost => $host, PeerPort => $port, Proto => $proto,
        Type => $proto eq "udp" ? SOCK_DGRAM : SOCK_STREAM, Timeout => 5, @local) or exit;
      $s->send("ask"); vec(my $r = "", fileno $s, 1) = 1;
      select($r, undef, undef, 2) and $s->recv(my $answer, 100); print $answer;
      """;

  private final List<Process> servers = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (Process server : servers) {
      server.destroyForcibly().waitFor();
    }
    sh(host, "[ ! -e " + NF + " ] || echo 1 > " + NF);
  }

  private static List<String> perl(String netns, String program, String... words) {
    List<String> line = new ArrayList<>(List.of("nsenter", "--net=" + netns, "perl", "-e"));
    line.add(program);
    line.addAll(List.of(words));
    return line;
  }

  private static String netns(String container) throws Exception {
    return "/proc/" + good("inspect", "-f", "{{.State.Pid}}", container).strip() + "/ns/net";
  }

  private static String netns(Process namespace) {
    return "/proc/" + namespace.pid() + "/ns/net";
  }

  private void serve(String container, String protocol, int port) throws Exception {
    Process server =
        new ProcessBuilder(perl(netns(container), SERVER, protocol, Integer.toString(port)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    servers.add(server);
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII));
    assertThat(out.readLine()).isEqualTo("ready");
  }

  /** The answer: the question, and whom the server has seen; empty without. */
  private static String asked(String netns, String protocol, String address, int port)
      throws Exception {
    return asked(netns, protocol, address, port, 0);
  }

  private static String asked(String netns, String protocol, String address, int port, int from)
      throws Exception {
    String to = Integer.toString(port);
    List<String> line = perl(netns, CLIENT, protocol, address, to, Integer.toString(from));
    return Cli.end(Cli.start(line), new byte[0]).out();
  }

  @Test
  void udpIsServedToTheHostItsNeighbourAndTheContainerItself() throws Exception {
    good("run", "-d", "--name", "web", "-p", "5353:5300/udp", B, "sleep", "1000");
    serve("web", "udp", 5300);
    assertThat(good("port", "web")).isEqualTo("5300/udp -> 0.0.0.0:5353\n");
    for (String address : List.of("127.0.0.1", "192.0.2.1", address("web", "bridge"))) {
      int port = address.startsWith("10.") ? 5300 : 5353;
      assertThat(asked(netns(host), "udp", address, port)).as(address).startsWith("ask ");
    }
    assertThat(asked(netns(neighbour), "udp", "192.0.2.1", 5353)).isEqualTo("ask 192.0.2.2");
    assertThat(asked(netns("web"), "udp", "192.0.2.1", 5353)).as("hairpin").startsWith("ask 10.");
    assertThat(asked(netns(neighbour), "tcp", "192.0.2.1", 5353)).as("not of TCP").isEmpty();
  }

  /** A flow that conntrack knows goes where it went: moby #8795. */
  @Test
  void aUdpFlowThatWasThereBeforeFindsTheContainerAndItsNextRun() throws Exception {
    String n = netns(neighbour);
    assertThat(asked(n, "udp", "192.0.2.1", 5353, 4000)).as("nobody").isEmpty();
    good("run", "-d", "--name", "web", "-p", "5353:5300/udp", B, "sleep", "1000");
    serve("web", "udp", 5300);
    assertThat(asked(n, "udp", "192.0.2.1", 5353, 4000)).isEqualTo("ask 192.0.2.2");
    good("run", "-d", "--name", "other", B, "sleep", "1000");
    String before = address("web", "bridge");
    good("stop", "-t", "0", "web");
    assertThat(asked(n, "udp", "192.0.2.1", 5353, 4000)).as("nobody any more").isEmpty();
    good("run", "-d", "--name", "third", B, "sleep", "1000");
    good("start", "web");
    assertThat(address("web", "bridge")).isNotEqualTo(before);
    serve("web", "udp", 5300);
    assertThat(asked(n, "udp", "192.0.2.1", 5353, 4000)).isEqualTo("ask 192.0.2.2");
  }

  @Test
  void eachFamilyAndAddressIsServedAsItIsPublished() throws Exception {
    sh(host, "[ ! -e " + NF + " ] || echo 0 > " + NF);
    good("network", "create", "--ipv6", "six");
    good(
        "run",
        "-d",
        "--name",
        "web",
        "--network",
        "six",
        "-p",
        "[::1]:8080:80",
        "-p",
        "[2001:db8::1]:8081:80",
        "-p",
        "8082:80",
        "-p",
        "5353:5300/udp",
        B,
        "sleep",
        "1000");
    assertThat(good("port", "web", "80"))
        .isEqualTo("[::1]:8080\n[2001:db8::1]:8081\n0.0.0.0:8082\n[::]:8082\n");
    serve("web", "tcp", 80);
    serve("web", "udp", 5300);
    String h = netns(host);
    String n = netns(neighbour);
    assertThat(asked(h, "tcp", "::1", 8080)).as("from localhost").startsWith("ask fd");
    assertThat(asked(h, "tcp", "2001:db8::1", 8080)).as("not at another address").isEmpty();
    assertThat(asked(n, "tcp", "2001:db8::1", 8080)).as("not for the neighbour").isEmpty();
    assertThat(asked(n, "tcp", "2001:db8::1", 8081)).isEqualTo("ask 2001:db8::2");
    assertThat(asked(h, "tcp", "2001:db8::1", 8081)).isEqualTo("ask 2001:db8::1");
    assertThat(asked(h, "tcp", "::1", 8081)).as("not at another address").isEmpty();
    assertThat(asked(netns("web"), "tcp", "2001:db8::1", 8081)).as("hairpin").startsWith("ask fd");
    assertThat(asked(n, "tcp", "2001:db8::1", 8082)).isEqualTo("ask 2001:db8::2");
    assertThat(asked(n, "tcp", "192.0.2.1", 8082)).isEqualTo("ask 192.0.2.2");
    for (String address : List.of("::1", "127.0.0.1", "2001:db8::1", "192.0.2.1")) {
      assertThat(asked(h, "tcp", address, 8082)).as(address).startsWith("ask ");
      assertThat(asked(h, "udp", address, 5353)).as(address).startsWith("ask ");
    }
    assertThat(asked(n, "udp", "2001:db8::1", 5353)).isEqualTo("ask 2001:db8::2");
    assertThat(asked(netns("web"), "udp", "2001:db8::1", 5353)).as("hairpin").startsWith("ask fd");
  }

  /** As NW02, of ::1: what says that it is for the loopback address is nobody's but the host's. */
  @Test
  void NW02_noPacketToLoopbackComesInFromANetwork() throws Exception {
    sh(host, "[ ! -e " + NF + " ] || echo 0 > " + NF);
    good("network", "create", "--ipv6", "--subnet", "fd77::/64", "six");
    good("run", "-d", "--name", "web", "--network", "six", "-p", "[::1]:8080:80", B, "sleep", "99");
    good("run", "-d", "--name", "evil", "--network", "six", B, "sleep", "99");
    serve("web", "tcp", 80);
    assertThat(asked(netns(host), "tcp", "::1", 8080)).isNotEmpty();
    String evil = "nsenter --net=" + netns("evil") + " -- ";
    sh(
        host,
        evil
            + "ip -6 route del local ::1 dev lo table local; "
            + evil
            + "ip -6 addr del ::1 dev lo"
            + " 2>/dev/null; "
            + evil
            + "ip -6 route add ::1 via fd77::1");
    assertThat(asked(netns("evil"), "tcp", "::1", 8080)).isEmpty();
  }

  /** Sent by hand, as kernels without SCTP have conntrack for it all the same. */
  @Test
  void sctpIsLedIntoTheContainer() throws Exception {
    good("run", "-d", "--name", "web", "-p", "3868:3868/sctp", B, "sleep", "1000");
    String receiver =
        """
        use Socket; socket(my $s, AF_INET, SOCK_RAW, 132) or die $!;
        $| = 1; print "ready\\n"; recv($s, my $p, 2000, 0);
        print join " ", unpack("nn", substr $p, 20), ord substr $p, 32;
        """;
    Process in =
        new ProcessBuilder(perl(netns("web"), receiver))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    servers.add(in);
    BufferedReader out =
        new BufferedReader(new InputStreamReader(in.getInputStream(), StandardCharsets.US_ASCII));
    assertThat(out.readLine()).isEqualTo("ready");
    // An INIT chunk (RFC 9260, section 3.3.2), with the CRC-32C that conntrack looks at.
    String sender =
        """
        use Socket; socket(my $s, AF_INET, SOCK_RAW, 132) or die $!;
        my $p = pack("nnNN", 4000, 3868, 0, 0) . pack("CCnNNnnN", 1, 0, 20, 7, 65536, 1, 1, 1);
        my $crc = 0xffffffff;
        for my $b (unpack "C*", $p) {
          $crc ^= $b;
          $crc = $crc & 1 ? ($crc >> 1) ^ 0x82f63b78 : $crc >> 1 for 1 .. 8;
        }
        substr($p, 8, 4) = pack("V", $crc ^ 0xffffffff);
        send($s, $p, 0, pack_sockaddr_in(0, inet_aton("192.0.2.1"))) or die $!;
        """;
    Cli.Result sent = Cli.end(Cli.start(perl(netns(neighbour), sender)), new byte[0]);
    assertThat(sent.err()).isEmpty();
    assertThat(in.waitFor(5, TimeUnit.SECONDS)).as("it has come").isTrue();
    assertThat(out.readLine()).isEqualTo("4000 3868 1");
  }

  /** br_netfilter drops the answers to ::1: it is told, or the sender is refused at once. */
  @Test
  void wherePortsCannotBeServedToLoopbackThatIsSaid() throws Exception {
    assumeTrue(sh(host, "cat " + NF + " 2>/dev/null || true").equals("1\n"));
    good("network", "create", "--ipv6", "six");
    assertThat(bad(125, "run", "--rm", "--network", "six", "-p", "[::1]:8080:80", B, "true"))
        .contains("net.bridge.bridge-nf-call-ip6tables");
    assertThat(bad(125, "run", "--rm", "-p", "[::1]:8080:80", B, "true"))
        .contains("the network has no addresses of that family");
    good("run", "-d", "--name", "web", "--network", "six", "-p", "8080:80", B, "sleep", "1000");
    serve("web", "tcp", 80);
    long start = System.nanoTime();
    assertThat(asked(netns(host), "tcp", "::1", 8080)).isEmpty();
    assertThat(System.nanoTime() - start).as("refused").isLessThan(1_500_000_000L);
    assertThat(asked(netns(host), "tcp", "2001:db8::1", 8080)).isNotEmpty();
  }
}
