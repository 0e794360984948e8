package dev.mydocker.network;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortOption;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The network of an ordinary user's container: the program pasta(1) makes one link in the
 * container's network namespace, with the host's addresses and routes, and takes what comes by it
 * to sockets of its own, as the user may open them. It ends with the container (native/keeper.c).
 */
public final class Pasta {
  /** The name server of such a container: what is sent there pasta sends to the host's. */
  public static final String NAMES = "169.254.1.1";

  /** What it leads to, beside the container's own pid files. */
  private static final String FILE = "pasta.json";

  private static final List<String> PLACES =
      List.of("/usr/bin/pasta", "/bin/pasta", "/usr/local/bin/pasta");

  private Pasta() {}

  /**
   * Connects a container; comes back when packets can go.
   *
   * @param keeper the static program
   * @param container its id
   * @param pid its first process, which waits
   * @param run its run directory
   * @param ports what of the host shall lead to it
   * @throws NetworkException when pasta is missing, a port is taken, or it refuses
   */
  public static void start(
      String keeper,
      String container,
      int pid,
      Path run,
      List<PortOption> ports,
      NetJournal journal)
      throws IOException, OptionException {
    String program = program();
    Endpoint endpoint = endpoint(container, ports);
    List<String> command = new ArrayList<>(List.of(keeper, "keep", Integer.toString(pid)));
    command.add(run.toString());
    command.addAll(words(program, endpoint.ports()));
    Files.write(run.resolve(FILE), endpoint.toJson().toBytes());
    long begun = System.nanoTime();
    String said = run(command);
    boolean ready = said.equals("ready");
    List<String> shown = command.subList(4, command.size());
    String why = "default: its packets are taken to the user's own sockets";
    journal.did("execve", shown, why, ready ? 0 : -1, begun, System.nanoTime());
    if (!ready) {
      throw new NetworkException(
          NetworkException.Kind.HOST,
          "pasta, which connects an ordinary user's containers, does not: "
              + (said.isEmpty() ? "it does not say why" : said.strip())
              + hint(said));
    }
  }

  private static String hint(String said) {
    return said.contains("tun socket") || said.contains("/dev/net/tun")
        ? ": /dev/net/tun must be there, and the user able to open it (modprobe tun; mode 0666)"
        : "";
  }

  /** What of this host leads to a container, and by which network; empty when it has none. */
  public static Optional<Endpoint> find(Path run) throws IOException {
    try {
      return Json.parse(Files.readAllBytes(run.resolve(FILE))) instanceof Json.Obj object
          ? Optional.of(Endpoint.parse(object))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonException damaged) {
      // Written without a rename: who looks at the wrong moment sees no port yet.
      return Optional.empty();
    }
  }

  private static String program() throws NetworkException {
    for (String place : PLACES) {
      if (Files.isExecutable(Path.of(place))) {
        return place;
      }
    }
    throw new NetworkException(
        NetworkException.Kind.HOST,
        "the network of an ordinary user's container needs the program pasta, which is not"
            + " installed: install the package passt, or use --network none or host");
  }

  /** Which ports it will be: they are free now, and held by nobody until pasta takes them. */
  private static Endpoint endpoint(String container, List<PortOption> ports)
      throws IOException, OptionException {
    boolean v6 = Files.exists(Path.of("/proc/net/if_inet6"));
    try (PortSockets sockets = new PortSockets(List.of())) {
      for (PortOption port : ports) {
        if (port.protocol().equals("sctp")) {
          throw new NetworkException(
              NetworkException.Kind.UNFIT, "cannot publish " + port.text() + ": pasta has no SCTP");
        }
        take(sockets, port, v6);
      }
      return new Endpoint(
          container,
          container,
          "pasta",
          "eth0",
          true,
          Optional.empty(),
          Optional.empty(),
          "00:00:00:00:00:00",
          List.of(),
          sockets.ports());
    }
  }

  private static void take(PortSockets sockets, PortOption port, boolean v6)
      throws IOException, OptionException {
    try {
      sockets.take(port, true, v6);
    } catch (KernelException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
      throw new NetworkException(
          NetworkException.Kind.HOST,
          "cannot publish "
              + port.text()
              + ": low ports of this host are root's (EACCES): choose another one, or let users"
              + " have it by sysctl net.ipv4.ip_unprivileged_port_start");
    }
  }

  /**
   * Its command line. Nothing of the container reaches the host's loopback: neither by the
   * gateway's address nor by ports of the container's own.
   */
  static List<String> words(String program, List<HostPort> ports) {
    List<String> words =
        new ArrayList<>(List.of(program, "--config-net", "--foreground", "--quiet", "--stderr"));
    words.addAll(List.of("--no-map-gw", "--dns-forward", NAMES, "--ns-ifname", "eth0"));
    words.addAll(List.of("--tcp-ns", "none", "--udp-ns", "none"));
    ports(words, "--tcp-ports", "tcp", ports);
    ports(words, "--udp-ports", "udp", ports);
    return words;
  }

  private static void ports(
      List<String> words, String option, String protocol, List<HostPort> ports) {
    Set<String> specs = new TreeSet<>();
    for (HostPort port : ports) {
      if (port.protocol().equals(protocol)) {
        String address = port.address() + "/";
        // Without an address it serves both families.
        boolean both = port.address().isAny() && ports.stream().anyMatch(o -> isTwin(port, o));
        specs.add((both ? "" : address) + port.port() + ":" + port.inner());
      }
    }
    for (String spec : specs) {
      words.addAll(List.of(option, spec));
    }
    if (specs.isEmpty()) {
      words.addAll(List.of(option, "none"));
    }
  }

  private static boolean isTwin(HostPort port, HostPort other) {
    return other.address().isAny()
        && other.address().isV6() != port.address().isV6()
        && other.port() == port.port()
        && other.inner() == port.inner()
        && other.protocol().equals(port.protocol());
  }

  /** The keeper's first line; it runs on. */
  private static String run(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.redirectErrorStream(true);
    Process keeper = builder.start();
    keeper.getOutputStream().close();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(keeper.getInputStream(), StandardCharsets.UTF_8))) {
      String line = reader.readLine();
      return line == null ? "" : line;
    }
  }
}
