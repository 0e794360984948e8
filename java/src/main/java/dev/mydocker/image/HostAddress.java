package dev.mydocker.image;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * An internet address, and how far inside a network it lies.
 *
 * @param address the address
 */
record HostAddress(InetAddress address) {

  /** Whether {@code host} is written as an address: dotted numbers, or anything with a colon. */
  static boolean isLiteral(String host) {
    if (host.indexOf(':') >= 0) {
      return true;
    }
    // The last label of a name is never a number, so this is an address or nothing (RFC 3696).
    String last = host.substring(host.lastIndexOf('.') + 1);
    return !last.isEmpty() && last.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** The address that a literal says. A malformed one is the unspecified address. */
  static HostAddress literal(String host) {
    try {
      return new HostAddress(isLiteral(host) ? InetAddress.getByName(host) : unspecified());
    } catch (UnknownHostException e) {
      return new HostAddress(unspecified());
    }
  }

  boolean isLoopback() {
    return address.isLoopbackAddress();
  }

  /** Loopback, link-local (a cloud's metadata service), unspecified or multicast. */
  boolean isHostLocal() {
    return isLoopback()
        || address.isLinkLocalAddress()
        || address.isAnyLocalAddress()
        || address.isMulticastAddress();
  }

  /** RFC 1918, RFC 6598 and RFC 4193: an address inside somebody's own network. */
  boolean isPrivate() {
    byte[] b = address.getAddress();
    boolean shared = b.length == 4 && b[0] == 100 && (b[1] & 0xc0) == 64;
    boolean unique = b.length == 16 && (b[0] & 0xfe) == 0xfc;
    return shared || unique || address.isSiteLocalAddress();
  }

  /** Whether the first {@code bits} bits are those of {@code network}. */
  boolean isWithin(HostAddress network, int bits) {
    byte[] mine = address.getAddress();
    byte[] other = network.address.getAddress();
    int whole = bits / 8;
    if (mine.length != other.length
        || bits > mine.length * 8
        || !Arrays.equals(mine, 0, whole, other, 0, whole)) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || ((mine[whole] ^ other[whole]) & 0xff) >> 8 - rest == 0;
  }

  private static InetAddress unspecified() {
    try {
      return InetAddress.getByAddress(new byte[4]);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
