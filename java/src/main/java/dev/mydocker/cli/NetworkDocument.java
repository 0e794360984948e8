package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.json.Json;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.HostPort;
import dev.mydocker.network.Network;
import dev.mydocker.spec.Ip;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A network as {@code docker network inspect} shows it, and a container's part in it. */
final class NetworkDocument {
  private NetworkDocument() {}

  static Json.Obj of(Engine engine, Network network) throws IOException {
    Json.Builder containers = Json.object();
    for (Endpoint endpoint : engine.networks().endpoints()) {
      if (endpoint.network().equals(network.id())) {
        String name = endpoint.names().isEmpty() ? "" : endpoint.names().get(0);
        containers.put(
            endpoint.container(),
            Json.object()
                .put("Name", name)
                .put("EndpointID", endpoint.id())
                .put("MacAddress", endpoint.mac())
                .put("IPv4Address", address(endpoint.ip(), network, false))
                .put("IPv6Address", address(endpoint.ip6(), network, true))
                .build());
      }
    }
    return Json.object()
        .put("Name", network.name())
        .put("Id", network.id())
        .put("Created", Instant.ofEpochMilli(network.created()).toString())
        .put("Scope", "local")
        .put("Driver", network.driver())
        .put("EnableIPv4", true)
        .put("EnableIPv6", network.ipv6())
        .put("IPAM", ipam(network))
        .put("Internal", network.internal())
        .put("Attachable", false)
        .put("Ingress", false)
        .put("Containers", containers.build())
        .put("Options", members(network.options()))
        .put("Labels", members(network.labels()))
        .build();
  }

  private static Json.Obj ipam(Network network) {
    List<Json> pools = new ArrayList<>();
    for (Network.Pool pool : network.pools()) {
      Json.Builder one = Json.object().put("Subnet", pool.subnet().toString());
      if (pool.range().isPresent()) {
        one.put("IPRange", pool.range().get().toString());
      }
      pools.add(one.put("Gateway", pool.gateway().toString()).build());
    }
    return Json.object()
        .put("Driver", "default")
        .put("Options", new Json.Null())
        .put("Config", new Json.Arr(pools))
        .build();
  }

  private static String address(Optional<Ip> ip, Network network, boolean v6) {
    return ip.isEmpty() ? "" : ip.get() + "/" + prefix(network, v6);
  }

  private static int prefix(Network network, boolean v6) {
    return network.pool(v6).map(pool -> pool.subnet().prefix()).orElse(0);
  }

  private static Json.Obj members(Map<String, String> values) {
    Json.Builder out = Json.object();
    values.forEach((name, value) -> out.put(name, value));
    return out.build();
  }

  /**
   * What {@code docker inspect} shows of a container as {@code NetworkSettings}.
   *
   * @param endpoints its own
   * @param networks by id
   */
  static Json.Obj settings(List<Endpoint> endpoints, Map<String, Network> networks) {
    Json.Builder out = Json.object();
    out.put("Ports", ports(endpoints));
    Json.Builder all = Json.object();
    Json.Obj first = Json.object().build();
    for (Endpoint endpoint : endpoints) {
      Network network = networks.get(endpoint.network());
      if (network != null) {
        Json.Obj one = settings(endpoint, network);
        all.put(network.name(), one);
        if (network.name().equals("bridge")) {
          first = one;
        }
      }
    }
    for (String name : List.of("Gateway", "IPAddress", "MacAddress")) {
      out.put(name, first.get(name).orElse(new Json.Str("")));
    }
    return out.put("Networks", all.build()).build();
  }

  private static Json.Obj settings(Endpoint endpoint, Network network) {
    Optional<Network.Pool> pool = network.pool(false);
    Optional<Network.Pool> pool6 = network.pool(true);
    return Json.object()
        .putStrings("Aliases", endpoint.names())
        .put("MacAddress", endpoint.mac())
        .put("NetworkID", endpoint.network())
        .put("EndpointID", endpoint.id())
        .put("Gateway", pool.isPresent() ? pool.get().gateway().toString() : "")
        .put("IPAddress", endpoint.ip().map(Ip::toString).orElse(""))
        .put("IPPrefixLen", endpoint.ip().isPresent() ? prefix(network, false) : 0)
        .put("IPv6Gateway", pool6.isPresent() ? pool6.get().gateway().toString() : "")
        .put("GlobalIPv6Address", endpoint.ip6().map(Ip::toString).orElse(""))
        .put("GlobalIPv6PrefixLen", endpoint.ip6().isPresent() ? prefix(network, true) : 0)
        .putStrings("DNSNames", endpoint.names())
        .build();
  }

  private static Json.Obj ports(List<Endpoint> endpoints) {
    Map<String, List<Json>> byInside = new LinkedHashMap<>();
    for (Endpoint endpoint : endpoints) {
      for (HostPort port : endpoint.ports()) {
        byInside
            .computeIfAbsent(port.inside(), inside -> new ArrayList<>())
            .add(
                Json.object()
                    .put("HostIp", port.address().toString())
                    .put("HostPort", Integer.toString(port.port()))
                    .build());
      }
    }
    Json.Builder out = Json.object();
    byInside.forEach((inside, bindings) -> out.put(inside, new Json.Arr(bindings)));
    return out.build();
  }
}
