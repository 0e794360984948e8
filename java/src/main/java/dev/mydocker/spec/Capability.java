package dev.mydocker.spec;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The capabilities of capabilities(7); a constant's ordinal is the kernel's number for it. */
public enum Capability {
  CAP_CHOWN,
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  CAP_KILL,
  CAP_SETGID,
  CAP_SETUID,
  CAP_SETPCAP,
  CAP_LINUX_IMMUTABLE,
  CAP_NET_BIND_SERVICE,
  CAP_NET_BROADCAST,
  CAP_NET_ADMIN,
  CAP_NET_RAW,
  CAP_IPC_LOCK,
  CAP_IPC_OWNER,
  CAP_SYS_MODULE,
  CAP_SYS_RAWIO,
  CAP_SYS_CHROOT,
  CAP_SYS_PTRACE,
  CAP_SYS_PACCT,
  CAP_SYS_ADMIN,
  CAP_SYS_BOOT,
  CAP_SYS_NICE,
  CAP_SYS_RESOURCE,
  CAP_SYS_TIME,
  CAP_SYS_TTY_CONFIG,
  CAP_MKNOD,
  CAP_LEASE,
  CAP_AUDIT_WRITE,
  CAP_AUDIT_CONTROL,
  CAP_SETFCAP,
  CAP_MAC_OVERRIDE,
  CAP_MAC_ADMIN,
  CAP_SYSLOG,
  CAP_WAKE_ALARM,
  CAP_BLOCK_SUSPEND,
  CAP_AUDIT_READ,
  CAP_PERFMON,
  CAP_BPF,
  CAP_CHECKPOINT_RESTORE;

  /** What Docker gives a container that asks for nothing. */
  public static final Set<Capability> DEFAULTS =
      Set.copyOf(
          EnumSet.of(
              CAP_CHOWN,
              CAP_DAC_OVERRIDE,
              CAP_FSETID,
              CAP_FOWNER,
              CAP_MKNOD,
              CAP_NET_RAW,
              CAP_SETGID,
              CAP_SETUID,
              CAP_SETFCAP,
              CAP_SETPCAP,
              CAP_NET_BIND_SERVICE,
              CAP_SYS_CHROOT,
              CAP_KILL,
              CAP_AUDIT_WRITE));

  /**
   * The capability of {@code NET_ADMIN} or {@code CAP_NET_ADMIN}, in either case.
   *
   * @throws OptionException when there is none
   */
  public static Capability parse(String text) throws OptionException {
    String name = text.toUpperCase(Locale.ROOT);
    String full = name.startsWith("CAP_") ? name : "CAP_" + name;
    for (Capability c : values()) {
      if (c.name().equals(full)) {
        return c;
      }
    }
    throw new OptionException("unknown capability: " + OptionException.quote(text));
  }

  /** The set of a mask as in /proc/PID/status; bits this table does not know are left out. */
  public static Set<Capability> fromMask(long mask) {
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    for (Capability c : values()) {
      if ((mask & 1L << c.ordinal()) != 0) {
        set.add(c);
      }
    }
    return set;
  }

  /** The mask of a set, as capset(2) wants it. */
  public static long mask(Collection<Capability> set) {
    long mask = 0;
    for (Capability c : set) {
      mask |= 1L << c.ordinal();
    }
    return mask;
  }
}
