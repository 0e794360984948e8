package dev.mydocker.spec;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** The grammar of {@code --mount KEY=VALUE,...}: one line of CSV, as in Docker. */
final class MountSyntax {
  private MountSyntax() {}

  static MountOption parse(String text, String workingDirectory) throws OptionException {
    Map<String, String> fields = fields(text);
    String type = fields.getOrDefault("type", "volume");
    fields.remove("type");
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
        throw invalid(text, "type=volume: volumes come later, use type=bind or type=tmpfs");
      default:
        throw invalid(text, "type=" + type + " is not supported, use type=bind or type=tmpfs");
    }
  }

  private static MountOption bind(
      String text, Map<String, String> fields, String target, String workingDirectory)
      throws OptionException {
    String source = fields.getOrDefault("source", "");
    fields.remove("source");
    if (!HostPath.isPath(source)) {
      throw invalid(text, "source must be a path on the host");
    }
    boolean readOnly = flag(text, "readonly", fields.remove("readonly"));
    String propagation = fields.getOrDefault("bind-propagation", "rprivate");
    fields.remove("bind-propagation");
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
    refuseRest(text, "bind", fields);
    return new MountOption.Bind(
        HostPath.absolute(source, workingDirectory),
        target,
        readOnly,
        propagation,
        recursion,
        false);
  }

  private static MountOption.Recursion recursion(String text, Map<String, String> fields)
      throws OptionException {
    boolean alone = flag(text, "bind-nonrecursive", fields.remove("bind-nonrecursive"));
    String value = fields.getOrDefault("bind-recursive", alone ? "disabled" : "enabled");
    fields.remove("bind-recursive");
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
    java.util.List<String> options = new java.util.ArrayList<>(TmpfsOption.defaults());
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
      boolean mayStandAlone = key.equals("readonly") || key.equals("bind-nonrecursive");
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
