package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.DeviceChoice;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.VolumeName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was asked of a container beside its OCI configuration.
 *
 * @param remove whether it goes when it ends (--rm)
 * @param interactive whether its standard input is open (-i)
 * @param network how it is connected
 * @param ports what the host serves of its ports
 * @param names how it looks names up
 * @param labels by name
 * @param stopSeconds how long it has between the stop signal and SIGKILL; below 0 for ever
 * @param restart whether it is started again when it ends
 * @param log how what it prints is kept
 * @param health how its health is looked at, if that was said
 * @param volumes what volumes it has
 * @param devices what devices it got beside those that every one has
 * @param volumesFrom the containers whose mounts it has got, as they were given
 */
public record ContainerSettings(
    boolean remove,
    boolean interactive,
    NetworkMode network,
    PortChoice ports,
    NameChoice names,
    Map<String, String> labels,
    int stopSeconds,
    RestartPolicy restart,
    LogOptions log,
    Optional<HealthCheck> health,
    DeviceChoice devices,
    List<MountOption.Volume> volumes,
    List<String> volumesFrom) {

  /** How long a container has to stop, unless something else is asked for. */
  public static final int STOP_SECONDS = 10;

  private static final String NETWORKS = "networks";

  public ContainerSettings {
    volumes = List.copyOf(volumes);
    volumesFrom = List.copyOf(volumesFrom);
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }

  ContainerSettings with(RestartPolicy policy) {
    return new ContainerSettings(
        remove,
        interactive,
        network,
        ports,
        names,
        labels,
        stopSeconds,
        policy,
        log,
        health,
        devices,
        volumes,
        volumesFrom);
  }

  ContainerSettings with(NetworkMode mode) {
    return new ContainerSettings(
        remove,
        interactive,
        mode,
        ports,
        names,
        labels,
        stopSeconds,
        restart,
        log,
        health,
        devices,
        volumes,
        volumesFrom);
  }

  /** The networks it is in; none when it has the host's, or is alone. */
  public List<NetworkJoin> networks() {
    return network instanceof NetworkMode.Joined joined ? joined.networks() : List.of();
  }

  /** Whether it is in a network, by its name. */
  boolean isIn(String network) {
    for (NetworkJoin join : networks()) {
      if (join.network().equals(network)) {
        return true;
      }
    }
    return false;
  }

  private static Json json(NetworkJoin join) {
    Json.Builder out =
        Json.object().put("name", join.network()).putStrings("aliases", join.aliases());
    if (join.ip().isPresent()) {
      out.put("ip", join.ip().get().toString());
    }
    if (join.ip6().isPresent()) {
      out.put("ip6", join.ip6().get().toString());
    }
    if (join.mac().isPresent()) {
      out.put("mac", join.mac().get());
    }
    return out.build();
  }

  private static NetworkMode network(Json.Obj json) throws JsonException, OptionException {
    String mode = json.string("network").orElse("none");
    if (!mode.equals(NETWORKS)) {
      return NetworkMode.parse(mode);
    }
    List<NetworkJoin> joins = new ArrayList<>();
    for (Json one : json.array(NETWORKS)) {
      if (!(one instanceof Json.Obj join)) {
        throw new JsonException("\"networks\" is not a list of networks");
      }
      NetworkJoin parsed = NetworkJoin.of(join.string("name").orElse(""));
      Optional<String> ip = join.string("ip");
      parsed = ip.isPresent() ? parsed.withIp(ip.get(), false) : parsed;
      Optional<String> ip6 = join.string("ip6");
      parsed = ip6.isPresent() ? parsed.withIp(ip6.get(), true) : parsed;
      Optional<String> mac = join.string("mac");
      parsed = mac.isPresent() ? parsed.withMac(mac.get()) : parsed;
      for (String alias : join.strings("aliases")) {
        parsed = parsed.withAlias(alias);
      }
      joins.add(parsed);
    }
    return new NetworkMode.Joined(joins);
  }

  Json.Obj toJson() {
    List<Json> mounted = new ArrayList<>();
    for (MountOption.Volume volume : volumes) {
      mounted.add(json(volume));
    }
    Json.Builder out = Json.object();
    out.put("remove", remove)
        .put("interactive", interactive)
        .put("network", mode())
        .putStrings("ports", ports.texts())
        .putStrings("exposed", ports.exposed())
        .putStrings("dns", names.servers())
        .putStrings("dnsSearch", names.search())
        .putStrings("dnsOptions", names.options())
        .putStrings("hosts", names.hosts())
        .putStrings("labels", labels)
        .put("stopSeconds", stopSeconds)
        .put("restart", restart.text())
        .put("log", log.kept())
        .put("logBytes", log.maxBytes())
        .put("logFiles", log.maxFiles())
        .putStrings("devices", devices.nodeTexts())
        .putStrings("deviceRules", devices.ruleTexts())
        .put("volumes", new Json.Arr(mounted))
        .putStrings("volumesFrom", volumesFrom);
    List<Json> joins = new ArrayList<>();
    for (NetworkJoin join : networks()) {
      joins.add(json(join));
    }
    if (!joins.isEmpty()) {
      out.put(NETWORKS, new Json.Arr(joins));
    }
    if (health.isPresent()) {
      out.put("health", health.get().toJson()).putStrings("shell", health.get().shell());
    }
    return out.build();
  }

  private String mode() {
    return network instanceof NetworkMode.Joined ? NETWORKS : network.text();
  }

  private static Json json(MountOption.Volume volume) {
    return Json.object()
        .put("name", volume.name())
        .put("target", volume.target())
        .put("readOnly", volume.readOnly())
        .put("subpath", volume.subpath())
        .put("copy", volume.copy())
        .put("anonymous", volume.anonymous())
        .put("origin", volume.origin().name())
        .build();
  }

  private static List<MountOption.Volume> volumes(Json.Obj json) throws JsonException {
    List<MountOption.Volume> volumes = new ArrayList<>();
    for (Json one : json.array("volumes")) {
      if (!(one instanceof Json.Obj volume) || !VolumeName.is(volume.string("name").orElse(""))) {
        throw new JsonException("\"volumes\" is not a list of volumes");
      }
      volumes.add(
          new MountOption.Volume(
              volume.string("name").orElse(""),
              volume.string("target").orElse(""),
              volume.bool("readOnly"),
              volume.string("subpath").orElse(""),
              volume.bool("copy"),
              volume.bool("anonymous"),
              origin(volume.string("origin").orElse(""))));
    }
    return volumes;
  }

  private static MountOption.Origin origin(String name) throws JsonException {
    for (MountOption.Origin origin : MountOption.Origin.values()) {
      if (origin.name().equals(name)) {
        return origin;
      }
    }
    throw new JsonException("\"origin\" of a volume is " + OptionException.quote(name));
  }

  static ContainerSettings parse(Json.Obj json) throws JsonException {
    try {
      return new ContainerSettings(
          json.bool("remove"),
          json.bool("interactive"),
          network(json),
          PortChoice.parse(json.strings("ports"), false, json.strings("exposed")),
          NameChoice.parse(
              json.strings("dns"),
              json.strings("dnsSearch"),
              json.strings("dnsOptions"),
              json.strings("hosts")),
          json.stringMap("labels"),
          json.integer("stopSeconds").orElse((long) STOP_SECONDS).intValue(),
          RestartPolicy.parse(json.string("restart").orElse("no")),
          new LogOptions(
              json.bool("log"),
              json.integer("logBytes").orElse(0L),
              json.integer("logFiles").orElse(1L).intValue()),
          health(json),
          DeviceChoice.parse(json.strings("devices"), json.strings("deviceRules")),
          volumes(json),
          json.strings("volumesFrom"));
    } catch (OptionException e) {
      throw new JsonException(e.getMessage());
    }
  }

  private static Optional<HealthCheck> health(Json.Obj json) throws JsonException {
    Optional<Json.Obj> check = json.object("health");
    return check.isEmpty()
        ? Optional.empty()
        : Optional.of(HealthCheck.parse(check.get(), json.strings("shell")));
  }

  /** Whether its health is looked at. */
  public boolean checksHealth() {
    return health.isPresent() && health.get().checks();
  }
}
