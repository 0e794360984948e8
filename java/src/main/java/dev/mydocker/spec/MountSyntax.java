package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** The grammar of {@code --mount KEY=VALUE,...}: one line of CSV, as in Docker. */
final class MountSyntax {
  /** Keys that mean true without a value. */
  private static final Set<String> ALONE =
      Set.of("readonly", "bind-nonrecursive", "idmap", "volume-nocopy");

  private MountSyntax() {}

  static MountOption parse(String text, String workingDirectory) throws OptionException {
    Map<String, String> fields = fields(text);
    String type = removed(fields, "type", "volume");
    if (!fields.containsKey("target")) {
      throw invalid(text, "target is required");
    }
    String target = ContainerPath.target(fields.remove("target"));
    switch (type) {
      case "bind":
        return bind(text, fields, target, workingDirectory);
      case "tmpfs":
        return tmpfs(text, fields, target);
      case "volume":
        return volume(text, fields, target);
      default:
        throw invalid(text, "type=" + type + " is not supported, use bind, volume or tmpfs");
    }
  }

  private static MountOption bind(
      String text, Map<String, String> fields, String target, String workingDirectory)
      throws OptionException {
    String source = removed(fields, "source", "");
    if (!HostPath.isPath(source)) {
      throw invalid(text, "source must be a path on the host");
    }
    boolean readOnly = flag(text, "readonly", fields.remove("readonly"));
    String propagation = removed(fields, "bind-propagation", "rprivate");
    if (!VolumeOption.isPropagation(propagation)) {
      throw invalid(text, "invalid propagation " + OptionException.quote(propagation));
    }
    MountOption.Recursion recursion = recursion(text, fields);
    if (recursion == MountOption.Recursion.READONLY
        && (!readOnly || !propagation.equals("rprivate"))) {
      throw invalid(text, "bind-recursive=readonly needs readonly and bind-propagation=rprivate");
    }
    if (recursion == MountOption.Recursion.WRITABLE && !readOnly) {
      throw invalid(text, "bind-recursive=writable needs readonly");
    }
    boolean idmap = flag(text, "idmap", fields.remove("idmap"));
    refuseRest(text, "bind", fields);
    return new MountOption.Bind(
        HostPath.absolute(source, workingDirectory),
        target,
        readOnly,
        propagation,
        recursion,
        false,
        idmap);
  }

  private static MountOption volume(String text, Map<String, String> fields, String target)
      throws OptionException {
    String name = removed(fields, "source", "");
    if (!name.isEmpty()) {
      VolumeName.require(name);
    }
    if (!removed(fields, "volume-driver", "local").equals("local")) {
      throw invalid(text, "the driver of a volume can only be local");
    }
    boolean readOnly = flag(text, "readonly", fields.remove("readonly"));
    boolean copy = !flag(text, "volume-nocopy", fields.remove("volume-nocopy"));
    String subpath = removed(fields, "volume-subpath", "");
    if (!subpath.isEmpty() && !isInside(subpath)) {
      throw invalid(text, "volume-subpath must be a relative path without '..'");
    }
    refuseRest(text, "volume", fields);
    return new MountOption.Volume(
        name, target, readOnly, subpath, copy, name.isEmpty(), MountOption.Origin.MOUNT_FLAG);
  }

  private static boolean isInside(String path) {
    return !path.startsWith("/")
        && path.indexOf('\0') < 0
        && !List.of(path.split("/")).contains("..");
  }

  private static String removed(Map<String, String> fields, String key, String otherwise) {
    String value = fields.remove(key);
    return value == null ? otherwise : value;
  }

  private static MountOption.Recursion recursion(String text, Map<String, String> fields)
      throws OptionException {
    boolean alone = flag(text, "bind-nonrecursive", fields.remove("bind-nonrecursive"));
    String value = removed(fields, "bind-recursive", alone ? "disabled" : "enabled");
    return switch (value) {
      case "enabled", "true", "1" -> MountOption.Recursion.ENABLED;
      case "disabled", "false", "0" -> MountOption.Recursion.DISABLED;
      case "writable" -> MountOption.Recursion.WRITABLE;
      case "readonly" -> MountOption.Recursion.READONLY;
      default -> throw invalid(text, "invalid bind-recursive " + OptionException.quote(value));
    };
  }

  private static MountOption tmpfs(String text, Map<String, String> fields, String target)
      throws OptionException {
    if (fields.containsKey("source")) {
      throw invalid(text, "a tmpfs has no source");
    }
    String size = fields.remove("tmpfs-size");
    String mode = fields.remove("tmpfs-mode");
    boolean readOnly = flag(text, "readonly", fields.remove("readonly"));
    refuseRest(text, "tmpfs", fields);
    List<String> options = new ArrayList<>(TmpfsOption.defaults());
    if (readOnly) {
      options.add("ro");
    }
    return new MountOption.Tmpfs(
        target,
        size == null ? OptionalLong.empty() : OptionalLong.of(Bytes.parse(size)),
        mode == null ? OptionalInt.empty() : OptionalInt.of(TmpfsOption.mode(mode)),
        options);
  }

  private static void refuseRest(String text, String type, Map<String, String> fields)
      throws OptionException {
    for (String key : fields.keySet()) {
      throw invalid(text, "unexpected key " + OptionException.quote(key) + " with type=" + type);
    }
  }

  private static boolean flag(String text, String key, String value) throws OptionException {
    if (value == null) {
      return false;
    }
    return switch (value) {
      case "", "true", "1" -> true;
      case "false", "0" -> false;
      default ->
          throw invalid(text, "invalid value for " + key + ": " + OptionException.quote(value));
    };
  }

  private static Map<String, String> fields(String text) throws OptionException {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field : CsvLine.parse(text)) {
      int equals = field.indexOf('=');
      String written = equals < 0 ? field : field.substring(0, equals);
      String key = canonical(written);
      boolean mayStandAlone = ALONE.contains(key);
      if (equals < 0 && !mayStandAlone) {
        throw invalid(text, OptionException.quote(field) + " must be a key=value pair");
      }
      String value = equals < 0 ? "" : field.substring(equals + 1);
      if (equals >= 0 && value.isEmpty()) {
        throw invalid(text, "the value of " + OptionException.quote(written) + " is empty");
      }
      if (fields.put(key, value) != null) {
        throw invalid(text, OptionException.quote(written) + " is given twice");
      }
    }
    return fields;
  }

  private static String canonical(String key) {
    return switch (key) {
      case "src" -> "source";
      case "dst", "destination" -> "target";
      case "ro" -> "readonly";
      default -> key;
    };
  }

  private static OptionException invalid(String text, String why) {
    return new OptionException(
        "invalid argument " + OptionException.quote(text) + " for --mount: " + why);
  }
}
