package dev.mydocker.engine;

import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.network.Connection;
import dev.mydocker.network.Pasta;
import dev.mydocker.network.Preview;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The content of /etc/hosts, /etc/hostname and /etc/resolv.conf in a container. */
final class HostFiles {
  private static final String LOCAL =
      "127.0.0.1\tlocalhost\n"
          + "::1\tlocalhost ip6-localhost ip6-loopback\n"
          + "fe00::\tip6-localnet\n"
          + "ff00::\tip6-mcastprefix\n"
          + "ff02::1\tip6-allnodes\n"
          + "ff02::2\tip6-allrouters\n";

  /** The two forms of a container's resolv.conf, as they were when it began. */
  private static final String USUAL = "resolv.conf.usual";

  private static final String NAMED = "resolv.conf.named";

  private HostFiles() {}

  /**
   * What of a container's networks is in its files.
   *
   * @param own its addresses
   * @param gateway the host's, by which it goes out
   * @param named whether one of them tells names: then its monitor is its name server
   * @param supervised whether it has a monitor: who launches it by hand has none
   */
  record Addresses(List<Ip> own, Optional<Ip> gateway, boolean named, boolean supervised) {
    static final Addresses NONE = new Addresses(List.of(), Optional.empty(), false, true);

    static Addresses of(Optional<Connection> connection) {
      return connection.isEmpty()
          ? NONE
          : new Addresses(
              connection.get().addresses(),
              connection.get().gateway(),
              connection.get().isNamed(),
              true);
    }

    static Addresses of(Preview preview) {
      List<Ip> own = new ArrayList<>();
      Optional<Ip> gateway = Optional.empty();
      for (Preview.Link link : preview.links()) {
        for (Preview.Address address : link.addresses()) {
          own.add(address.container());
          if (link.wayOut() && !address.gateway().isV6()) {
            gateway = Optional.of(address.gateway());
          }
        }
      }
      return new Addresses(own, gateway, preview.isNamed(), false);
    }
  }

  /** By path on the host. */
  static Map<String, String> of(
      Spec spec, Path run, ContainerSettings settings, Addresses addresses) throws IOException {
    String name = spec.hostname().orElse(HostProbe.hostname());
    Map<String, String> files = new LinkedHashMap<>();
    files.put(HostProbe.hostsFile(run), hosts(spec, name, settings, addresses));
    files.put(HostProbe.hostnameFile(run), name + "\n");
    String usual = resolvConf(settings);
    boolean served = addresses.named() && addresses.supervised();
    files.put(HostProbe.resolvConfFile(run), served ? ResolvConf.named(usual) : usual);
    return files;
  }

  private static String hosts(
      Spec spec, String name, ContainerSettings settings, Addresses addresses) throws IOException {
    boolean shared = settings.network() instanceof NetworkMode.Host;
    StringBuilder out = new StringBuilder(shared ? read("/etc/hosts", LOCAL) : LOCAL);
    if (shared && out.length() > 0 && out.charAt(out.length() - 1) != '\n') {
      out.append('\n');
    }
    for (String host : settings.names().hosts()) {
      int colon = host.indexOf(':');
      String address = host.substring(colon + 1);
      if (address.equals(NameChoice.GATEWAY)) {
        Optional<Ip> gateway = addresses.gateway();
        address = gateway.isPresent() ? gateway.get().toString() : "127.0.0.1";
      }
      out.append(address).append('\t').append(host, 0, colon).append('\n');
    }
    String domain = spec.domainname().orElse("");
    String full = domain.isEmpty() ? "" : name + "." + domain + " ";
    if (settings.network() instanceof NetworkMode.Pasta) {
      // Its address is the host's, and is known when pasta has started.
      out.append("127.0.1.1\t").append(full).append(name).append('\n');
    }
    for (Ip address : addresses.own()) {
      out.append(address).append('\t').append(full).append(name).append('\n');
    }
    return out.toString();
  }

  /** A running container is in one more network; the file stays the one that is mounted there. */
  static void add(Path run, String name, Connection more) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Ip address : more.addresses()) {
      lines.append(address).append('\t').append(name).append('\n');
    }
    Path file = Path.of(HostProbe.hostsFile(run));
    Files.writeString(file, lines, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * What its monitor needs as its name server, and {@link #setNamed} later.
   *
   * @param run its run directory
   */
  static void writeResolvers(Path run, ContainerSettings settings) throws IOException {
    List<String> servers = settings.names().servers();
    if (servers.isEmpty()) {
      servers = ResolvConf.servers(read("/etc/resolv.conf", ""));
    }
    String usual = resolvConf(settings);
    StateFile.write(run.resolve("resolvers"), String.join("\n", servers) + "\n", false);
    StateFile.write(run.resolve(USUAL), usual, false);
    StateFile.write(run.resolve(NAMED), ResolvConf.named(usual), false);
  }

  /**
   * A running container has come into a network with names, or has left the last one. Its
   * resolv.conf, which stays the file that is mounted there, follows, unless somebody has changed
   * it.
   */
  static void setNamed(Path run, boolean named) throws IOException {
    Path file = Path.of(HostProbe.resolvConfFile(run));
    Path before = run.resolve(named ? USUAL : NAMED);
    // The container may have made anything of it: it is read no further than it is the same.
    if (!Files.exists(before)
        || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.mismatch(before, file) >= 0) {
      return;
    }
    Files.writeString(
        file,
        Files.readString(run.resolve(named ? NAMED : USUAL)),
        StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING,
        LinkOption.NOFOLLOW_LINKS);
  }

  private static String resolvConf(ContainerSettings settings) throws IOException {
    boolean pasta = settings.network() instanceof NetworkMode.Pasta;
    boolean asked = !settings.names().servers().isEmpty();
    NameChoice names = pasta && !asked ? settings.names().at(Pasta.NAMES) : settings.names();
    boolean own = pasta || settings.network() instanceof NetworkMode.Joined;
    boolean said =
        !names.servers().isEmpty() || !names.search().isEmpty() || !names.options().isEmpty();
    String host = read("/etc/resolv.conf", "");
    return own || said ? ResolvConf.of(host, ResolvConf.upstream(host), names, own) : host;
  }

  private static String read(String path, String otherwise) throws IOException {
    Path file = Path.of(path);
    return Files.isReadable(file) ? Files.readString(file) : otherwise;
  }

  /** resolv.conf(5) for a container. */
  static final class ResolvConf {
    /** Where systemd-resolved says whom it asks itself. */
    private static final Path RESOLVED = Path.of("/run/systemd/resolve/resolv.conf");

    private static final List<String> PUBLIC = List.of("8.8.8.8", "8.8.4.4");

    private ResolvConf() {}

    /** Whom a host asks whose only name server is a stub of its own, when that tells it. */
    static String upstream(String host) throws IOException {
      boolean stub = false;
      boolean others = false;
      for (String line : host.split("\n")) {
        boolean server = line.startsWith("nameserver");
        stub |= server && line.contains("127.0.0.53");
        others |= server && !line.contains("127.0.0.53");
      }
      return stub && !others && Files.isReadable(RESOLVED) ? Files.readString(RESOLVED) : host;
    }

    /**
     * The file.
     *
     * @param host the host's own
     * @param upstream the same, or the one of those whom its stub asks
     * @param names what was asked for
     * @param own whether the host's loopback addresses are not the container's
     */
    static String of(String host, String upstream, NameChoice names, boolean own) {
      StringBuilder out = new StringBuilder();
      int servers = 0;
      for (String server : names.servers()) {
        out.append("nameserver ").append(server).append('\n');
        servers++;
      }
      for (String line : (own ? upstream : host).split("\n")) {
        String word = line.strip().split("[ \t]", 2)[0];
        boolean server = word.equals("nameserver");
        boolean taken =
            server && !names.servers().isEmpty()
                || (word.equals("search") || word.equals("domain")) && !names.search().isEmpty()
                || word.equals("options") && !names.options().isEmpty();
        if (!taken && !(own && server && isLoopback(line)) && word.matches("[a-z]+")) {
          out.append(line.strip()).append('\n');
          servers += server ? 1 : 0;
        }
      }
      for (String server : servers == 0 && own ? PUBLIC : List.<String>of()) {
        out.append("nameserver ").append(server).append('\n');
      }
      boolean none = names.search().equals(List.of("."));
      if (!names.search().isEmpty() && !none) {
        out.append("search ").append(String.join(" ", names.search())).append('\n');
      }
      if (!names.options().isEmpty()) {
        out.append("options ").append(String.join(" ", names.options())).append('\n');
      }
      return out.toString();
    }

    /**
     * The same for a container whose monitor is its name server: it passes on to the servers what
     * it does not know. A name without a dot is one of a container, so it is not looked up in the
     * search domains first, unless that was asked for.
     */
    static String named(String usual) {
      StringBuilder out = new StringBuilder("nameserver ");
      out.append(PlanCompiler.RESOLVER_ADDRESS).append('\n');
      StringBuilder options = new StringBuilder();
      for (String line : usual.split("\n")) {
        String[] words = line.strip().split("[ \t]+", 2);
        if (words[0].equals("options") && words.length == 2) {
          options.append(' ').append(words[1]);
        } else if (words[0].matches("[a-z]+") && !words[0].equals("nameserver")) {
          out.append(line.strip()).append('\n');
        }
      }
      boolean said = options.indexOf(" ndots:") >= 0;
      return out.append("options").append(options).append(said ? "\n" : " ndots:0\n").toString();
    }

    /** Whom a host asks itself, its own loopback addresses among them; public ones if nobody. */
    static List<String> servers(String host) {
      List<String> out = new ArrayList<>();
      for (String line : host.split("\n")) {
        String[] words = line.strip().split("[ \t]+");
        if (words[0].equals("nameserver") && words.length > 1) {
          out.add(words[1]);
        }
      }
      return out.isEmpty() ? PUBLIC : out;
    }

    private static boolean isLoopback(String line) {
      String address = line.strip().substring("nameserver".length()).strip();
      return address.startsWith("127.") || address.equals("::1");
    }
  }
}
