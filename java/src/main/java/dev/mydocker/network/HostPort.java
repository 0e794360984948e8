package dev.mydocker.network;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;

/**
 * A port of this host that leads into a container.
 *
 * @param address where it is served; 0.0.0.0 or :: for all addresses of a family
 * @param port of this host
 * @param inner the container's
 * @param protocol {@code tcp}, {@code udp} or {@code sctp}
 */
public record HostPort(Ip address, int port, int inner, String protocol) {

  /** Whether both of them cannot be served. */
  boolean clashes(HostPort other) {
    return port == other.port
        && protocol.equals(other.protocol)
        && address.isV6() == other.address.isV6()
        && (address.isAny() || other.address.isAny() || address.equals(other.address));
  }

  /** {@code 0.0.0.0:8080}, {@code [::]:8080}. */
  public String outside() {
    return (address.isV6() ? "[" + address + "]" : address.toString()) + ":" + port;
  }

  /** {@code 80/tcp}. */
  public String inside() {
    return inner + "/" + protocol;
  }

  Json.Obj toJson() {
    return Json.object()
        .put("address", address.toString())
        .put("port", port)
        .put("inner", inner)
        .put("protocol", protocol)
        .build();
  }

  static HostPort parse(Json.Obj json) throws JsonException {
    try {
      return new HostPort(
          Ip.parse(json.string("address").orElse("")),
          json.integer("port").orElse(0L).intValue(),
          json.integer("inner").orElse(0L).intValue(),
          json.string("protocol").orElse("tcp"));
    } catch (OptionException e) {
      throw new JsonException(e.getMessage());
    }
  }
}
