package dev.mydocker.spec;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What {@code --cap-add} or {@code --cap-drop} named.
 *
 * @param all whether {@code ALL} was among it
 * @param named the others
 */
public record CapabilityChoice(boolean all, Set<Capability> named) {

  /** Nothing. */
  public static final CapabilityChoice NONE = new CapabilityChoice(false, Set.of());

  public CapabilityChoice {
    named = Set.copyOf(named);
  }

  /**
   * Reads the values of every occurrence of the option.
   *
   * @throws OptionException when one is no capability
   */
  public static CapabilityChoice parse(List<String> texts) throws OptionException {
    boolean all = false;
    EnumSet<Capability> named = EnumSet.noneOf(Capability.class);
    for (String text : texts) {
      String name = text.toUpperCase(Locale.ROOT);
      if (name.equals("ALL") || name.equals("CAP_ALL")) {
        all = true;
      } else {
        named.add(Capability.parse(text));
      }
    }
    return new CapabilityChoice(all, named);
  }
}
