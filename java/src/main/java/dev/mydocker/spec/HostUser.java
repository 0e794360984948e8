package dev.mydocker.spec;

import java.io.IOException;

/**
 * A user of this host, as its passwd(5) and group(5) know it.
 *
 * @param name its number when there is no line for it
 * @param group the name of its group, likewise
 * @param fullName may be empty
 * @param home {@code /} when none is known
 */
public record HostUser(String name, String group, String fullName, String home) {
  private static final int MAX_NAME = 256;
  private static final int FULL_NAME = 4;

  /**
   * Looks it up.
   *
   * @param host the files of this host
   */
  public static HostUser of(long uid, long gid, ImageFiles host) throws IOException {
    String name = Long.toString(uid);
    String fullName = "";
    for (AccountFile.Line line : AccountFile.read(host, "/etc/passwd")) {
      if (line.id(Account.UID) == uid && !line.text(Account.NAME, MAX_NAME).isEmpty()) {
        name = line.text(Account.NAME, MAX_NAME);
        // What follows a comma is the room and the telephone number.
        fullName = line.text(FULL_NAME, MAX_NAME).replaceFirst(",.*", "");
        break;
      }
    }
    String group = Long.toString(gid);
    for (AccountFile.Line line : AccountFile.read(host, "/etc/group")) {
      if (line.id(Account.GID) == gid && !line.text(Account.NAME, MAX_NAME).isEmpty()) {
        group = line.text(Account.NAME, MAX_NAME);
        break;
      }
    }
    return new HostUser(name, group, fullName, Account.homeOf(uid, host));
  }
}
