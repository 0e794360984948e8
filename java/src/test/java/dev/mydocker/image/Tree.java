package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Directory.Entry;
import dev.mydocker.kernel.Directory.Resolve;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Everything that can be seen of a tree, path by path, for comparing two. */
final class Tree {
  private static final int LIMIT = 32 << 20;
  private final Map<String, String> lines = new TreeMap<>();
  private final Map<Long, String> inodes = new HashMap<>();

  private Tree() {}

  /** What lies below a directory, and the directory itself as the empty path. */
  static Map<String, String> of(Directory root) throws IOException {
    Tree tree = new Tree();
    tree.walk("", root);
    return tree.lines;
  }

  private void walk(String path, Directory directory) throws IOException {
    StringBuilder own = line(directory.stat());
    for (byte[] name : directory.listXattrs()) {
      attribute(own, name, directory.getXattr(name).orElseThrow());
    }
    lines.put(path, own.toString());
    TreeMap<String, Entry> entries = new TreeMap<>();
    for (Entry entry : directory.list()) {
      entries.put(Overlay.text(entry.name()), entry);
    }
    for (String name : entries.keySet()) {
      byte[] bytes = entries.get(name).name();
      String full = path.isEmpty() ? name : path + "/" + name;
      Stat stat = directory.stat(bytes);
      if (stat.isDirectory()) {
        try (Directory child = directory.openDirectory(bytes, Resolve.BENEATH)) {
          walk(full, child);
        }
        continue;
      }
      if (Overlay.isWhiteout(stat)) {
        lines.put(full, "whiteout");
        continue;
      }
      StringBuilder line = line(stat);
      if (stat.nlink() > 1) {
        line.append(" is ").append(inodes.computeIfAbsent(stat.inode(), k -> full));
      }
      if (stat.isSymlink()) {
        line.append(" -> ").append(Overlay.text(directory.readlink(bytes)));
      }
      if (stat.isRegular()) {
        line.append(' ').append(Digest.of(directory.read(bytes, Resolve.BENEATH, LIMIT)));
      }
      for (byte[] x : directory.listXattrs(bytes)) {
        attribute(line, x, directory.getXattr(bytes, x).orElseThrow());
      }
      lines.put(full, line.toString());
    }
  }

  private static StringBuilder line(Stat s) {
    return new StringBuilder(Integer.toOctalString(s.mode()))
        .append(' ')
        .append(s.uid() + ":" + s.gid())
        .append(' ')
        .append(s.rdevMajor() + "," + s.rdevMinor())
        .append(' ')
        .append(s.mtimeSec() + "." + s.mtimeNsec())
        .append(s.isRegular() ? " " + s.size() : "");
  }

  private static void attribute(StringBuilder line, byte[] name, byte[] value) {
    line.append(' ').append(Overlay.text(name)).append('=').append(Overlay.text(value));
  }
}
