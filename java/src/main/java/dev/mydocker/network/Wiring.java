package dev.mydocker.network;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.RandomName;
import dev.mydocker.spec.Ip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of networks is made of links and parameters of the kernel: bridges on the host, and wires
 * from them into containers. It decides nothing, and keeps nothing: {@link Networks} does.
 */
final class Wiring {
  private final HostNames names;

  Wiring(HostNames names) {
    this.names = names;
  }

  /** Containers that shall reach others need a host that passes packets on. */
  List<String> forwarding(List<Endpoint> own, Map<String, Network> networks, Links links)
      throws IOException {
    boolean out = false;
    boolean out6 = false;
    for (Endpoint endpoint : own) {
      boolean leads = !networks.get(endpoint.network()).internal();
      out |= leads && endpoint.ip().isPresent();
      out6 |= leads && endpoint.ip6().isPresent();
    }
    List<String> remarks = new ArrayList<>();
    if (out && isOff("ipv4/ip_forward")) {
      links.parameter("ipv4/ip_forward", "1", "packets of containers are passed on");
      remarks.add(
          "this host did not pass packets on: net.ipv4.ip_forward is 1 now, for its containers");
    }
    if (out6 && isOff("ipv6/conf/all/forwarding")) {
      links.parameter("ipv6/conf/all/forwarding", "1", "packets of containers are passed on");
      remarks.add(
          "this host did not pass packets on: net.ipv6.conf.all.forwarding is 1 now, for its"
              + " containers; links take router advertisements with accept_ra=2 only");
    }
    return remarks;
  }

  static boolean isOff(String parameter) throws IOException {
    return Files.readString(Path.of("/proc/sys/net/" + parameter)).strip().equals("0");
  }

  /** Makes sure of a network's bridge; gives its number. */
  int bridge(Network network, Links links) throws IOException {
    String name = names.bridge(network);
    Optional<Integer> there = links.index(name);
    if (there.isPresent()) {
      return there.get();
    }
    byte[] mac = RandomName.bytes(6);
    mac[0] = 0x02;
    try {
      links.bridge(name, mac, network.mtu(), "mydocker network " + network.name());
      int index = links.index(name).orElseThrow();
      boolean v6 = network.pool(true).isPresent();
      boolean hostHasV6 = Files.isDirectory(Path.of("/proc/sys/net/ipv6"));
      if (hostHasV6 && v6) {
        links.parameter(
            "ipv6/conf/" + name + "/accept_ra", "0", "no container tells the host its routes");
      } else if (hostHasV6) {
        links.parameter("ipv6/conf/" + name + "/disable_ipv6", "1", "the network has no IPv6");
      }
      links.parameter(
          "ipv4/conf/" + name + "/route_localnet", "1", "published ports serve 127.0.0.1, too");
      for (Network.Pool pool : network.pools()) {
        links.address(
            index, name, pool.gateway(), pool.subnet().prefix(), "the host in the network");
      }
      links.up(index, name);
      if (hostHasV6 && v6) {
        links.loopback6(index, name);
      }
      return index;
    } catch (IOException e) {
      try {
        links.delete(name);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /**
   * Whether ports can be served to ::1: br_netfilter translates answers before the bridge hands
   * them over, and what then says that it is for ::1 is dropped as if it had come in so (ip6_rcv).
   */
  static boolean servesLoopback6() throws IOException {
    Path call = Path.of("/proc/sys/net/bridge/bridge-nf-call-ip6tables");
    return !Files.exists(call) || Files.readString(call).strip().equals("0");
  }

  /** Makes a container's link in one network, from both sides. */
  void plug(Connection.Place place, Fd netns, Links host, Links inside) throws IOException {
    Endpoint endpoint = place.endpoint();
    String device = endpoint.device();
    Links.Peer peer = new Links.Peer(device, endpoint.macBytes(), netns.number());
    host.veth(names.wire(endpoint), place.bridge(), peer, place.network().mtu());
    if (!endpoint.ports().isEmpty()) {
      String wire = names.wire(endpoint);
      host.hairpin(host.index(wire).orElseThrow(), wire);
    }
    int index = inside.index(device).orElseThrow();
    if (Files.isDirectory(Path.of("/proc/sys/net/ipv6"))) {
      boolean v6 = endpoint.ip6().isPresent();
      inside.parameter(
          "ipv6/conf/" + device + (v6 ? "/accept_ra" : "/disable_ipv6"),
          v6 ? "0" : "1",
          v6 ? "the engine gives addresses and routes" : "the network has no IPv6");
    }
    for (Network.Pool pool : place.network().pools()) {
      Optional<Ip> ip = endpoint.address(pool.subnet().first().isV6());
      if (ip.isPresent()) {
        inside.address(
            index, device, ip.get(), pool.subnet().prefix(), "the container in the network");
      }
    }
    inside.up(index, device);
    for (Network.Pool pool : place.network().pools()) {
      if (endpoint.wayOut()) {
        inside.gateway(index, device, pool.gateway());
      }
    }
  }
}
