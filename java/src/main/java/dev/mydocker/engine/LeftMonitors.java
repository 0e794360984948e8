package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The monitors of containers that this process has started and let go of: its children, which stay
 * zombies (wait(2), NOTES) until it has waited for them.
 */
final class LeftMonitors {
  private static final List<Fd> LEFT = new ArrayList<>();

  private LeftMonitors() {}

  /** Takes over the pidfd of a monitor, which may have been waited for. */
  static synchronized void add(Fd monitor) {
    LEFT.add(monitor);
    reap();
  }

  /** Waits for those that have ended. */
  static synchronized void reap() {
    int[] how = new int[2];
    for (Iterator<Fd> all = LEFT.iterator(); all.hasNext(); ) {
      Fd monitor = all.next();
      how[0] = 0;
      // A failure is ECHILD: it has been waited for.
      if (Linux.waitPidfd(monitor.number(), false, how) < 0 || how[0] != 0) {
        monitor.close();
        all.remove();
      }
    }
  }
}
