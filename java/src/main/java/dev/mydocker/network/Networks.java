package dev.mydocker.network;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.RandomName;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The networks of an engine, and who is in them. Safe for several threads, and processes: whoever
 * changes something holds one lock, from the first look to the last record.
 *
 * <p>Links and rules are on this host only while containers use them. A container's endpoint is
 * written down before its links are made, and struck out after they are gone; so whoever ends a
 * container, or sweeps up after a kill, finds in the file what there may be.
 */
public final class Networks {
  private final Path run;
  private final NetFiles files;
  private final HostNames names;
  private final Wiring wiring;

  /**
   * Those of an engine; nothing is touched yet.
   *
   * @param state where it is kept which networks there are
   * @param run where it is kept what is on this host
   * @param usual whether it is the engine that this host usually has: others, which tests make,
   *     must not get in its way
   */
  public Networks(Path state, Path run, boolean usual) {
    this.run = run;
    this.files = new NetFiles(state, run);
    this.names = new HostNames(state + "\0" + run, usual);
    this.wiring = new Wiring(names);
  }

  // ---- which there are --------------------------------------------------------------------------

  /** Every network, those that are always there first. */
  public List<Network> list() throws IOException {
    List<Network> known = files.networks();
    if (!known.isEmpty()) {
      return known;
    }
    try (Fd lock = files.lock()) {
      return known();
    }
  }

  /** Under the lock: those on the disk; the first time they are put there. */
  private List<Network> known() throws IOException {
    List<Network> known = files.networks();
    if (known.isEmpty()) {
      known.add(predefined("bridge", Network.BRIDGE));
      known.add(predefined("host", "host"));
      known.add(predefined("none", "null"));
      files.write(known);
    }
    return known;
  }

  private static Network predefined(String name, String driver) {
    return new Network(
        randomId(),
        name,
        driver,
        System.currentTimeMillis(),
        false,
        false,
        0,
        Map.of(),
        Map.of(),
        List.of());
  }

  private static String randomId() {
    return RandomName.hex(64);
  }

  /**
   * A network.
   *
   * @param reference its name, its id, or the beginning of its id
   * @throws NetworkException when there is none, or more than one
   */
  public Network find(String reference) throws IOException {
    return find(list(), reference);
  }

  private static Network find(List<Network> known, String reference) throws NetworkException {
    List<Network> found = new ArrayList<>();
    for (Network network : known) {
      if (network.name().equals(reference) || network.id().equals(reference)) {
        return network;
      }
      if (!reference.isEmpty() && network.id().startsWith(reference)) {
        found.add(network);
      }
    }
    if (found.size() > 1) {
      throw new NetworkException(
          NetworkException.Kind.TAKEN,
          "network " + reference + " is ambiguous: give more of its id");
    }
    if (found.isEmpty()) {
      throw new NetworkException(
          NetworkException.Kind.NOT_FOUND,
          "network " + OptionException.quote(reference) + " not found");
    }
    return found.get(0);
  }

  /**
   * Makes a network.
   *
   * @throws OptionException when what is asked for is malformed, or contradicts itself
   * @throws NetworkException when its name or its addresses are taken
   */
  public Network create(NetworkRequest request) throws IOException, OptionException {
    NetworkJoin.requireName(request.name());
    int mtu = request.mtu();
    try (Fd lock = files.lock()) {
      List<Network> known = known();
      for (Network network : known) {
        if (network.name().equals(request.name())) {
          throw new NetworkException(
              NetworkException.Kind.TAKEN,
              "network with name " + request.name() + " already exists");
        }
      }
      for (Network.Pool pool : request.pools()) {
        for (Network network : known) {
          if (!Subnets.isFree(pool.subnet(), subnets(network))) {
            throw new NetworkException(
                NetworkException.Kind.TAKEN,
                "Pool overlaps with other one on this address space: "
                    + pool.subnet()
                    + " and network "
                    + network.name());
          }
        }
      }
      Network network =
          new Network(
              randomId(),
              request.name(),
              Network.BRIDGE,
              System.currentTimeMillis(),
              request.internal(),
              request.ipv6(),
              mtu,
              request.labels(),
              request.options(),
              request.pools());
      List<Subnet> routes = new ArrayList<>();
      try (Links links = Links.in(-1, NetJournal.NONE)) {
        for (Links.Route route : links.routes()) {
          routes.add(route.to());
        }
      }
      for (Network.Pool pool : request.pools()) {
        if (!Subnets.isFree(pool.subnet(), routes)) {
          throw new NetworkException(
              NetworkException.Kind.TAKEN,
              "subnet " + pool.subnet() + " overlaps with a route of this host: choose another");
        }
      }
      network = withPools(network, known, routes);
      List<Network> all = new ArrayList<>(known);
      all.add(network);
      files.write(all);
      return network;
    }
  }

  private static List<Subnet> subnets(Network network) {
    List<Subnet> out = new ArrayList<>();
    for (Network.Pool pool : network.pools()) {
      out.add(pool.subnet());
    }
    return out;
  }

  /** With addresses of each family it has. */
  private Network withPools(Network network, List<Network> known, List<Subnet> routes)
      throws IOException {
    List<Network.Pool> pools = new ArrayList<>(network.pools());
    if (network.pool(false).isEmpty()) {
      List<Subnet> taken = new ArrayList<>(routes);
      for (Network other : known) {
        taken.addAll(subnets(other));
      }
      Subnet subnet = Subnets.choose(taken, names.offset());
      pools.add(0, new Network.Pool(subnet, Optional.empty(), Subnets.gateway(subnet), false));
    }
    if (network.ipv6() && network.pool(true).isEmpty()) {
      // RFC 4193: 40 random bits make a clash with anybody unlikely.
      byte[] bytes = RandomName.bytes(16);
      bytes[0] = (byte) 0xfd;
      Subnet subnet = new Subnet(Ip.of(bytes).masked(48, false), 64);
      pools.add(new Network.Pool(subnet, Optional.empty(), Subnets.gateway(subnet), false));
    }
    return network.with(pools);
  }

  /**
   * Removes a network that nobody is in.
   *
   * @return what it was
   * @throws NetworkException when there is none, it is always there, or somebody is in it
   */
  public Network remove(String reference) throws IOException {
    try (Fd lock = files.lock()) {
      List<Network> known = new ArrayList<>(known());
      Network network = find(known, reference);
      if (network.isPredefined()) {
        throw new NetworkException(
            NetworkException.Kind.UNFIT,
            network.name() + " is a pre-defined network and cannot be removed");
      }
      for (Endpoint endpoint : endpoints()) {
        if (endpoint.network().equals(network.id())) {
          throw new NetworkException(
              NetworkException.Kind.TAKEN,
              "network "
                  + network.name()
                  + " has active endpoints: container "
                  + endpoint.container().substring(0, 12)
                  + " is in it: stop or disconnect it first");
        }
      }
      known.remove(network);
      files.write(known);
      return network;
    }
  }

  // ---- who is in them ---------------------------------------------------------------------------

  /** Who is in a network now. */
  public List<Endpoint> endpoints() throws IOException {
    Optional<NetFiles.State> state = files.state();
    return state.isPresent() ? state.get().endpoints() : List.of();
  }

  /** Where a container is now. */
  public List<Endpoint> endpoints(String container) throws IOException {
    return of(endpoints(), container);
  }

  private static List<Endpoint> of(List<Endpoint> endpoints, String container) {
    List<Endpoint> out = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      if (endpoint.container().equals(container)) {
        out.add(endpoint);
      }
    }
    return out;
  }

  /**
   * Gives a container its places: addresses, ports, bridges and rules. Its own links come with
   * {@link #plug}.
   *
   * @param container its id
   * @param joins the networks
   * @param ports what is published
   * @param known what it is called in each
   * @throws NetworkException when a network, an address or a port cannot be had; then it has none
   */
  public Connection connect(
      String container,
      List<NetworkJoin> joins,
      List<PortOption> ports,
      List<String> known,
      NetJournal journal)
      throws IOException, OptionException {
    try (Fd lock = files.lock();
        Links links = Links.in(-1, journal)) {
      NetFiles.State before = begin(links);
      List<Network> networks = new ArrayList<>(known());
      List<Endpoint> all = new ArrayList<>(before.endpoints());
      List<Endpoint> own = new ArrayList<>();
      for (NetworkJoin join : joins) {
        Network network = settled(find(networks, join.network()), networks, all, links);
        Endpoint endpoint = place(container, join, network, all, known);
        own.add(endpoint);
        all.add(endpoint);
      }
      try (PortSockets sockets = new PortSockets(before.endpoints())) {
        publish(ports, own, all, sockets);
        Optional<Fd> held = sockets.hold();
        try {
          files.write(new NetFiles.State(all, before.generation()));
          NameFiles.update(files, networks, before.endpoints(), all);
          List<String> remarks = wiring.forwarding(own, byId(networks), links);
          List<Connection.Place> places = new ArrayList<>();
          for (Endpoint endpoint : own) {
            Network network = find(networks, endpoint.network());
            places.add(new Connection.Place(endpoint, network, wiring.bridge(network, links)));
          }
          rules(networks, new NetFiles.State(all, before.generation()), journal);
          return new Connection(places, held, remarks);
        } catch (IOException | RuntimeException e) {
          held.ifPresent(Fd::close);
          throw e;
        }
      }
    }
  }

  /**
   * What {@link #connect} and {@link #plug} would make; touches nothing. A port of the host that is
   * to be any free one is 0.
   *
   * @throws NetworkException when a network or an address cannot be had
   */
  public Preview preview(String container, List<NetworkJoin> joins, List<PortOption> ports)
      throws IOException, OptionException {
    List<Network> known = new ArrayList<>(files.networks());
    if (known.isEmpty()) {
      known.add(predefined("bridge", Network.BRIDGE));
    }
    List<Subnet> routes = new ArrayList<>();
    Set<String> there = new HashSet<>();
    try (Links links = Links.in(-1, NetJournal.NONE)) {
      for (Links.Route route : links.routes()) {
        routes.add(route.to());
      }
      links.all().forEach(link -> there.add(link.name()));
    }
    List<Endpoint> before = endpoints();
    List<Endpoint> all = new ArrayList<>(before);
    List<Ruleset.Used> others = used(known, before);
    List<Ruleset.Used> used = new ArrayList<>(others);
    List<Preview.Link> links = new ArrayList<>();
    Set<String> parameters = new HashSet<>();
    for (NetworkJoin join : joins) {
      Network network = find(known, join.network());
      network = network.pools().isEmpty() ? withPools(network, known, routes) : network;
      Endpoint endpoint = place(container, join, network, all, List.of());
      if (endpoint.wayOut()) {
        List<HostPort> served = new ArrayList<>();
        for (PortOption port : ports) {
          Ip at = port.host().isEmpty() ? Ip.any(false) : Ip.parse(port.host());
          served.add(new HostPort(at, port.first(), port.port(), port.protocol()));
        }
        endpoint = endpoint.with(served);
      }
      all.add(endpoint);
      Ruleset.Used own = new Ruleset.Used(network, names.bridge(network));
      if (!used.contains(own)) {
        used.add(own);
      }
      List<Preview.Address> addresses = new ArrayList<>();
      for (Network.Pool pool : network.pools()) {
        boolean v6 = pool.subnet().first().isV6();
        addresses.add(
            new Preview.Address(
                endpoint.address(v6).orElseThrow(), pool.gateway(), pool.subnet().prefix()));
        if (!network.internal()) {
          String parameter = v6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward";
          if (Wiring.isOff(parameter)) {
            parameters.add(parameter);
          }
        }
      }
      links.add(
          new Preview.Link(
              network.name(),
              names.bridge(network),
              there.contains(names.bridge(network)),
              names.wire(endpoint),
              endpoint.device(),
              endpoint.mac(),
              network.mtu(),
              addresses,
              endpoint.wayOut(),
              !endpoint.ports().isEmpty()));
    }
    boolean loopback6 = Wiring.servesLoopback6();
    String rules = Ruleset.of(names.table(), used, all, loopback6).text();
    String without =
        others.isEmpty() ? "" : Ruleset.of(names.table(), others, before, loopback6).text();
    return new Preview(links, names.table(), rules, without, List.copyOf(parameters));
  }

  /** The first time since the host has started, what an engine before may have left is removed. */
  private NetFiles.State begin(Links links) throws IOException {
    Optional<NetFiles.State> state = files.state();
    if (state.isPresent()) {
      return state.get();
    }
    List<String> left = new ArrayList<>();
    for (Links.Link link : links.all()) {
      if (names.isOurs(link.name())) {
        left.add(link.name());
      }
    }
    links.delete(left);
    files.writeRules("");
    return new NetFiles.State(List.of(), 0);
  }

  /**
   * With addresses; those that nobody asked for are chosen anew when the host has them meanwhile.
   */
  private Network settled(
      Network network, List<Network> networks, List<Endpoint> endpoints, Links links)
      throws IOException {
    requireBridge(network);
    for (Endpoint endpoint : endpoints) {
      if (endpoint.network().equals(network.id())) {
        return network;
      }
    }
    int own = links.index(names.bridge(network)).orElse(0);
    List<Subnet> routes = new ArrayList<>();
    for (Links.Route route : links.routes()) {
      if (route.link() != own || own == 0) {
        routes.add(route.to());
      }
    }
    List<Network.Pool> kept = new ArrayList<>();
    for (Network.Pool pool : network.pools()) {
      if (Subnets.isFree(pool.subnet(), routes)) {
        kept.add(pool);
      } else if (pool.asked()) {
        throw new NetworkException(
            NetworkException.Kind.TAKEN,
            "network "
                + network.name()
                + " cannot be used: its subnet "
                + pool.subnet()
                + " overlaps with a route of this host");
      }
    }
    boolean whole =
        kept.size() == network.pools().size()
            && network.pool(false).isPresent()
            && (!network.ipv6() || network.pool(true).isPresent());
    if (whole) {
      return network;
    }
    int at = 0;
    while (!networks.get(at).id().equals(network.id())) {
      at++;
    }
    List<Network> others = new ArrayList<>(networks);
    others.remove(at);
    Network settled = withPools(network.with(kept), others, routes);
    if (own != 0) {
      links.delete(names.bridge(network));
    }
    networks.set(at, settled);
    files.write(networks);
    return settled;
  }

  private static void requireBridge(Network network) throws NetworkException {
    if (!network.driver().equals(Network.BRIDGE)) {
      throw new NetworkException(
          NetworkException.Kind.UNFIT,
          "network " + network.name() + " is none that a container can be in beside others");
    }
  }

  /**
   * Makes sure that a container which does not run could be in a network as is asked, when nobody
   * else has its addresses then.
   *
   * @throws NetworkException when it never could
   */
  public void requireFit(NetworkJoin join) throws IOException {
    Network network = find(join.network());
    requireBridge(network);
    address(join.ip(), network, false, List.of());
    address(join.ip6(), network, true, List.of());
  }

  private static Endpoint place(
      String container, NetworkJoin join, Network network, List<Endpoint> all, List<String> known)
      throws NetworkException {
    List<Endpoint> own = of(all, container);
    boolean wayOut = !network.internal();
    Set<String> devices = new HashSet<>();
    for (Endpoint endpoint : own) {
      if (endpoint.network().equals(network.id())) {
        throw new NetworkException(
            NetworkException.Kind.TAKEN,
            "container is already attached to network " + network.name());
      }
      wayOut &= !endpoint.wayOut();
      devices.add(endpoint.device());
    }
    int device = 0;
    while (devices.contains("eth" + device)) {
      device++;
    }
    Optional<Ip> ip = address(join.ip(), network, false, all);
    Optional<Ip> ip6 = address(join.ip6(), network, true, all);
    Set<String> names = new LinkedHashSet<>(known);
    names.addAll(join.aliases());
    return new Endpoint(
        randomId(),
        container,
        network.id(),
        "eth" + device,
        wayOut,
        ip,
        ip6,
        join.mac().isPresent() ? join.mac().get() : mac(ip),
        List.copyOf(names),
        List.of());
  }

  /** Of the address, so that whoever gets it next is reached by what neighbours remember. */
  private static String mac(Optional<Ip> ip) {
    byte[] bytes = ip.isPresent() ? ip.get().bytes() : RandomName.bytes(4);
    StringBuilder out = new StringBuilder("02:42");
    for (byte b : bytes) {
      out.append(':')
          .append(Character.forDigit(b >> 4 & 15, 16))
          .append(Character.forDigit(b & 15, 16));
    }
    return out.toString();
  }

  private static Optional<Ip> address(
      Optional<Ip> wanted, Network network, boolean v6, List<Endpoint> all)
      throws NetworkException {
    Optional<Network.Pool> pool = network.pool(v6);
    if (wanted.isPresent() && (pool.isEmpty() || !pool.get().asked())) {
      throw new NetworkException(
          NetworkException.Kind.UNFIT,
          "user specified IP address is supported only when connecting to networks with user"
              + " configured subnets: make one with mydocker network create --subnet");
    }
    if (pool.isEmpty()) {
      return Optional.empty();
    }
    Set<Ip> taken = new HashSet<>();
    for (Endpoint endpoint : all) {
      if (endpoint.network().equals(network.id()) && endpoint.address(v6).isPresent()) {
        taken.add(endpoint.address(v6).get());
      }
    }
    if (wanted.isPresent()) {
      if (!Subnets.isUsable(wanted.get(), pool.get()) || taken.contains(wanted.get())) {
        boolean inside = pool.get().subnet().contains(wanted.get());
        throw new NetworkException(
            NetworkException.Kind.TAKEN,
            inside
                ? "Address already in use: " + wanted.get() + " in network " + network.name()
                : "no configured subnet contains IP address " + wanted.get());
      }
      return wanted;
    }
    Optional<Ip> free = Subnets.address(pool.get(), taken);
    if (free.isEmpty()) {
      throw new NetworkException(
          NetworkException.Kind.TAKEN,
          "no available addresses in network "
              + network.name()
              + ": all of "
              + pool.get().range().orElse(pool.get().subnet())
              + " are taken");
    }
    return free;
  }

  private static boolean isLoopback6(Ip address) {
    return address.isV6() && address.isLoopback();
  }

  /** Ports lead to the place that has the way out, as answers go by it. */
  private static void publish(
      List<PortOption> ports, List<Endpoint> own, List<Endpoint> all, PortSockets sockets)
      throws IOException, OptionException {
    for (int i = 0; i < own.size() && !ports.isEmpty(); i++) {
      Endpoint endpoint = own.get(i);
      if (endpoint.wayOut()) {
        for (PortOption port : ports) {
          boolean loopback6 = !port.host().isEmpty() && isLoopback6(Ip.parse(port.host()));
          if (loopback6 && endpoint.ip6().isPresent() && !Wiring.servesLoopback6()) {
            throw new NetworkException(
                NetworkException.Kind.UNFIT,
                "cannot publish "
                    + port.text()
                    + ": br_netfilter would drop the answers: set"
                    + " net.bridge.bridge-nf-call-ip6tables to 0, or publish it at another"
                    + " address");
          }
          sockets.take(port, endpoint.ip().isPresent(), endpoint.ip6().isPresent());
        }
        Endpoint published = endpoint.with(sockets.ports());
        // The own ones are the last of all. To look for one, the JVM would make code that compares.
        all.set(all.size() - own.size() + i, published);
        own.set(i, published);
      }
    }
  }

  /** Writes the rules when they are not as they must be, or somebody may have changed them. */
  private void rules(List<Network> networks, NetFiles.State state, NetJournal journal)
      throws IOException {
    List<Ruleset.Used> used = used(networks, state.endpoints());
    if (used.isEmpty()) {
      Nft.delete(names.table());
      files.writeRules("");
      return;
    }
    RuleTable table = Ruleset.of(names.table(), used, state.endpoints(), Wiring.servesLoopback6());
    String wanted = table.text();
    long before = Nft.generation();
    if (state.generation() != 0 && before == state.generation() && wanted.equals(files.rules())) {
      return;
    }
    // Until they hold the files say that there are none.
    files.writeRules("");
    replace(table, journal);
    files.writeRules(wanted);
    long after = Nft.generation();
    // Somebody else has changed a table meanwhile: what he did is looked at the next time.
    files.write(new NetFiles.State(state.endpoints(), after == before + 1 ? after : 0));
  }

  private static void replace(RuleTable table, NetJournal journal) throws KernelException {
    long start = System.nanoTime();
    long result = 0;
    try {
      Nft.replace(table);
    } catch (KernelException e) {
      result = -e.errno().number();
      throw e;
    } finally {
      journal.did(
          "netlink",
          List.of(table.replacement()),
          "translation, published ports, isolation",
          result,
          start,
          System.nanoTime());
    }
  }

  private List<Ruleset.Used> used(List<Network> networks, List<Endpoint> endpoints) {
    List<Ruleset.Used> used = new ArrayList<>();
    for (Network network : networks) {
      for (Endpoint endpoint : endpoints) {
        if (endpoint.network().equals(network.id())) {
          used.add(new Ruleset.Used(network, names.bridge(network)));
          break;
        }
      }
    }
    return used;
  }

  /** Writes the rules anew when somebody has changed, or flushed, the tables of this host. */
  public void refresh() throws IOException {
    if (!Files.exists(run.resolve("state.json"))) {
      return;
    }
    try (Fd lock = files.lock()) {
      Optional<NetFiles.State> state = files.state();
      if (state.isPresent() && !state.get().endpoints().isEmpty()) {
        rules(known(), state.get(), NetJournal.NONE);
      }
    }
  }

  /**
   * Makes a container's links and configures them, from outside.
   *
   * @param netns the container's network namespace
   */
  public void plug(Connection connection, Fd netns, NetJournal journal) throws IOException {
    for (Connection.Place place : connection.places()) {
      Conntrack.forget(place.endpoint().ports());
    }
    try (Links host = Links.in(-1, journal);
        Links inside = Links.in(netns.number(), journal)) {
      for (Connection.Place place : connection.places()) {
        wiring.plug(place, netns, host, inside);
      }
    }
  }

  /**
   * Leads what asks a container's name server to the port where that listens.
   *
   * @param netns the container's network namespace, once
   * @param address the name server's, there: IPv4, the first byte the highest
   * @param port where it listens
   */
  public void serveNames(Fd netns, int address, int port, NetJournal journal)
      throws KernelException {
    Ip server = Ip.of(ByteBuffer.allocate(4).putInt(address).array());
    long start = System.nanoTime();
    long result = 0;
    try {
      ResolverRules.add(netns.number(), server, port);
    } catch (KernelException e) {
      result = -e.errno().number();
      throw e;
    } finally {
      String what = "new rules: " + server + ":53 is port " + port;
      String why = "so that port 53 of its addresses is free for its programs";
      journal.did("netlink", List.of(what), why, result, start, System.nanoTime());
    }
  }

  /** Removes what a container has in every network; it is stopped, or stops. */
  public void release(String container) throws IOException {
    release(container, Optional.empty());
  }

  /**
   * Takes a container out of a network.
   *
   * @throws NetworkException when it is not in it
   */
  public void disconnect(String container, String reference) throws IOException {
    Network network = find(reference);
    boolean there = false;
    for (Endpoint endpoint : endpoints(container)) {
      there |= endpoint.network().equals(network.id());
    }
    if (!there) {
      throw new NetworkException(
          NetworkException.Kind.NOT_FOUND,
          "container "
              + container.substring(0, 12)
              + " is not connected to network "
              + network.name());
    }
    release(container, Optional.of(network.id()));
  }

  private void release(String container, Optional<String> only) throws IOException {
    if (!Files.exists(run.resolve("state.json"))) {
      return;
    }
    try (Fd lock = files.lock()) {
      Optional<NetFiles.State> state = files.state();
      List<Endpoint> gone = new ArrayList<>();
      List<Endpoint> rest = new ArrayList<>();
      for (Endpoint endpoint : state.isPresent() ? state.get().endpoints() : List.<Endpoint>of()) {
        boolean goes =
            isAbandoned(endpoint)
                || endpoint.container().equals(container)
                    && (only.isEmpty() || only.get().equals(endpoint.network()));
        (goes ? gone : rest).add(endpoint);
      }
      if (!gone.isEmpty()) {
        remove(gone, rest, state.get().generation());
      }
    }
  }

  /**
   * Whether its container has no run directory, which is made before all that a container has on
   * the host: whoever ended it could not strike it out, for want of memory or of processes.
   */
  private boolean isAbandoned(Endpoint endpoint) {
    return !Files.exists(run.resolveSibling("containers").resolve(endpoint.container()));
  }

  private void remove(List<Endpoint> gone, List<Endpoint> rest, long generation)
      throws IOException {
    List<Network> networks = known();
    Set<String> used = new HashSet<>();
    for (Endpoint endpoint : rest) {
      used.add(endpoint.network());
    }
    List<Endpoint> before = new ArrayList<>(rest);
    before.addAll(gone);
    NameFiles.update(files, networks, before, rest);
    List<String> unused = new ArrayList<>();
    for (Endpoint endpoint : gone) {
      unused.add(names.wire(endpoint));
    }
    for (Endpoint endpoint : gone) {
      if (used.add(endpoint.network())) {
        unused.add(names.bridge(find(networks, endpoint.network())));
      }
    }
    try (Links links = Links.in(-1, NetJournal.NONE)) {
      links.delete(unused);
    }
    NetFiles.State state = new NetFiles.State(rest, generation);
    rules(networks, state, NetJournal.NONE);
    for (Endpoint endpoint : gone) {
      Conntrack.forget(endpoint.ports());
    }
    files.write(new NetFiles.State(rest, files.state().map(NetFiles.State::generation).orElse(0L)));
  }

  /** A running container has another name: it is found by that one from now on. */
  public void rename(String container, String from, String to) throws IOException {
    if (!Files.exists(run.resolve("state.json"))) {
      return;
    }
    try (Fd lock = files.lock()) {
      Optional<NetFiles.State> state = files.state();
      if (state.isEmpty() || of(state.get().endpoints(), container).isEmpty()) {
        return;
      }
      List<Endpoint> all = new ArrayList<>();
      for (Endpoint endpoint : state.get().endpoints()) {
        all.add(endpoint.container().equals(container) ? endpoint.renamed(from, to) : endpoint);
      }
      files.write(new NetFiles.State(all, state.get().generation()));
      NameFiles.update(files, known(), state.get().endpoints(), all);
    }
  }

  /** Whether a container is in a network that tells the names of those who are in it. */
  public boolean isNamed(String container) throws IOException {
    Map<String, Network> known = byId();
    for (Endpoint endpoint : endpoints(container)) {
      Network network = known.get(endpoint.network());
      if (network != null && network.isNamed()) {
        return true;
      }
    }
    return false;
  }

  /** How the container's networks are called, by id. */
  public Map<String, Network> byId() throws IOException {
    return byId(list());
  }

  static Map<String, Network> byId(List<Network> networks) {
    Map<String, Network> out = new LinkedHashMap<>();
    for (Network network : networks) {
      out.put(network.id(), network);
    }
    return out;
  }

  /** The link of a network on this host, while somebody is in it. */
  public String bridge(Network network) {
    return names.bridge(network);
  }
}
