package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A network that a container is in.
 *
 * @param network its name, or its id or the beginning of that
 * @param ip the container's IPv4 address in it, when that was said
 * @param ip6 its IPv6 address, likewise
 * @param mac the address of its link, likewise
 * @param aliases further names of the container in it
 */
public record NetworkJoin(
    String network, Optional<Ip> ip, Optional<Ip> ip6, Optional<String> mac, List<String> aliases) {
  /** The network of whoever names none. */
  public static final String DEFAULT = "bridge";

  private static final int NAME = 255;

  public NetworkJoin {
    aliases = List.copyOf(aliases);
  }

  /** A network with nothing said about it. */
  public static NetworkJoin of(String network) {
    return new NetworkJoin(
        network, Optional.empty(), Optional.empty(), Optional.empty(), List.of());
  }

  /** The same in a network of that name. */
  public NetworkJoin in(String name) {
    return new NetworkJoin(name, ip, ip6, mac, aliases);
  }

  /**
   * Reads a name, or {@code name=NAME,ip=ADDRESS,ip6=ADDRESS,mac-address=MAC,alias=NAME}.
   *
   * @throws OptionException when it is malformed
   */
  public static NetworkJoin parse(String text) throws OptionException {
    if (text.indexOf('=') < 0) {
      requireName(text);
      return of(text.equals("default") ? DEFAULT : text);
    }
    String name = "";
    NetworkJoin join = of("");
    for (String field : CsvLine.parse(text)) {
      int equals = field.indexOf('=');
      String key = equals < 0 ? field : field.substring(0, equals).toLowerCase(Locale.ROOT);
      String value = equals < 0 ? "" : field.substring(equals + 1);
      switch (key) {
        case "name" -> name = value;
        case "ip", "ip6" -> join = join.withIp(value, key.equals("ip6"));
        case "mac-address" -> join = join.withMac(value);
        case "alias" -> join = join.withAlias(value);
        default ->
            throw new OptionException(
                "--network: "
                    + OptionException.quote(key)
                    + " is no key of it: name, alias, ip,"
                    + " ip6 or mac-address");
      }
    }
    requireName(name);
    return new NetworkJoin(
        name.equals("default") ? DEFAULT : name, join.ip, join.ip6, join.mac, join.aliases);
  }

  /**
   * The same with an address.
   *
   * @throws OptionException when it is none of that family
   */
  public NetworkJoin withIp(String text, boolean v6) throws OptionException {
    Ip address = Ip.parse(text);
    if (address.isV6() != v6) {
      throw new OptionException(
          "invalid " + (v6 ? "IPv6" : "IPv4") + " address: " + OptionException.quote(text));
    }
    return v6
        ? new NetworkJoin(network, ip, Optional.of(address), mac, aliases)
        : new NetworkJoin(network, Optional.of(address), ip6, mac, aliases);
  }

  /**
   * The same with a link's address.
   *
   * @throws OptionException when it is none
   */
  public NetworkJoin withMac(String text) throws OptionException {
    String lower = text.toLowerCase(Locale.ROOT);
    boolean good = lower.length() == 17;
    for (int i = 0; i < lower.length() && good; i++) {
      good =
          i % 3 == 2
              ? lower.charAt(i) == ':' || lower.charAt(i) == '-'
              : Character.digit(lower.charAt(i), 16) >= 0;
    }
    if (!good || (Character.digit(lower.charAt(1), 16) & 1) != 0) {
      throw new OptionException(
          OptionException.quote(text) + " is not a valid mac address: 02:42:ac:11:00:02");
    }
    return new NetworkJoin(network, ip, ip6, Optional.of(lower.replace('-', ':')), aliases);
  }

  /**
   * The same with one more name.
   *
   * @throws OptionException when it is none
   */
  public NetworkJoin withAlias(String name) throws OptionException {
    boolean good = !name.isEmpty() && name.length() <= 63;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      good &= c < 0x7f && (Character.isLetterOrDigit(c) || c == '-' || c == '_' || c == '.');
    }
    if (!good) {
      throw new OptionException("invalid network alias: " + OptionException.quote(name));
    }
    List<String> more = new ArrayList<>(aliases);
    if (!more.contains(name)) {
      more.add(name);
    }
    return new NetworkJoin(network, ip, ip6, mac, more);
  }

  /**
   * Refuses what is no name of a network.
   *
   * @throws OptionException in Docker's words
   */
  public static void requireName(String name) throws OptionException {
    boolean good = !name.isEmpty() && name.length() <= NAME;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean word = c < 0x7f && Character.isLetterOrDigit(c);
      good &= word || i > 0 && (c == '_' || c == '.' || c == '-');
    }
    if (!good) {
      throw new OptionException(
          "invalid network name "
              + OptionException.quote(name)
              + ": letters, digits, '_', '.' and '-', the first a letter or digit");
    }
  }
}
