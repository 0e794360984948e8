package dev.mydocker.cgroup;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the cgroup hierarchies in the text of /proc/self/mountinfo; see proc_pid_mountinfo(5). */
final class MountTable {

  /**
   * A mount of a hierarchy; the same hierarchy may be mounted several times.
   *
   * @param device of its superblock, which is the hierarchy's identity
   * @param rank 3 for a writable mount of the hierarchy's root, less for less
   */
  private record Candidate(String device, int rank, Hierarchy hierarchy) {}

  private MountTable() {}

  /**
   * The hierarchies in the order of their first mount, each at the mount that serves best: one that
   * can be written and shows the hierarchy's root. Those of version 2 have no controllers yet.
   *
   * @param controllers the names /proc/cgroups has, which tell them from other mount options
   */
  static List<Hierarchy> hierarchies(String mountinfo, Set<String> controllers) {
    // A later mount on the same directory hides an earlier one.
    Map<String, Candidate> visible = new LinkedHashMap<>();
    for (String line : lines(mountinfo)) {
      Optional<Candidate> candidate = parse(line, controllers);
      if (candidate.isPresent()) {
        visible.put(candidate.get().hierarchy().mountPoint(), candidate.get());
      }
    }
    Map<String, Candidate> best = new LinkedHashMap<>();
    for (Candidate candidate : visible.values()) {
      Candidate other = best.get(candidate.device());
      if (other == null || candidate.rank() > other.rank()) {
        best.put(candidate.device(), candidate);
      }
    }
    List<Hierarchy> found = new ArrayList<>(best.size());
    for (Candidate candidate : best.values()) {
      found.add(candidate.hierarchy());
    }
    return found;
  }

  private static Optional<Candidate> parse(String line, Set<String> controllers) {
    int separator = line.indexOf(" - ");
    if (separator < 0) {
      return Optional.empty();
    }
    List<String> mount = split(line.substring(0, separator), ' ');
    List<String> system = split(line.substring(separator + 3), ' ');
    if (mount.size() < 6 || system.size() < 3) {
      return Optional.empty();
    }
    boolean unified = system.get(0).equals("cgroup2");
    if (!unified && !system.get(0).equals("cgroup")) {
      return Optional.empty();
    }
    List<String> own = new ArrayList<>();
    Optional<String> name = Optional.empty();
    for (String option : split(system.get(2), ',')) {
      if (option.startsWith("name=")) {
        name = Optional.of(option.substring(5));
      } else if (!unified && controllers.contains(option)) {
        own.add(option);
      }
    }
    if (!unified && own.isEmpty() && name.isEmpty()) {
      return Optional.empty();
    }
    boolean writable = split(mount.get(5), ',').contains("rw");
    int rank = (writable ? 2 : 0) + (mount.get(3).equals("/") ? 1 : 0);
    Hierarchy hierarchy = new Hierarchy(unescape(mount.get(4)), unified, own, name);
    return Optional.of(new Candidate(mount.get(2), rank, hierarchy));
  }

  /** The names in the text of /proc/cgroups: the first word of each line that is no comment. */
  static Set<String> controllerNames(String procCgroups) {
    Map<String, Boolean> names = new LinkedHashMap<>();
    for (String line : lines(procCgroups)) {
      if (!line.isEmpty() && line.charAt(0) != '#') {
        names.put(split(line, '\t').get(0), true);
      }
    }
    return names.keySet();
  }

  static List<String> lines(String text) {
    return split(text, '\n');
  }

  /** The parts between {@code separator}s, without empty ones at the end. */
  static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int end; (end = text.indexOf(separator, start)) >= 0; start = end + 1) {
      parts.add(text.substring(start, end));
    }
    if (start < text.length()) {
      parts.add(text.substring(start));
    }
    return parts;
  }

  /** Space, tab, newline and backslash are written as a backslash and three octal digits. */
  private static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(in.length);
    for (int i = 0; i < in.length; i++) {
      if (in[i] == '\\' && i + 3 < in.length) {
        out.put((byte) ((in[i + 1] - '0') << 6 | (in[i + 2] - '0') << 3 | (in[i + 3] - '0')));
        i += 3;
      } else {
        out.put(in[i]);
      }
    }
    return new String(out.array(), 0, out.position(), StandardCharsets.UTF_8);
  }
}
