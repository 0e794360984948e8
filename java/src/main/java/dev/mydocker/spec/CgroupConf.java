package dev.mydocker.spec;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Settings of cgroup version 2 by the names of their files, {@code linux.resources.unified} of the
 * OCI runtime-spec: what no flag is for, such as {@code memory.high} (kernel,
 * admin-guide/cgroup-v2).
 */
final class CgroupConf {
  /** A controller and what of it is set: no path, and no file of the cgroup itself. */
  private static final Pattern NAME =
      Pattern.compile("(cpu|cpuset|io|memory|pids|hugetlb|rdma|misc|dmem)(\\.[A-Za-z0-9_]+)+");

  private static final int LONGEST_VALUE = 255;

  private CgroupConf() {}

  /**
   * Reads one value of {@code --cgroup-conf}, {@code FILE=VALUE}, into {@code settings}.
   *
   * @throws OptionException when the file is none of a controller's, or the value cannot be one
   */
  static void parse(String text, Map<String, String> settings) throws OptionException {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    String value = equals < 0 ? "" : text.substring(equals + 1);
    if (name.startsWith("cgroup.")) {
      throw invalid(text, "what is called cgroup. is the engine's own");
    }
    if (!NAME.matcher(name).matches()) {
      throw invalid(text, "it is CONTROLLER.FILE=VALUE, such as memory.high=100M");
    }
    if (value.isBlank()
        || value.length() > LONGEST_VALUE
        || value.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw invalid(
          text, "the value is one line of 1 to " + LONGEST_VALUE + " printable characters");
    }
    settings.put(name, value);
  }

  private static OptionException invalid(String text, String why) {
    return new OptionException(
        "--cgroup-conf: invalid " + OptionException.quote(text) + ": " + why);
  }
}
