package dev.mydocker.spec;

import java.util.Optional;

/**
 * What was asked about a container's confinement beside capabilities and system calls ({@code
 * --security-opt}).
 *
 * @param noNewPrivileges whether its processes can never get privileges by execve(2), which takes
 *     setuid programs and file capabilities their effect
 * @param systemPaths whether parts of /proc and /sys are hidden or write-protected
 * @param apparmor the AppArmor profile, which the host has loaded
 */
public record Confinement(boolean noNewPrivileges, boolean systemPaths, Optional<String> apparmor) {

  /** Nothing but the default. */
  public static final Confinement DEFAULT = new Confinement(false, true, Optional.empty());

  private static final String NONE = "unconfined";

  /** The same with or without that. */
  public Confinement withNoNewPrivileges(boolean value) {
    return new Confinement(value, systemPaths, apparmor);
  }

  /** The same with or without those. */
  public Confinement withSystemPaths(boolean value) {
    return new Confinement(noNewPrivileges, value, apparmor);
  }

  /** The same with that profile. */
  public Confinement withApparmor(String profile) {
    return new Confinement(noNewPrivileges, systemPaths, Optional.of(profile));
  }

  /** The profile that is to be entered: unconfined is where everything starts. */
  Optional<String> profile(HostFacts host, Causes.Collector why) throws OptionException {
    if (apparmor.isEmpty() || apparmor.get().equals(NONE)) {
      return Optional.empty();
    }
    String flag = "--security-opt=apparmor=" + apparmor.get();
    if (!host.apparmor()) {
      throw new OptionException(
          flag + ": this kernel has no AppArmor, or has it turned off: leave the option out");
    }
    why.put("apparmor", flag);
    return apparmor;
  }
}
