package dev.mydocker.cgroup;

/**
 * One change of the cgroup file system, decided before anything is done: what {@link CgroupHost}
 * plans, {@link Cgroup} does, and a script prints.
 */
public sealed interface CgroupStep {

  /** The directory or file, absolute on this host. */
  String path();

  /** What it is for, in half a line. */
  String why();

  /** A directory to be made; one that is there already is taken as it is when {@code shared}. */
  record MakeDirectory(String path, boolean shared, String why) implements CgroupStep {}

  /**
   * A value to be written.
   *
   * @param value the text, without a newline
   * @param verify whether what is read back must be this value (as far as the kernel keeps it)
   */
  record Write(String path, String value, boolean verify, String why) implements CgroupStep {}
}
