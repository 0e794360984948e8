package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;

/**
 * A range of addresses: {@code 172.17.0.0/16}.
 *
 * @param first its first address
 * @param prefix how many bits all its addresses have in common
 */
public record Subnet(Ip first, int prefix) {

  /**
   * Reads it.
   *
   * @param exact whether an address inside it is refused where its first one belongs
   * @throws OptionException when it is none
   */
  public static Subnet parse(String text, boolean exact) throws OptionException {
    int slash = text.indexOf('/');
    int bits = -1;
    if (slash > 0 && text.length() - slash <= 4) {
      bits = 0;
      for (int i = slash + 1; i < text.length() && bits >= 0; i++) {
        int digit = text.charAt(i) - '0';
        bits = digit < 0 || digit > 9 ? -1 : bits * 10 + digit;
      }
    }
    if (slash + 1 == text.length() || bits < 0) {
      throw new OptionException("invalid CIDR address: " + OptionException.quote(text));
    }
    Ip address = Ip.parse(text.substring(0, slash));
    if (bits > address.bytes().length * 8) {
      throw new OptionException("invalid CIDR address: " + OptionException.quote(text));
    }
    Subnet subnet = new Subnet(address.masked(bits, false), bits);
    if (exact && !subnet.first.equals(address)) {
      throw new OptionException(
          "invalid subnet " + text + ": it should be " + subnet + ", its first address");
    }
    return subnet;
  }

  /** Its last address: of IPv4 the one for broadcasts. */
  Ip last() {
    return first.masked(prefix, true);
  }

  /** Whether an address is in it. */
  boolean contains(Ip address) {
    return address.isV6() == first.isV6() && address.masked(prefix, false).equals(first);
  }

  /** Whether it has an address in common with another one. */
  boolean overlaps(Subnet other) {
    return contains(other.first) || other.contains(first);
  }

  @Override
  public String toString() {
    return first + "/" + prefix;
  }
}
