package dev.mydocker.network;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A running container's place in a network. While it is on the disk, its links may be on this host.
 *
 * @param id 64 hexadecimal digits
 * @param container the container's id
 * @param network the network's id
 * @param device its link in the container
 * @param wayOut whether what has no nearer way goes by it
 * @param ip its IPv4 address, when the network has such
 * @param ip6 its IPv6 address, likewise
 * @param mac the address of the link
 * @param names what the container is called in the network
 * @param ports those of the host that lead to it
 */
public record Endpoint(
    String id,
    String container,
    String network,
    String device,
    boolean wayOut,
    Optional<Ip> ip,
    Optional<Ip> ip6,
    String mac,
    List<String> names,
    List<HostPort> ports) {

  public Endpoint {
    names = List.copyOf(names);
    ports = List.copyOf(ports);
  }

  Endpoint with(List<HostPort> others) {
    return new Endpoint(id, container, network, device, wayOut, ip, ip6, mac, names, others);
  }

  /** With another name in the place of one. */
  Endpoint renamed(String from, String to) {
    List<String> others = new ArrayList<>();
    for (String name : names) {
      others.add(name.equals(from) ? to : name);
    }
    return new Endpoint(id, container, network, device, wayOut, ip, ip6, mac, others, ports);
  }

  Optional<Ip> address(boolean v6) {
    return v6 ? ip6 : ip;
  }

  byte[] macBytes() {
    byte[] out = new byte[6];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) Integer.parseInt(mac.substring(3 * i, 3 * i + 2), 16);
    }
    return out;
  }

  Json.Obj toJson() {
    List<Json> served = new ArrayList<>();
    for (HostPort port : ports) {
      served.add(port.toJson());
    }
    Json.Builder out =
        Json.object()
            .put("id", id)
            .put("container", container)
            .put("network", network)
            .put("device", device)
            .put("wayOut", wayOut)
            .put("mac", mac)
            .putStrings("names", names)
            .put("ports", new Json.Arr(served));
    if (ip.isPresent()) {
      out.put("ip", ip.get().toString());
    }
    if (ip6.isPresent()) {
      out.put("ip6", ip6.get().toString());
    }
    return out.build();
  }

  static Endpoint parse(Json.Obj json) throws JsonException {
    List<HostPort> ports = new ArrayList<>();
    for (Json one : json.array("ports")) {
      if (!(one instanceof Json.Obj port)) {
        throw new JsonException("\"ports\" is not a list of ports");
      }
      ports.add(HostPort.parse(port));
    }
    return new Endpoint(
        json.string("id").orElse(""),
        json.string("container").orElse(""),
        json.string("network").orElse(""),
        json.string("device").orElse("eth0"),
        json.bool("wayOut"),
        address(json, "ip"),
        address(json, "ip6"),
        json.string("mac").orElse("02:00:00:00:00:00"),
        json.strings("names"),
        ports);
  }

  private static Optional<Ip> address(Json.Obj json, String name) throws JsonException {
    Optional<String> text = json.string(name);
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Ip.parse(text.get()));
    } catch (OptionException e) {
      throw new JsonException(e.getMessage());
    }
  }
}
