package dev.mydocker.spec;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** JSON as a {@link Spec}. */
final class SpecReader {
  private SpecReader() {}

  /** How an object of a list is read. */
  interface Form<T> {
    T read(Json.Obj json) throws JsonException;
  }

  static Spec read(Json.Obj json) throws JsonException {
    String version = required(json, "ociVersion");
    if (!version.startsWith("1.")) {
      throw new JsonException("\"ociVersion\" " + OptionException.quote(version) + " is not 1.x");
    }
    Json.Obj root = json.object("root").orElseThrow(() -> new JsonException("\"root\" is missing"));
    Optional<Json.Obj> process = json.object("process");
    return new Spec(
        version,
        process.isEmpty() ? Optional.empty() : Optional.of(process(process.get())),
        new Spec.Root(required(root, "path"), root.bool("readonly")),
        json.string("hostname"),
        json.string("domainname"),
        list(json, "mounts", SpecReader::mount),
        linux(part(json, "linux")),
        json.stringMap("annotations"));
  }

  private static Spec.Process process(Json.Obj json) throws JsonException {
    Optional<Json.Obj> size = json.object("consoleSize");
    Optional<Json.Obj> capabilities = json.object("capabilities");
    String cwd = required(json, "cwd");
    if (!cwd.startsWith("/")) {
      throw new JsonException("\"cwd\" must be an absolute path");
    }
    return new Spec.Process(
        json.bool("terminal"),
        size.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Spec.ConsoleSize(
                    (int) number(size.get(), "height"), (int) number(size.get(), "width"))),
        user(part(json, "user")),
        json.strings("args"),
        json.strings("env"),
        cwd,
        capabilities.isEmpty() ? Optional.empty() : Optional.of(capabilities(capabilities.get())),
        list(json, "rlimits", SpecReader::rlimit),
        json.bool("noNewPrivileges"),
        json.string("apparmorProfile"),
        small(json, "oomScoreAdj"));
  }

  private static Spec.User user(Json.Obj json) throws JsonException {
    List<Long> groups = new ArrayList<>();
    for (Json item : json.array("additionalGids")) {
      groups.add(id(Json.object().put("additionalGids", item).build(), "additionalGids"));
    }
    return new Spec.User(
        json.get("uid").isEmpty() ? 0 : id(json, "uid"),
        json.get("gid").isEmpty() ? 0 : id(json, "gid"),
        groups,
        small(json, "umask"));
  }

  private static Spec.Capabilities capabilities(Json.Obj json) throws JsonException {
    return new Spec.Capabilities(
        json.strings("bounding"),
        json.strings("effective"),
        json.strings("inheritable"),
        json.strings("permitted"),
        json.strings("ambient"));
  }

  private static Spec.RlimitEntry rlimit(Json.Obj json) throws JsonException {
    return new Spec.RlimitEntry(
        required(json, "type"), unsigned(json, "soft"), unsigned(json, "hard"));
  }

  private static Spec.Mount mount(Json.Obj json) throws JsonException {
    return new Spec.Mount(
        required(json, "destination"),
        json.string("type").orElse(""),
        json.string("source").orElse(""),
        json.strings("options"));
  }

  private static Spec.Linux linux(Json.Obj json) throws JsonException {
    return new Spec.Linux(
        list(json, "namespaces", n -> new Spec.Namespace(required(n, "type"), n.string("path"))),
        list(json, "uidMappings", SpecReader::mapping),
        list(json, "gidMappings", SpecReader::mapping),
        json.stringMap("sysctl"),
        resources(part(json, "resources")),
        json.string("cgroupsPath"),
        list(json, "devices", SpecReader::device),
        json.strings("maskedPaths"),
        json.strings("readonlyPaths"),
        json.string("rootfsPropagation"),
        json.object("seccomp").map(seccomp -> new Seccomp(seccomp.toText())));
  }

  private static Spec.IdMapping mapping(Json.Obj json) throws JsonException {
    return new Spec.IdMapping(id(json, "containerID"), id(json, "hostID"), id(json, "size"));
  }

  private static Spec.Resources resources(Json.Obj json) throws JsonException {
    Json.Obj memory = part(json, "memory");
    Json.Obj cpu = part(json, "cpu");
    return new Spec.Resources(
        new Spec.Memory(
            optional(memory, "limit"),
            optional(memory, "reservation"),
            optional(memory, "swap"),
            optional(memory, "swappiness"),
            memory.bool("disableOOMKiller")),
        new Spec.Cpu(
            optional(cpu, "shares"),
            optional(cpu, "quota"),
            optional(cpu, "period"),
            cpu.string("cpus"),
            cpu.string("mems")),
        optional(part(json, "pids"), "limit"),
        list(json, "devices", SpecReader::deviceRule),
        blockIo(part(json, "blockIO")),
        json.stringMap("unified"));
  }

  private static Spec.BlockIo blockIo(Json.Obj json) throws JsonException {
    return new Spec.BlockIo(
        optional(json, "weight"),
        list(json, "weightDevice", d -> deviceValue(d, "weight")),
        list(json, "throttleReadBpsDevice", d -> deviceValue(d, "rate")),
        list(json, "throttleWriteBpsDevice", d -> deviceValue(d, "rate")),
        list(json, "throttleReadIOPSDevice", d -> deviceValue(d, "rate")),
        list(json, "throttleWriteIOPSDevice", d -> deviceValue(d, "rate")));
  }

  private static Spec.DeviceValue deviceValue(Json.Obj json, String value) throws JsonException {
    return new Spec.DeviceValue(number(json, "major"), number(json, "minor"), number(json, value));
  }

  private static Spec.DeviceRule deviceRule(Json.Obj json) throws JsonException {
    return new Spec.DeviceRule(
        json.bool("allow"),
        json.string("type").orElse(""),
        optional(json, "major"),
        optional(json, "minor"),
        json.string("access").orElse(""));
  }

  private static Spec.Device device(Json.Obj json) throws JsonException {
    return new Spec.Device(
        required(json, "path"),
        required(json, "type"),
        optional(json, "major").orElse(0),
        optional(json, "minor").orElse(0),
        small(json, "fileMode"),
        optional(json, "uid"),
        optional(json, "gid"));
  }

  private static Json.Obj part(Json.Obj json, String name) throws JsonException {
    return json.object(name).orElse(Json.object().build());
  }

  private static String required(Json.Obj json, String name) throws JsonException {
    Optional<String> value = json.string(name);
    if (value.isEmpty() || value.get().isEmpty()) {
      throw new JsonException("\"" + name + "\" is missing");
    }
    return value.get();
  }

  private static long number(Json.Obj json, String name) throws JsonException {
    OptionalLong value = optional(json, name);
    if (value.isEmpty()) {
      throw new JsonException("\"" + name + "\" is missing");
    }
    return value.getAsLong();
  }

  private static OptionalLong optional(Json.Obj json, String name) throws JsonException {
    Optional<Long> value = json.integer(name);
    return value.isPresent() ? OptionalLong.of(value.get()) : OptionalLong.empty();
  }

  private static OptionalInt small(Json.Obj json, String name) throws JsonException {
    OptionalLong value = optional(json, name);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    if (value.getAsLong() != (int) value.getAsLong()) {
      throw new JsonException("\"" + name + "\" is out of range");
    }
    return OptionalInt.of((int) value.getAsLong());
  }

  /** An unsigned 32-bit number that is not (uid_t) -1. */
  private static long id(Json.Obj json, String name) throws JsonException {
    long value = number(json, name);
    if (value < 0 || value >= 0xffffffffL) {
      throw new JsonException("\"" + name + "\" is out of range");
    }
    return value;
  }

  static long unsigned(Json.Obj json, String name) throws JsonException {
    if (!(json.get(name).orElse(new Json.Null()) instanceof Json.Num n)) {
      throw new JsonException("\"" + name + "\" must be a number");
    }
    if (n.value().scale() > 0 || n.value().precision() - n.value().scale() > 20) {
      throw new JsonException("\"" + name + "\" is not an unsigned 64-bit integer");
    }
    BigInteger value = n.value().toBigInteger();
    if (value.signum() < 0 || value.bitLength() > 64) {
      throw new JsonException("\"" + name + "\" is not an unsigned 64-bit integer");
    }
    return value.longValue();
  }

  static <T> List<T> list(Json.Obj json, String name, Form<T> form) throws JsonException {
    List<T> out = new ArrayList<>();
    for (Json item : json.array(name)) {
      if (!(item instanceof Json.Obj o)) {
        throw new JsonException("\"" + name + "\" must hold only objects");
      }
      out.add(form.read(o));
    }
    return out;
  }
}
