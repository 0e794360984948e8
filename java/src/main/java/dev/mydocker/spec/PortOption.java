package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/**
 * A port of a container that this host serves.
 *
 * @param host the address it is served at; empty for all of them
 * @param first the port of the host, 0 for any free one
 * @param last as {@code first}, or the last one of a range of which any free one will do
 * @param port the container's
 * @param protocol {@code tcp}, {@code udp} or {@code sctp}
 */
public record PortOption(String host, int first, int last, int port, String protocol) {
  private static final int MOST = 65535;

  /**
   * Ports of one protocol.
   *
   * @param first the first one
   * @param last the last one
   * @param protocol {@code tcp}, {@code udp} or {@code sctp}
   */
  private record Range(int first, int last, String protocol) {
    int size() {
      return last - first;
    }
  }

  /**
   * Reads {@code [ADDRESS:][[PORT[-PORT]]:]PORT[-PORT][/PROTOCOL]}.
   *
   * @throws OptionException when it is malformed
   */
  public static List<PortOption> parse(String text) throws OptionException {
    int colon = text.lastIndexOf(':');
    Range inner = range(text.substring(colon + 1), text, 1);
    String outer = colon < 0 ? "" : text.substring(0, colon);
    int second = outer.endsWith("]") ? outer.length() : outer.lastIndexOf(':');
    String ports = second < 0 ? outer : outer.substring(Math.min(outer.length(), second + 1));
    String host = second < 0 ? "" : outer.substring(0, second);
    if (outer.endsWith("]")) {
      throw new OptionException(
          "invalid port " + OptionException.quote(text) + ": write [::1]:8080:80, or [::1]::80");
    }
    String address = host.isEmpty() ? "" : address(host, text);
    List<PortOption> out = new ArrayList<>();
    if (ports.isEmpty()) {
      for (int port = inner.first(); port <= inner.last(); port++) {
        out.add(new PortOption(address, 0, 0, port, inner.protocol()));
      }
      return out;
    }
    Range hosts = range(ports, text, 0);
    if (inner.size() == 0) {
      return List.of(
          new PortOption(address, hosts.first(), hosts.last(), inner.first(), inner.protocol()));
    }
    if (inner.size() != hosts.size()) {
      throw new OptionException(
          "invalid ranges specified for container and host ports: " + OptionException.quote(text));
    }
    for (int i = 0; i <= inner.size(); i++) {
      int port = hosts.first() + i;
      out.add(new PortOption(address, port, port, inner.first() + i, inner.protocol()));
    }
    return out;
  }

  private static String address(String text, String whole) throws OptionException {
    boolean brackets = text.startsWith("[") && text.endsWith("]");
    try {
      Ip ip = Ip.parse(brackets ? text.substring(1, text.length() - 1) : text);
      if (ip.isV6() == brackets) {
        return ip.toString();
      }
    } catch (OptionException e) {
      throw new OptionException(e.getMessage() + " in " + OptionException.quote(whole));
    }
    throw new OptionException(
        "invalid port "
            + OptionException.quote(whole)
            + ": an IPv6 address, and no other, stands in brackets");
  }

  /**
   * Reads what an image or {@code --expose} names: {@code 80}, {@code 53/udp}, {@code 8000-8010}.
   *
   * @return each as {@code 80/tcp}
   * @throws OptionException when it is malformed
   */
  public static List<String> parseExposed(String text) throws OptionException {
    Range range = range(text, text, 1);
    List<String> out = new ArrayList<>();
    for (int port = range.first(); port <= range.last(); port++) {
      out.add(port + "/" + range.protocol());
    }
    return out;
  }

  private static Range range(String text, String whole, int least) throws OptionException {
    int slash = text.indexOf('/');
    String protocol =
        slash < 0 ? "tcp" : text.substring(slash + 1).toLowerCase(java.util.Locale.ROOT);
    if (!protocol.equals("tcp") && !protocol.equals("udp") && !protocol.equals("sctp")) {
      throw new OptionException(
          "invalid protocol in " + OptionException.quote(whole) + ": tcp, udp or sctp");
    }
    String ports = slash < 0 ? text : text.substring(0, slash);
    int dash = ports.indexOf('-');
    long first = Digits.parse(dash < 0 ? ports : ports.substring(0, dash), MOST);
    long last = dash < 0 ? first : Digits.parse(ports.substring(dash + 1), MOST);
    if (first < 0 || last < first || first < least || last > first && first == 0) {
      throw new OptionException(
          "invalid port in "
              + OptionException.quote(whole)
              + ": ports are 1 to 65535, 8080:80, 8000-8010:8000-8010 or 127.0.0.1:8080:80/udp");
    }
    return new Range((int) first, (int) last, protocol);
  }

  /** As a user would write it, in full. */
  public String text() {
    String address = host.isEmpty() ? "" : (host.contains(":") ? "[" + host + "]" : host) + ":";
    String ports = first == 0 ? "" : first == last ? "" + first : first + "-" + last;
    boolean bare = address.isEmpty() && ports.isEmpty();
    return address + ports + (bare ? "" : ":") + port + "/" + protocol;
  }
}
