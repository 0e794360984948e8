package dev.mydocker.spec;

/**
 * What conditions of a seccomp profile ask of the host.
 *
 * @param architecture as Docker names it: amd64, arm64
 * @param major the kernel's version
 * @param minor the second number of it
 */
public record Machine(String architecture, int major, int minor) {

  /** Whether the kernel is that version or a later one. */
  public boolean isFrom(int otherMajor, int otherMinor) {
    return major > otherMajor || major == otherMajor && minor >= otherMinor;
  }
}
