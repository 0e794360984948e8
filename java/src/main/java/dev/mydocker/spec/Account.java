package dev.mydocker.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Who the process is, as the image's own passwd and group tell.
 *
 * @param user its ids
 * @param home its home directory, {@code /} when none is known
 */
record Account(Spec.User user, String home) {
  /** The kernel's limit of supplementary groups, NGROUPS_MAX. */
  private static final int MAX_GROUPS = 65_536;

  private static final int MAX_PATH = 4096;

  /** The fields of passwd(5) and group(5). */
  static final int NAME = 0;

  static final int UID = 2;
  private static final int GID_OF_USER = 3;
  private static final int HOME = 5;
  static final int GID = 2;
  private static final int MEMBERS = 3;

  /**
   * Looks the user up. A named user, or one whose number is in passwd, is in the groups that list
   * it, unless a group was named. The primary group is among the supplementary ones, so that a
   * set-group-id program cannot shake it off (CVE-2022-36109).
   *
   * @throws OptionException when a user or group is not there
   * @throws IOException when passwd or group cannot be read
   */
  static Account of(RunOptions options, ImageDefaults image, ImageFiles files, Causes.Collector why)
      throws OptionException, IOException {
    return of(wanted(options, image, why), options.groupAdd(), files);
  }

  /**
   * {@link #of(RunOptions, ImageDefaults, ImageFiles, Causes.Collector)} of a user that is known.
   *
   * @param more further groups of it
   */
  static Account of(UserSpec wanted, List<UserSpec.Principal> more, ImageFiles files)
      throws OptionException, IOException {
    Optional<AccountFile.Line> entry = user(AccountFile.read(files, "/etc/passwd"), wanted.user());
    AccountFile group = AccountFile.read(files, "/etc/group");
    long uid = wanted.user().id().isPresent() ? number(wanted.user()) : entry.get().id(UID);
    long gid = entry.isPresent() ? entry.get().id(GID_OF_USER) : 0;
    if (wanted.group().isPresent()) {
      gid = gid(group, wanted.group().get());
    }
    Set<Long> groups = new LinkedHashSet<>();
    groups.add(gid);
    if (wanted.group().isEmpty() && entry.isPresent()) {
      addMemberships(group, entry.get().text(NAME, MAX_PATH), groups);
    }
    for (UserSpec.Principal added : more) {
      groups.add(gid(group, added));
    }
    Spec.User user = new Spec.User(uid, gid, List.copyOf(groups), OptionalInt.empty());
    return new Account(user, home(entry));
  }

  /** The home directory of whoever has that uid, {@code /} when none is known. */
  static String homeOf(long uid, ImageFiles files) throws IOException {
    for (AccountFile.Line line : AccountFile.read(files, "/etc/passwd")) {
      if (line.id(UID) == uid && line.id(GID_OF_USER) >= 0) {
        return home(Optional.of(line));
      }
    }
    return home(Optional.empty());
  }

  private static UserSpec wanted(RunOptions options, ImageDefaults image, Causes.Collector why)
      throws OptionException {
    String more = options.groupAdd().isEmpty() ? "" : ", --group-add";
    if (options.user().isPresent()) {
      why.put("user", "--user=" + options.user().get() + more);
      return options.user().get();
    }
    why.put("user", (image.user().isEmpty() ? "default: root" : "image: User") + more);
    try {
      return UserSpec.parse(image.user());
    } catch (OptionException e) {
      throw e.about("the image's User");
    }
  }

  /** The user's line; a number needs none. Lines whose ids cannot be used do not count. */
  private static Optional<AccountFile.Line> user(AccountFile passwd, UserSpec.Principal wanted)
      throws OptionException {
    byte[] name = bytes(wanted.text());
    for (AccountFile.Line line : passwd) {
      boolean matches =
          wanted.id().isPresent() ? line.id(UID) == number(wanted) : line.is(NAME, name);
      if (matches && line.id(UID) >= 0 && line.id(GID_OF_USER) >= 0) {
        return Optional.of(line);
      }
    }
    if (wanted.id().isEmpty()) {
      throw new OptionException(
          "unable to find user "
              + OptionException.quote(wanted.text())
              + ": no matching entries in passwd file");
    }
    return Optional.empty();
  }

  private static long gid(AccountFile group, UserSpec.Principal wanted) throws OptionException {
    if (wanted.id().isPresent()) {
      return number(wanted);
    }
    byte[] name = bytes(wanted.text());
    for (AccountFile.Line line : group) {
      if (line.is(NAME, name) && line.id(GID) >= 0) {
        return line.id(GID);
      }
    }
    throw new OptionException(
        "unable to find group "
            + OptionException.quote(wanted.text())
            + ": no matching entries in group file");
  }

  private static void addMemberships(AccountFile group, String user, Set<Long> groups)
      throws OptionException {
    byte[] name = bytes(user);
    for (AccountFile.Line line : group) {
      if (line.lists(MEMBERS, name) && line.id(GID) >= 0) {
        groups.add(line.id(GID));
      }
      if (groups.size() > MAX_GROUPS) {
        throw new OptionException(
            "user " + OptionException.quote(user) + " is in more than " + MAX_GROUPS + " groups");
      }
    }
  }

  private static String home(Optional<AccountFile.Line> entry) {
    String home = entry.isPresent() ? entry.get().text(HOME, MAX_PATH) : "";
    return home.startsWith("/") && home.chars().noneMatch(Character::isISOControl) ? home : "/";
  }

  private static long number(UserSpec.Principal principal) {
    return principal.id().getAsInt();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
