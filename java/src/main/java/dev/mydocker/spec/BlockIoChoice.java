package dev.mydocker.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * How much of the host's block devices a container may use; the maps are by a device's path on the
 * host.
 *
 * @param weight relative, 10 to 1000
 * @param weights the same for one device
 * @param readBps bytes per second
 * @param writeBps bytes per second
 * @param readIops operations per second
 * @param writeIops operations per second
 */
public record BlockIoChoice(
    OptionalLong weight,
    Map<String, Long> weights,
    Map<String, Long> readBps,
    Map<String, Long> writeBps,
    Map<String, Long> readIops,
    Map<String, Long> writeIops) {

  /** As much as there is. */
  public static final BlockIoChoice NONE =
      new BlockIoChoice(OptionalLong.empty(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

  /** What the number after a device is. */
  public enum Unit {
    BYTES,
    OPERATIONS,
    WEIGHT
  }

  /** A weight and nothing else. */
  public static BlockIoChoice ofWeight(OptionalLong weight) {
    return new BlockIoChoice(weight, Map.of(), Map.of(), Map.of(), Map.of(), Map.of());
  }

  public BlockIoChoice {
    weights = copy(weights);
    readBps = copy(readBps);
    writeBps = copy(writeBps);
    readIops = copy(readIops);
    writeIops = copy(writeIops);
  }

  private static Map<String, Long> copy(Map<String, Long> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** The devices that are named. */
  public Set<String> devices() {
    Set<String> paths = new TreeSet<>(weights.keySet());
    paths.addAll(readBps.keySet());
    paths.addAll(writeBps.keySet());
    paths.addAll(readIops.keySet());
    paths.addAll(writeIops.keySet());
    return paths;
  }

  /**
   * Reads {@code /dev/sda:1mb} into a map.
   *
   * @throws OptionException in Docker's words when it is malformed
   */
  public static void parse(String text, Unit unit, Map<String, Long> into) throws OptionException {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new OptionException("bad format: " + OptionException.quote(text));
    }
    String path = text.substring(0, colon);
    if (!path.startsWith("/dev/")) {
      throw new OptionException("bad format for device path: " + OptionException.quote(text));
    }
    String number = text.substring(colon + 1);
    into.put(path, unit == Unit.BYTES ? bytes(number, text) : count(number, unit, text));
  }

  private static long bytes(String number, String text) throws OptionException {
    try {
      return Bytes.parse(number);
    } catch (OptionException e) {
      throw new OptionException(
          "invalid rate for device: "
              + OptionException.quote(text)
              + ". The correct format is <device-path>:<number>[<unit>]. Number must be a positive"
              + " integer. Unit is optional and can be kb, mb, or gb");
    }
  }

  private static long count(String number, Unit unit, String text) throws OptionException {
    boolean whole = number.length() <= 9 && number.chars().allMatch(c -> c >= '0' && c <= '9');
    long value = whole ? Long.parseLong(number) : -1;
    if (unit == Unit.WEIGHT) {
      if (value < 10 || value > 1000) {
        throw new OptionException("invalid weight for device: " + OptionException.quote(text));
      }
    } else if (value < 0) {
      throw new OptionException(
          "invalid rate for device: "
              + OptionException.quote(text)
              + ". The correct format is <device-path>:<number>. Number must be a positive"
              + " integer");
    }
    return value;
  }
}
