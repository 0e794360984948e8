package dev.mydocker.launch;

/**
 * The descriptor slots of a launch plan: {@code enum slot} of native/plan.h. Those below {@link
 * #FREE} have a fixed meaning; those from it on are registers of the plan.
 */
public final class Slot {
  public static final int RECORDING = 0;
  public static final int MONITOR_IMAGE = 1;
  public static final int PLAN = 2;
  public static final int LIFE = 3;
  public static final int RUN_DIRECTORY = 4;
  public static final int CLIENT = 5;
  public static final int SYNC = 6;
  public static final int CONSOLE_OUT = 7;
  public static final int CONSOLE_IN = 8;
  public static final int STDIN = 9;
  public static final int STDOUT = 10;
  public static final int STDERR = 11;
  public static final int TO_STDIN = 12;
  public static final int FROM_STDOUT = 13;
  public static final int FROM_STDERR = 14;
  public static final int LISTEN = 15;
  public static final int LOG = 16;
  public static final int VIEW_IN = 17;
  public static final int VIEW_OUT = 18;
  public static final int VIEW = 19;
  public static final int GIVE = 20;
  public static final int TAKE = 21;
  public static final int CGROUP = 22;
  public static final int FREE = 23;

  /** How many slots there are (PLAN_SLOTS). */
  public static final int COUNT = 48;

  /** What keeps published ports, for as long as the monitor lives: the last register. */
  public static final int PORTS = COUNT - 1;

  private static final String[] NAMES = {
    "recording",
    "monitor-image",
    "plan",
    "life",
    "run-directory",
    "client",
    "sync",
    "console-out",
    "console-in",
    "stdin",
    "stdout",
    "stderr",
    "to-stdin",
    "from-stdout",
    "from-stderr",
    "listen",
    "log",
    "view-in",
    "view-out",
    "view",
    "give",
    "take",
    "cgroup"
  };

  private Slot() {}

  /** The slot's name in a printed plan: {@code sync}, {@code fd3} for a register. */
  public static String name(int slot) {
    if (slot == PORTS) {
      return "ports";
    }
    return slot < FREE ? NAMES[slot] : "fd" + (slot - FREE);
  }

  /** The set of the given slots, one bit each. */
  static long set(int... slots) {
    long bits = 0;
    for (int slot : slots) {
      bits |= 1L << slot;
    }
    return bits;
  }
}
