package dev.mydocker.engine;

import dev.mydocker.spec.OptionException;
import java.util.Map;

/** What {@code volume create -o} takes: nothing, or a directory of the host to be bound. */
final class VolumeOptions {
  static final String DEVICE = "device";

  private VolumeOptions() {}

  /**
   * Checks them.
   *
   * @throws OptionException when they ask for another kind of mount, or are not whole
   */
  static void require(Map<String, String> options) throws OptionException {
    if (options.isEmpty()) {
      return;
    }
    for (String name : options.keySet()) {
      if (!name.equals("type") && !name.equals("o") && !name.equals(DEVICE)) {
        throw new OptionException(
            "invalid volume option " + OptionException.quote(name) + ": use type, o and device");
      }
    }
    boolean bind =
        options.getOrDefault("type", "none").equals("none")
            && (options.getOrDefault("o", "").equals("bind")
                || options.getOrDefault("o", "").equals("rbind"));
    if (!bind) {
      throw new OptionException(
          "a volume can only be a directory, its own or with -o type=none -o o=bind -o device=DIR"
              + " one of this host: for memory use --tmpfs of run, for another file system mount it"
              + " on the host");
    }
    String device = options.getOrDefault(DEVICE, "");
    if (!device.startsWith("/") || device.indexOf('\0') >= 0) {
      throw new OptionException(
          "invalid volume option device="
              + OptionException.quote(device)
              + ": it must be an absolute path");
    }
  }
}
