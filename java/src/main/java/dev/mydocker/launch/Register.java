package dev.mydocker.launch;

/** What the plans keep in the slots from {@link Slot#FREE} on, each in a process of its own. */
final class Register {
  /** The new root of a container, or that of the one that is joined. */
  static final int ROOT = Slot.FREE;

  /** A mount that is about to be attached. */
  static final int TREE = Slot.FREE + 1;

  /** What it is attached to. */
  static final int TARGET = Slot.FREE + 2;

  /** The end of a terminal that the monitor gets. */
  static final int PTY = Slot.FREE + 3;

  /** The end of a terminal that the command has. */
  static final int TERMINAL = Slot.FREE + 4;

  /** The directory that holds the cgroup hierarchies. */
  static final int HIERARCHIES = Slot.FREE + 5;

  /** The directory in which the source of a bind mount is resolved. */
  static final int PART = Slot.FREE + 6;

  /** The file system that the monitor serves. */
  static final int VIEW = Slot.FREE + 7;

  /** The first of the namespaces to join, one for each kind. */
  static final int JOINED = Slot.FREE + 8;

  /** M's own file system, in which it puts together what it hands over. */
  static final int SCRATCH = Slot.FREE + 15;

  /** The user namespace by which M shows files. */
  static final int USERS = Slot.FREE + 16;

  /** Where the monitor's files are attached at first. */
  static final int ASIDE = Slot.FREE + 17;

  private Register() {}
}
