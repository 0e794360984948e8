package dev.mydocker.cgroup;

import dev.mydocker.spec.Cpus;
import dev.mydocker.spec.OptionException;
import java.util.List;

/** Whether what a cgroup file says after a write is what was written. */
final class Kept {
  /** Pages are of 4 to 64 KiB; this process cannot ask for their size, and need not. */
  private static final long LARGEST_PAGE = 65536;

  private static final long SMALLEST_PAGE = 4096;

  private Kept() {}

  /** What is told of a file where that is not {@link #same}. */
  static String instead(String path, String wanted, String kept) {
    return path + ": the kernel kept \"" + kept + "\" instead of \"" + wanted + "\"";
  }

  /**
   * Memory is counted in whole pages, and "max" (v2) or the largest number of pages (v1) is no
   * limit; a list of CPUs or memory nodes has many spellings; anything else is a row of numbers.
   *
   * @param path the file, whose name tells what kind of value it holds
   */
  static boolean same(String path, String wanted, String kept) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    if (wanted.equals(kept)) {
      return true;
    }
    try {
      if (file.startsWith("memory.")) {
        return samePages(bytes(wanted), bytes(kept));
      }
      if (file.equals("cpuset.cpus") || file.equals("cpuset.mems")) {
        return Cpus.parseList(wanted).equals(Cpus.parseList(kept));
      }
    } catch (NumberFormatException | OptionException e) {
      return false;
    }
    List<String> words = MountTable.split(kept, ' ');
    return words.equals(MountTable.split(wanted, ' '));
  }

  private static boolean samePages(long wanted, long kept) {
    long lost = wanted - kept;
    boolean whole = kept % SMALLEST_PAGE == 0 || kept == Long.MAX_VALUE;
    return whole && lost >= 0 && lost < LARGEST_PAGE;
  }

  private static long bytes(String text) {
    return text.equals("max") || text.equals("-1") ? Long.MAX_VALUE : Long.parseLong(text);
  }
}
