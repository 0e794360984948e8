package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network that is asked for.
 *
 * @param name what it is called
 * @param pools its addresses; of a family of which there are none they are chosen
 * @param internal whether nothing leads out of it
 * @param ipv6 whether it has IPv6 addresses
 * @param labels by name
 * @param options for the driver
 */
public record NetworkRequest(
    String name,
    List<Network.Pool> pools,
    boolean internal,
    boolean ipv6,
    Map<String, String> labels,
    Map<String, String> options) {
  private static final int MIN_MTU = 68;
  private static final int MIN_MTU6 = 1280;
  private static final int MAX_MTU = 65535;
  private static final String MTU = "mtu";
  private static final String DOCKER_MTU = "com.docker.network.driver.mtu";

  /**
   * As a user writes it.
   *
   * @param subnets at most one of each family
   * @param gateways at most one in each subnet
   * @param ranges likewise
   * @throws OptionException when one is malformed, or fits to none of the others
   */
  public static NetworkRequest of(
      String name,
      List<String> subnets,
      List<String> gateways,
      List<String> ranges,
      boolean internal,
      boolean ipv6,
      Map<String, String> labels,
      Map<String, String> options)
      throws OptionException {
    List<Ip> hosts = new ArrayList<>();
    for (String gateway : gateways) {
      hosts.add(Ip.parse(gateway));
    }
    List<Subnet> parts = new ArrayList<>();
    for (String range : ranges) {
      parts.add(Subnet.parse(range, false));
    }
    List<Network.Pool> pools = new ArrayList<>();
    for (boolean v6 : new boolean[] {false, true}) {
      int count = 0;
      for (String text : subnets) {
        Subnet subnet = Subnet.parse(text, true);
        if (subnet.first().isV6() == v6) {
          Optional<Subnet> range = range(parts, subnet);
          Optional<Ip> gateway = gateway(hosts, subnet);
          requireHost(gateway, subnet);
          range.ifPresent(parts::remove);
          gateway.ifPresent(hosts::remove);
          pools.add(new Network.Pool(subnet, range, gateway.orElse(Subnets.gateway(subnet)), true));
          requireRoom(subnet);
          count++;
        }
      }
      if (count > 1 || v6 && count > 0 && !ipv6) {
        throw new OptionException(
            count > 1
                ? "--subnet: a network has one subnet of each family"
                : "--subnet: an IPv6 subnet is for a network with --ipv6");
      }
    }
    if (!hosts.isEmpty() || !parts.isEmpty()) {
      throw new OptionException(
          "no matching subnet for "
              + (hosts.isEmpty() ? "range " + parts.get(0) : "gateway " + hosts.get(0)));
    }
    return new NetworkRequest(name, pools, internal, ipv6, labels, options);
  }

  private static void requireHost(Optional<Ip> gateway, Subnet subnet) throws OptionException {
    boolean v4 = gateway.isPresent() && !gateway.get().isV6();
    if (v4 && (gateway.get().equals(subnet.first()) || gateway.get().equals(subnet.last()))) {
      throw new OptionException(
          "--gateway: " + gateway.get() + " is no host's address in " + subnet);
    }
  }

  private static void requireRoom(Subnet subnet) throws OptionException {
    int bits = subnet.first().bytes().length * 8;
    if (subnet.prefix() > bits - 2 || subnet.prefix() < 8) {
      throw new OptionException(
          "--subnet: "
              + subnet
              + " must have room for a gateway and a container: /8 to /30, of"
              + " IPv6 to /126");
    }
  }

  /**
   * What the driver is told of packets' size.
   *
   * @return bytes; 0 for the kernel's choice
   * @throws OptionException when an option is malformed, or no such is known
   */
  int mtu() throws OptionException {
    int mtu = 0;
    for (Map.Entry<String, String> option : options.entrySet()) {
      if (!option.getKey().equals(MTU) && !option.getKey().equals(DOCKER_MTU)) {
        throw new OptionException(
            "--opt: the driver bridge knows no option "
                + OptionException.quote(option.getKey())
                + ": "
                + DOCKER_MTU);
      }
      try {
        mtu = Integer.parseInt(option.getValue());
      } catch (NumberFormatException e) {
        mtu = -1;
      }
      if (mtu < (ipv6 ? MIN_MTU6 : MIN_MTU) || mtu > MAX_MTU) {
        throw new OptionException(
            "--opt: "
                + OptionException.quote(option.getValue())
                + " is no MTU: bytes, 68 to 65535,"
                + " 1280 or more with --ipv6");
      }
    }
    return mtu;
  }

  private static Optional<Subnet> range(List<Subnet> ranges, Subnet subnet) {
    for (Subnet range : ranges) {
      if (subnet.contains(range.first()) && range.prefix() >= subnet.prefix()) {
        return Optional.of(range);
      }
    }
    return Optional.empty();
  }

  private static Optional<Ip> gateway(List<Ip> gateways, Subnet subnet) {
    for (Ip gateway : gateways) {
      if (subnet.contains(gateway)) {
        return Optional.of(gateway);
      }
    }
    return Optional.empty();
  }
}
