package dev.mydocker.spec;

import java.util.Collection;
import java.util.TreeSet;

/** CPUs as options write them: an amount ({@code 1.5}) or a list ({@code 0-3,7}). */
public final class Cpus {
  private static final int FRACTION_DIGITS = 9;
  private static final int MAX_CPU = 8191;

  private Cpus() {}

  /**
   * Reads an amount of CPUs.
   *
   * @return billionths of a CPU, 0 or more
   * @throws OptionException when it is no decimal number, or finer than a billionth
   */
  public static long parseNano(String text) throws OptionException {
    int dot = text.indexOf('.');
    String whole = dot < 0 ? text : text.substring(0, dot);
    String fraction = dot < 0 ? "" : text.substring(dot + 1);
    boolean something = !whole.isEmpty() || !fraction.isEmpty();
    if (!something
        || !whole.isEmpty() && Digits.parse(whole, 1_000_000) < 0
        || !fraction.isEmpty() && !Digits.only(fraction)) {
      throw new OptionException(
          "failed to parse " + OptionException.quote(text) + " as a number of CPUs");
    }
    if (fraction.length() > FRACTION_DIGITS) {
      throw new OptionException("value is too precise: " + OptionException.quote(text));
    }
    String padded = fraction + "0".repeat(FRACTION_DIGITS - fraction.length());
    return Long.parseLong(whole.isEmpty() ? "0" : whole) * 1_000_000_000L + Long.parseLong(padded);
  }

  /** {@code 1.5} for 1500000000. */
  public static String formatNano(long nano) {
    String fraction = Long.toString(1_000_000_000L + nano % 1_000_000_000L).substring(1);
    int end = fraction.length();
    while (end > 0 && fraction.charAt(end - 1) == '0') {
      end--;
    }
    return nano / 1_000_000_000L + (end == 0 ? "" : "." + fraction.substring(0, end));
  }

  /**
   * Reads a list as of cpuset(7), "List format".
   *
   * @throws OptionException when it is malformed, empty, or names a CPU over 8191
   */
  public static TreeSet<Integer> parseList(String text) throws OptionException {
    TreeSet<Integer> cpus = new TreeSet<>();
    for (String part : text.split(",", -1)) {
      int dash = part.indexOf('-');
      long first = Digits.parse(dash < 0 ? part : part.substring(0, dash), MAX_CPU);
      long last = dash < 0 ? first : Digits.parse(part.substring(dash + 1), MAX_CPU);
      if (first < 0 || last < first) {
        throw new OptionException(
            "Invalid value " + OptionException.quote(text) + " for cpuset cpus");
      }
      for (long cpu = first; cpu <= last; cpu++) {
        cpus.add((int) cpu);
      }
    }
    return cpus;
  }

  /** The shortest list of these CPUs: {@code 0-3,7}. */
  static String formatList(Collection<Integer> cpus) {
    StringBuilder out = new StringBuilder();
    int first = -1;
    int last = -1;
    for (int cpu : new TreeSet<>(cpus)) {
      if (first >= 0 && cpu == last + 1) {
        last = cpu;
        continue;
      }
      append(out, first, last);
      first = cpu;
      last = cpu;
    }
    append(out, first, last);
    return out.toString();
  }

  private static void append(StringBuilder out, int first, int last) {
    if (first >= 0) {
      out.append(out.length() == 0 ? "" : ",").append(first);
      out.append(last > first ? "-" + last : "");
    }
  }
}
