package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/**
 * How a container looks names up.
 *
 * @param servers addresses of name servers; the host's when there are none
 * @param search domains in which short names are looked up
 * @param options of resolv.conf(5)
 * @param hosts what /etc/hosts has beside its own name: {@code NAME:ADDRESS}
 */
public record NameChoice(
    List<String> servers, List<String> search, List<String> options, List<String> hosts) {
  /** As the host does. */
  public static final NameChoice NONE = new NameChoice(List.of(), List.of(), List.of(), List.of());

  /** The address that stands for this host's own one in the container's network. */
  public static final String GATEWAY = "host-gateway";

  public NameChoice {
    servers = List.copyOf(servers);
    search = List.copyOf(search);
    options = List.copyOf(options);
    hosts = List.copyOf(hosts);
  }

  /** The same with that name server alone. */
  public NameChoice at(String server) {
    return new NameChoice(List.of(server), search, options, hosts);
  }

  /**
   * Reads what a user writes, or a record keeps.
   *
   * @throws OptionException when something is malformed
   */
  public static NameChoice parse(
      List<String> servers, List<String> search, List<String> options, List<String> hosts)
      throws OptionException {
    List<String> addresses = new ArrayList<>();
    for (String server : servers) {
      addresses.add(Ip.parse(server).toString());
    }
    List<String> domains = new ArrayList<>();
    for (String domain : search) {
      requireWord("--dns-search", domain);
      domains.add(domain);
    }
    for (String option : options) {
      requireWord("--dns-option", option);
    }
    List<String> extra = new ArrayList<>();
    for (String host : hosts) {
      extra.add(host(host));
    }
    return new NameChoice(addresses, domains, options, extra);
  }

  /** It becomes a word of a line: nothing that ends either may be in it. */
  private static void requireWord(String option, String text) throws OptionException {
    boolean good = !text.isEmpty() && text.length() <= 253;
    for (int i = 0; i < text.length(); i++) {
      good &= text.charAt(i) > ' ' && text.charAt(i) < 0x7f && text.charAt(i) != '#';
    }
    if (!good) {
      throw new OptionException(option + ": " + OptionException.quote(text) + " is no valid word");
    }
  }

  /** {@code NAME:ADDRESS}, or {@code NAME=ADDRESS}; the address may stand in brackets. */
  private static String host(String text) throws OptionException {
    int equals = text.indexOf('=');
    int end = equals >= 0 ? equals : text.indexOf(':');
    if (end <= 0) {
      throw new OptionException("bad format for add-host: " + OptionException.quote(text));
    }
    String name = text.substring(0, end);
    requireWord("--add-host", name);
    String address = text.substring(end + 1);
    if (address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    return name + ":" + (address.equals(GATEWAY) ? address : Ip.parse(address).toString());
  }
}
