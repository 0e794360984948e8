package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Chooses subnets that nobody on this host has, and addresses in them. A pure function. */
final class Subnets {
  /** Room for 1021 containers: a bridge has 1023 ports. */
  private static final int SMALL = 22;

  /** How many of them there are in 10.128.0.0/9. */
  private static final int SMALL_ONES = 1 << 13;

  private static final int TRIES = 2048;

  private Subnets() {}

  /**
   * A free IPv4 subnet. Those of the usual engine are Docker's; any other engine on the same host
   * begins somewhere else, so that two of them rarely want the same one at the same moment.
   *
   * @param offset 0 for the usual engine
   * @throws NetworkException when all are taken
   */
  static Subnet choose(Collection<Subnet> taken, int offset) throws NetworkException {
    if (offset == 0) {
      for (Subnet candidate : dockers()) {
        if (isFree(candidate, taken)) {
          return candidate;
        }
      }
    }
    for (int i = 0; i < TRIES; i++) {
      int number = Math.floorMod(offset * 67 + i, SMALL_ONES);
      Subnet candidate = v4(10, 128 + number / 64, number % 64 * 4, SMALL);
      if (isFree(candidate, taken)) {
        return candidate;
      }
    }
    throw new NetworkException(
        NetworkException.Kind.TAKEN,
        "all predefined address pools have been fully subnetted: choose one with"
            + " mydocker network create --subnet");
  }

  private static List<Subnet> dockers() {
    List<Subnet> out = new ArrayList<>();
    for (int i = 17; i < 32; i++) {
      out.add(v4(172, i, 0, 16));
    }
    for (int i = 0; i < 256; i += 16) {
      out.add(v4(192, 168, i, 20));
    }
    return out;
  }

  private static Subnet v4(int a, int b, int c, int prefix) {
    byte[] bytes = {(byte) a, (byte) b, (byte) c, 0};
    return new Subnet(Ip.of(bytes).masked(prefix, false), prefix);
  }

  /** Whether it has no address in common with any of those. */
  static boolean isFree(Subnet subnet, Collection<Subnet> taken) {
    for (Subnet other : taken) {
      if (subnet.overlaps(other)) {
        return false;
      }
    }
    return true;
  }

  /** The address that a gateway has when nobody says otherwise. */
  static Ip gateway(Subnet subnet) {
    return subnet.first().plus(1);
  }

  /** The lowest free address of a pool; empty when all are taken. */
  static Optional<Ip> address(Network.Pool pool, Collection<Ip> taken) {
    Subnet from = pool.range().orElse(pool.subnet());
    Ip last = from.last();
    for (Ip ip = from.first(); ip.compareTo(last) <= 0; ip = ip.plus(1)) {
      if (isUsable(ip, pool) && !taken.contains(ip)) {
        return Optional.of(ip);
      }
      if (ip.equals(last)) {
        break;
      }
    }
    return Optional.empty();
  }

  /** Whether a container may have it: not the gateway's, and of IPv4 neither first nor last. */
  static boolean isUsable(Ip ip, Network.Pool pool) {
    Subnet subnet = pool.subnet();
    boolean ends = !ip.isV6() && subnet.prefix() < 31 && ip.equals(subnet.last());
    boolean first = subnet.prefix() < subnet.first().bytes().length * 8 - 1;
    return subnet.contains(ip)
        && !ip.equals(pool.gateway())
        && !ends
        && !(first && ip.equals(subnet.first()));
  }
}
