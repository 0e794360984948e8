package dev.mydocker.spec;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** An IPv4 or IPv6 address, as bytes in the network's order. */
public final class Ip implements Comparable<Ip> {
  private static final int V4 = 4;
  private static final int V6 = 16;

  private final byte[] bytes;

  private Ip(byte[] bytes) {
    this.bytes = bytes;
  }

  /** An address of 4 or 16 bytes. */
  public static Ip of(byte[] bytes) {
    if (bytes.length != V4 && bytes.length != V6) {
      throw new IllegalArgumentException("an address of " + bytes.length + " bytes");
    }
    return new Ip(bytes.clone());
  }

  /**
   * Reads an address; a name is none, and is never looked up.
   *
   * @throws OptionException when it is none
   */
  public static Ip parse(String text) throws OptionException {
    byte[] found = text.indexOf(':') >= 0 ? parse6(text) : parse4(text);
    if (found.length == 0) {
      throw new OptionException("invalid IP address: " + OptionException.quote(text));
    }
    return new Ip(found);
  }

  private static byte[] parse4(String text) {
    byte[] out = new byte[V4];
    int at = 0;
    int value = -1;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '.';
      if (c == '.' && value >= 0 && at < V4) {
        out[at++] = (byte) value;
        value = -1;
      } else if (c >= '0' && c <= '9' && value != 0 && value < 256) {
        value = Math.max(value, 0) * 10 + c - '0';
      } else {
        return new byte[0];
      }
      if (value > 255) {
        return new byte[0];
      }
    }
    return at == V4 ? out : new byte[0];
  }

  private static byte[] parse6(String text) {
    for (int i = 0; i < text.length(); i++) {
      if ("0123456789abcdefABCDEF:.".indexOf(text.charAt(i)) < 0) {
        return new byte[0];
      }
    }
    try {
      byte[] found = InetAddress.getByName(text).getAddress();
      return found.length == V6 ? found : new byte[0];
    } catch (UnknownHostException e) {
      return new byte[0];
    }
  }

  /** Its 4 or 16 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Whether it is an IPv6 address. */
  public boolean isV6() {
    return bytes.length == V6;
  }

  /** Whether it is one of 127.0.0.0/8, or ::1. */
  public boolean isLoopback() {
    return isV6() ? equals(LOOPBACK6) : bytes[0] == 127;
  }

  /** Whether it stands for all addresses: 0.0.0.0 or [::]. */
  public boolean isAny() {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static final Ip LOOPBACK6;

  static {
    byte[] one = new byte[V6];
    one[V6 - 1] = 1;
    LOOPBACK6 = new Ip(one);
  }

  /** All addresses of this host. */
  public static Ip any(boolean v6) {
    return new Ip(new byte[v6 ? V6 : V4]);
  }

  /** The address that many behind this one; beyond the last it begins at the first again. */
  public Ip plus(long offset) {
    byte[] out = bytes.clone();
    long carry = offset;
    for (int i = out.length - 1; i >= 0 && carry != 0; i--) {
      long sum = (out[i] & 0xff) + carry;
      out[i] = (byte) sum;
      carry = sum >> 8;
    }
    return new Ip(out);
  }

  /** How many addresses lie between this one and a later one. */
  public BigInteger distance(Ip later) {
    return new BigInteger(1, later.bytes).subtract(new BigInteger(1, bytes));
  }

  /** This address with all but its first bits set to 0, or to 1. */
  public Ip masked(int prefix, boolean ones) {
    byte[] out = bytes.clone();
    for (int bit = prefix; bit < out.length * 8; bit++) {
      int mask = 0x80 >> (bit & 7);
      out[bit >> 3] = (byte) (ones ? out[bit >> 3] | mask : out[bit >> 3] & ~mask);
    }
    return new Ip(out);
  }

  @Override
  public int compareTo(Ip other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ip ip && Arrays.equals(bytes, ip.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** As people write it: RFC 5952 for IPv6. */
  @Override
  public String toString() {
    if (!isV6()) {
      return (bytes[0] & 0xff)
          + "."
          + (bytes[1] & 0xff)
          + "."
          + (bytes[2] & 0xff)
          + "."
          + (bytes[3] & 0xff);
    }
    int[] best = longestZeros();
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == best[0]) {
        out.append("::");
        i += best[1] - 1;
      } else {
        if (out.length() > 0 && out.charAt(out.length() - 1) != ':') {
          out.append(':');
        }
        out.append(Integer.toHexString(group(i)));
      }
    }
    return out.toString();
  }

  private int group(int i) {
    return (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
  }

  /** Where the longest run of two or more zero groups begins, and its length. */
  private int[] longestZeros() {
    int[] best = {-1, 1};
    int run = 0;
    for (int i = 0; i < 8; i++) {
      run = group(i) == 0 ? run + 1 : 0;
      if (run > best[1]) {
        best[0] = i - run + 1;
        best[1] = run;
      }
    }
    return best;
  }
}
