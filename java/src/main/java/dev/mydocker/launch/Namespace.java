package dev.mydocker.launch;

/** The kinds of namespace, namespaces(7), by their names in OCI and in clone(2). */
public enum Namespace {
  USER("user", "USER", 0x10000000L),
  PID("pid", "PID", 0x20000000L),
  MOUNT("mount", "NS", 0x00020000L),
  NETWORK("network", "NET", 0x40000000L),
  IPC("ipc", "IPC", 0x08000000L),
  UTS("uts", "UTS", 0x04000000L),
  CGROUP("cgroup", "CGROUP", 0x02000000L);

  private final String oci;
  private final String suffix;
  private final long flag;

  Namespace(String oci, String suffix, long flag) {
    this.oci = oci;
    this.suffix = suffix;
    this.flag = flag;
  }

  /** The name in config.json. */
  public String oci() {
    return oci;
  }

  /** What follows CLONE_NEW. */
  public String suffix() {
    return suffix;
  }

  /** The flag of clone(2), unshare(2) and setns(2). */
  public long flag() {
    return flag;
  }
}
