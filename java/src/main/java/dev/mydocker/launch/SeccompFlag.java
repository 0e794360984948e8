package dev.mydocker.launch;

/** The flags of seccomp(2) that a profile may have. */
enum SeccompFlag {
  SECCOMP_FILTER_FLAG_LOG(2),
  SECCOMP_FILTER_FLAG_SPEC_ALLOW(4);

  private final int bit;

  SeccompFlag(int bit) {
    this.bit = bit;
  }

  int bit() {
    return bit;
  }
}
