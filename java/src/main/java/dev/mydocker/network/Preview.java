package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.util.List;

/**
 * What a container's networks would be made of.
 *
 * @param links its links, in order
 * @param table the name of the table of rules
 * @param rules that table, for {@code nft -f}
 * @param without the same without this container; empty when it is the only one
 * @param parameters those of the kernel that pass packets on and are off, below /proc/sys/net
 */
public record Preview(
    List<Link> links, String table, String rules, String without, List<String> parameters) {
  public Preview {
    links = List.copyOf(links);
    parameters = List.copyOf(parameters);
  }

  /** Whether one of the networks tells the names of those who are in it. */
  public boolean isNamed() {
    for (Link link : links) {
      if (!link.network().equals("bridge")) {
        return true;
      }
    }
    return false;
  }

  /**
   * A link of the container, and the network it is in.
   *
   * @param network the network's name
   * @param bridge its link
   * @param bridged whether that is there already
   * @param wire the host's end of the container's link
   * @param device the container's end
   * @param mac the address of that
   * @param mtu bytes; 0 for the kernel's choice
   * @param addresses at both ends
   * @param wayOut whether what has no nearer way goes by it
   * @param hairpin whether the container reaches itself by the bridge
   */
  public record Link(
      String network,
      String bridge,
      boolean bridged,
      String wire,
      String device,
      String mac,
      int mtu,
      List<Address> addresses,
      boolean wayOut,
      boolean hairpin) {
    public Link {
      addresses = List.copyOf(addresses);
    }
  }

  /**
   * Addresses of one subnet.
   *
   * @param container the container's
   * @param gateway the host's
   * @param prefix how many bits both have in common
   */
  public record Address(Ip container, Ip gateway, int prefix) {}
}
