package dev.mydocker.network;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network that containers can be in.
 *
 * @param id 64 hexadecimal digits
 * @param name what it is called
 * @param driver {@code bridge}; {@code host} and {@code null} for the two that are none
 * @param created milliseconds since the epoch
 * @param internal whether nothing leads out of it
 * @param ipv6 whether it has IPv6 addresses
 * @param mtu bytes of its largest packet; 0 for the kernel's choice
 * @param labels by name
 * @param options what the driver was asked for, by name
 * @param pools its addresses, the IPv4 ones first; none as long as it was not used
 */
public record Network(
    String id,
    String name,
    String driver,
    long created,
    boolean internal,
    boolean ipv6,
    int mtu,
    Map<String, String> labels,
    Map<String, String> options,
    List<Pool> pools) {
  /** The driver of a network that is one. */
  public static final String BRIDGE = "bridge";

  /**
   * Addresses of a network.
   *
   * @param subnet all of them
   * @param range those that containers get
   * @param gateway the host's
   * @param asked whether somebody wants this subnet and no other
   */
  public record Pool(Subnet subnet, Optional<Subnet> range, Ip gateway, boolean asked) {}

  public Network {
    labels = Map.copyOf(labels);
    options = Map.copyOf(options);
    pools = List.copyOf(pools);
  }

  /** Its addresses of one family; empty when it has none. */
  public Optional<Pool> pool(boolean v6) {
    for (Pool pool : pools) {
      if (pool.subnet().first().isV6() == v6) {
        return Optional.of(pool);
      }
    }
    return Optional.empty();
  }

  /** Whether it is one of the three that are always there. */
  public boolean isPredefined() {
    return name.equals("bridge") || name.equals("host") || name.equals("none");
  }

  /** Whether those who are in it find each other by their names; not in the default one. */
  public boolean isNamed() {
    return !isPredefined();
  }

  Network with(List<Pool> others) {
    return new Network(id, name, driver, created, internal, ipv6, mtu, labels, options, others);
  }

  Json.Obj toJson() {
    List<Json> ranges = new ArrayList<>();
    for (Pool pool : pools) {
      Json.Builder one =
          Json.object()
              .put("subnet", pool.subnet().toString())
              .put("gateway", pool.gateway().toString())
              .put("asked", pool.asked());
      if (pool.range().isPresent()) {
        one.put("range", pool.range().get().toString());
      }
      ranges.add(one.build());
    }
    return Json.object()
        .put("id", id)
        .put("name", name)
        .put("driver", driver)
        .put("created", created)
        .put("internal", internal)
        .put("ipv6", ipv6)
        .put("mtu", mtu)
        .putStrings("labels", labels)
        .putStrings("options", options)
        .put("pools", new Json.Arr(ranges))
        .build();
  }

  static Network parse(Json.Obj json) throws JsonException {
    List<Pool> pools = new ArrayList<>();
    try {
      for (Json one : json.array("pools")) {
        if (!(one instanceof Json.Obj pool)) {
          throw new JsonException("\"pools\" is not a list of address ranges");
        }
        Optional<String> range = pool.string("range");
        pools.add(
            new Pool(
                Subnet.parse(pool.string("subnet").orElse(""), true),
                range.isEmpty() ? Optional.empty() : Optional.of(Subnet.parse(range.get(), true)),
                Ip.parse(pool.string("gateway").orElse("")),
                pool.bool("asked")));
      }
    } catch (OptionException e) {
      throw new JsonException(e.getMessage());
    }
    return new Network(
        json.string("id").orElse(""),
        json.string("name").orElse(""),
        json.string("driver").orElse(BRIDGE),
        json.integer("created").orElse(0L),
        json.bool("internal"),
        json.bool("ipv6"),
        json.integer("mtu").orElse(0L).intValue(),
        new LinkedHashMap<>(json.stringMap("labels")),
        new LinkedHashMap<>(json.stringMap("options")),
        pools);
  }
}
