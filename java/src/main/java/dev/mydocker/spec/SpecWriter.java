package dev.mydocker.spec;

import dev.mydocker.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;

/** A {@link Spec} as JSON; what is empty is left out. */
final class SpecWriter {
  private SpecWriter() {}

  static Json.Obj write(Spec spec) {
    Json.Builder out = Json.object().put("ociVersion", spec.ociVersion());
    out.put("process", spec.process().map(SpecWriter::process));
    out.put(
        "root",
        Json.object()
            .put("path", spec.root().path())
            .put("readonly", spec.root().readonly())
            .build());
    out.put("hostname", spec.hostname().map(Json.Str::new));
    out.put("domainname", spec.domainname().map(Json.Str::new));
    list(out, "mounts", spec.mounts(), SpecWriter::mount);
    out.put("linux", linux(spec.linux()));
    map(out, "annotations", spec.annotations());
    return out.build();
  }

  private static Json process(Spec.Process p) {
    Json.Builder out = Json.object().put("terminal", p.terminal());
    out.put(
        "consoleSize",
        p.consoleSize()
            .map(s -> Json.object().put("height", s.height()).put("width", s.width()).build()));
    out.put("user", user(p.user()));
    out.putStrings("args", p.args()).putStrings("env", p.env()).put("cwd", p.cwd());
    out.put("capabilities", p.capabilities().map(SpecWriter::capabilities));
    list(out, "rlimits", p.rlimits(), SpecWriter::rlimit);
    out.put("noNewPrivileges", p.noNewPrivileges());
    out.put("apparmorProfile", p.apparmorProfile().map(Json.Str::new));
    number(out, "oomScoreAdj", p.oomScoreAdj());
    return out.build();
  }

  private static Json user(Spec.User u) {
    Json.Builder out = Json.object().put("uid", u.uid()).put("gid", u.gid());
    number(out, "umask", u.umask());
    list(out, "additionalGids", u.additionalGids(), g -> new Json.Num(g));
    return out.build();
  }

  private static Json capabilities(Spec.Capabilities c) {
    Json.Builder out = Json.object();
    strings(out, "bounding", c.bounding());
    strings(out, "effective", c.effective());
    strings(out, "inheritable", c.inheritable());
    strings(out, "permitted", c.permitted());
    strings(out, "ambient", c.ambient());
    return out.build();
  }

  private static Json rlimit(Spec.RlimitEntry r) {
    return Json.object()
        .put("type", r.type())
        .put("hard", unsigned(r.hard()))
        .put("soft", unsigned(r.soft()))
        .build();
  }

  private static Json unsigned(long value) {
    return new Json.Num(Long.toUnsignedString(value));
  }

  private static Json mount(Spec.Mount m) {
    Json.Builder out = Json.object().put("destination", m.destination());
    string(out, "type", m.type());
    string(out, "source", m.source());
    strings(out, "options", m.options());
    return out.build();
  }

  private static Json linux(Spec.Linux l) {
    Json.Builder out = Json.object();
    list(out, "uidMappings", l.uidMappings(), SpecWriter::mapping);
    list(out, "gidMappings", l.gidMappings(), SpecWriter::mapping);
    map(out, "sysctl", l.sysctl());
    put(out, "resources", resources(l.resources()));
    out.put("cgroupsPath", l.cgroupsPath().map(Json.Str::new));
    list(out, "namespaces", l.namespaces(), SpecWriter::namespace);
    list(out, "devices", l.devices(), SpecWriter::device);
    out.put("rootfsPropagation", l.rootfsPropagation().map(Json.Str::new));
    strings(out, "maskedPaths", l.maskedPaths());
    strings(out, "readonlyPaths", l.readonlyPaths());
    out.put("seccomp", l.seccomp().map(seccomp -> new Json.Raw(seccomp.json())));
    return out.build();
  }

  private static Json mapping(Spec.IdMapping m) {
    return Json.object()
        .put("containerID", m.containerId())
        .put("hostID", m.hostId())
        .put("size", m.size())
        .build();
  }

  private static Json namespace(Spec.Namespace n) {
    return Json.object().put("type", n.type()).put("path", n.path().map(Json.Str::new)).build();
  }

  private static Json.Obj resources(Spec.Resources r) {
    Json.Builder out = Json.object();
    list(out, "devices", r.devices(), SpecWriter::deviceRule);
    Json.Builder memory = Json.object();
    number(memory, "limit", r.memory().limit());
    number(memory, "reservation", r.memory().reservation());
    number(memory, "swap", r.memory().swap());
    number(memory, "swappiness", r.memory().swappiness());
    if (r.memory().disableOomKiller()) {
      memory.put("disableOOMKiller", true);
    }
    put(out, "memory", memory.build());
    Json.Builder cpu = Json.object();
    number(cpu, "shares", r.cpu().shares());
    number(cpu, "quota", r.cpu().quota());
    number(cpu, "period", r.cpu().period());
    cpu.put("cpus", r.cpu().cpus().map(Json.Str::new));
    cpu.put("mems", r.cpu().mems().map(Json.Str::new));
    put(out, "cpu", cpu.build());
    Json.Builder pids = Json.object();
    number(pids, "limit", r.pidsLimit());
    put(out, "pids", pids.build());
    put(out, "blockIO", blockIo(r.blockIo()));
    Json.Builder unified = Json.object();
    r.unified().forEach(unified::put);
    put(out, "unified", unified.build());
    return out.build();
  }

  private static Json.Obj blockIo(Spec.BlockIo b) {
    Json.Builder out = Json.object();
    number(out, "weight", b.weight());
    list(out, "weightDevice", b.weights(), d -> deviceValue(d, "weight"));
    list(out, "throttleReadBpsDevice", b.readBps(), d -> deviceValue(d, "rate"));
    list(out, "throttleWriteBpsDevice", b.writeBps(), d -> deviceValue(d, "rate"));
    list(out, "throttleReadIOPSDevice", b.readIops(), d -> deviceValue(d, "rate"));
    list(out, "throttleWriteIOPSDevice", b.writeIops(), d -> deviceValue(d, "rate"));
    return out.build();
  }

  private static Json deviceValue(Spec.DeviceValue d, String value) {
    return Json.object()
        .put("major", d.major())
        .put("minor", d.minor())
        .put(value, d.value())
        .build();
  }

  private static Json deviceRule(Spec.DeviceRule d) {
    Json.Builder out = Json.object().put("allow", d.allow());
    string(out, "type", d.type());
    number(out, "major", d.major());
    number(out, "minor", d.minor());
    string(out, "access", d.access());
    return out.build();
  }

  private static Json device(Spec.Device d) {
    Json.Builder out =
        Json.object()
            .put("path", d.path())
            .put("type", d.type())
            .put("major", d.major())
            .put("minor", d.minor());
    number(out, "fileMode", d.fileMode());
    number(out, "uid", d.uid());
    number(out, "gid", d.gid());
    return out.build();
  }

  private static void string(Json.Builder out, String name, String value) {
    if (!value.isEmpty()) {
      out.put(name, value);
    }
  }

  private static void strings(Json.Builder out, String name, List<String> values) {
    if (!values.isEmpty()) {
      out.putStrings(name, values);
    }
  }

  private static void map(Json.Builder out, String name, Map<String, String> values) {
    if (!values.isEmpty()) {
      out.putStrings(name, values);
    }
  }

  private static void put(Json.Builder out, String name, Json.Obj value) {
    out.put(name, value.members().isEmpty() ? Optional.empty() : Optional.of(value));
  }

  private static void number(Json.Builder out, String name, OptionalLong value) {
    if (value.isPresent()) {
      out.put(name, value.getAsLong());
    }
  }

  private static void number(Json.Builder out, String name, OptionalInt value) {
    if (value.isPresent()) {
      out.put(name, value.getAsInt());
    }
  }

  private static <T> void list(
      Json.Builder out, String name, List<T> values, Function<T, Json> form) {
    if (values.isEmpty()) {
      return;
    }
    List<Json> items = new ArrayList<>(values.size());
    for (T value : values) {
      items.add(form.apply(value));
    }
    out.put(name, new Json.Arr(items));
  }
}
