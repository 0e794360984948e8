package dev.mydocker.launch;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A process's readable memory, through /proc/PID/maps and /proc/PID/mem (proc(5)). */
final class Memory {
  private static final int PIECE = 1 << 20;

  private final int pid;
  private final List<String> maps;

  private Memory(int pid, List<String> maps) {
    this.pid = pid;
    this.maps = maps;
  }

  static Memory of(int pid) throws IOException {
    return new Memory(pid, Files.readAllLines(Path.of("/proc/" + pid + "/maps")));
  }

  /** The parent of a process, 0 when it has none (any more). */
  static int parent(int pid) throws IOException {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("PPid:")) {
          return Integer.parseInt(line.substring("PPid:".length()).strip());
        }
      }
    } catch (NoSuchFileException e) {
      return 0;
    }
    return 0;
  }

  /** Whether those bytes stand anywhere in it. */
  boolean holds(byte[] wanted) throws IOException {
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r")) {
      for (String line : maps) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-");
        long start = Long.parseUnsignedLong(range[0], 16);
        long end = Long.parseUnsignedLong(range[1], 16);
        boolean readable = line.charAt(line.indexOf(' ') + 1) == 'r';
        // [vvar] and what else is the kernel's own cannot be read this way.
        if (readable && start > 0 && !line.contains("[v") && holds(memory, start, end, wanted)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean holds(RandomAccessFile memory, long start, long end, byte[] wanted)
      throws IOException {
    byte[] piece = new byte[PIECE + wanted.length];
    for (long at = start; at < end; at += PIECE) {
      memory.seek(at);
      int length = (int) Math.min(piece.length, end - at);
      memory.readFully(piece, 0, length);
      for (int i = 0; i + wanted.length <= length; i++) {
        if (piece[i] == wanted[0]
            && Arrays.equals(piece, i, i + wanted.length, wanted, 0, wanted.length)) {
          return true;
        }
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return pid + ":\n" + String.join("\n", maps);
  }
}
