package dev.mydocker.spec;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Who a container's process runs as: {@code -u} or an image's User.
 *
 * @param user whose uid
 * @param group whose gid; empty for the user's own
 */
public record UserSpec(Principal user, Optional<Principal> group) {

  /** The greatest uid or gid that is accepted, as in Docker; greater ones are traps. */
  public static final int MAX_ID = Integer.MAX_VALUE;

  /** The superuser. */
  public static final UserSpec ROOT = new UserSpec(Principal.number(0), Optional.empty());

  /**
   * A user or a group, by number or by name. What is written in digits is a number and never looked
   * up as a name.
   *
   * @param id the number; empty when it is a name
   * @param text as it was written
   */
  public record Principal(OptionalInt id, String text) {

    static Principal number(int id) {
      return new Principal(OptionalInt.of(id), Integer.toString(id));
    }

    /**
     * Reads one.
     *
     * @throws OptionException when it is a number out of range or with a sign, or a text that can
     *     be no name
     */
    public static Principal parse(String text) throws OptionException {
      if (Digits.only(text)) {
        long id = Digits.parse(text, MAX_ID);
        if (id < 0) {
          throw new OptionException(
              "uids and gids must be in range 0-" + MAX_ID + ": " + OptionException.quote(text));
        }
        return new Principal(OptionalInt.of((int) id), text);
      }
      if (isSigned(text)) {
        throw new OptionException(
            "uids and gids must be in range 0-"
                + MAX_ID
                + " and have no sign: "
                + OptionException.quote(text));
      }
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c <= ' ' || c == ':' || c == 0x7f) {
          throw new OptionException("invalid user or group: " + OptionException.quote(text));
        }
      }
      if (text.isEmpty()) {
        throw new OptionException("invalid user or group: it is empty");
      }
      return new Principal(OptionalInt.empty(), text);
    }

    private static boolean isSigned(String text) {
      return text.length() > 1
          && (text.charAt(0) == '-' || text.charAt(0) == '+')
          && Digits.only(text.substring(1));
    }
  }

  /**
   * Reads {@code user[:group]}; an empty user is root, an empty group the user's own.
   *
   * @throws OptionException see {@link Principal#parse}
   */
  public static UserSpec parse(String text) throws OptionException {
    int colon = text.indexOf(':');
    String user = colon < 0 ? text : text.substring(0, colon);
    String group = colon < 0 ? "" : text.substring(colon + 1);
    return new UserSpec(
        user.isEmpty() ? Principal.number(0) : Principal.parse(user),
        group.isEmpty() ? Optional.empty() : Optional.of(Principal.parse(group)));
  }

  /** {@code user[:group]} as it was written. */
  @Override
  public String toString() {
    return user.text() + (group.isPresent() ? ":" + group.get().text() : "");
  }
}
