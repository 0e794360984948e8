package dev.mydocker.spec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The image's passwd(5) and group(5) with a line more for the user that {@code --userns=keep-id}
 * keeps, as podman gives them: programs ask there who they run as, and many fail when nobody knows.
 *
 * @param files their whole content by path, of those that are to be otherwise
 */
public record KeptAccount(Map<String, byte[]> files) {
  private static final String PASSWD = "/etc/passwd";
  private static final String GROUP = "/etc/group";

  public KeptAccount {
    files = Map.copyOf(files);
  }

  /**
   * What is added: nothing without that mode or with {@code --passwd=false}, nor where the image
   * knows the name or the number already.
   *
   * @throws OptionException when the working directory is none
   * @throws IOException when the image's files cannot be read
   */
  public static KeptAccount of(
      RunOptions options, ImageDefaults image, ImageFiles files, HostFacts host)
      throws OptionException, IOException {
    Map<String, byte[]> changed = new LinkedHashMap<>();
    if (!(options.userns() instanceof UsernsMode.KeepId keep)
        || host.rootless().isEmpty()
        || !options.passwd()) {
      return new KeptAccount(changed);
    }
    HostUser user = host.rootless().get().user();
    UserSpec ids = keep.account(host.rootless().get().ids());
    long uid = ids.user().id().getAsInt();
    long gid = ids.group().orElseThrow().id().getAsInt();
    String home = home(options, image, user);
    add(
        files,
        PASSWD,
        user.name(),
        uid,
        user.name() + ":*:" + uid + ":" + gid + ":" + user.fullName() + ":" + home + ":/bin/sh\n",
        changed);
    add(
        files,
        GROUP,
        user.group(),
        gid,
        user.group() + ":x:" + gid + ":" + user.name() + "\n",
        changed);
    return new KeptAccount(changed);
  }

  /** Both files have the name first and the number third. */
  private static void add(
      ImageFiles files, String path, String name, long id, String line, Map<String, byte[]> changed)
      throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    byte[] content = files.read(path, AccountFile.LIMIT).orElse(new byte[0]);
    for (AccountFile.Line other : new AccountFile(content)) {
      if (other.is(Account.NAME, nameBytes) || other.id(Account.UID) == id) {
        return;
      }
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(content);
    if (content.length > 0 && content[content.length - 1] != '\n') {
      all.write('\n');
    }
    all.writeBytes(line.getBytes(StandardCharsets.UTF_8));
    changed.put(path, all.toByteArray());
  }

  /** The user's own when a mount shows it, else where the command starts. */
  private static String home(RunOptions options, ImageDefaults image, HostUser user)
      throws OptionException {
    for (MountOption mount : options.mounts()) {
      if ((user.home() + "/").startsWith(mount.target() + "/")) {
        return user.home();
      }
    }
    String directory = Command.workingDirectory(options, image, new Causes.Collector());
    boolean writable = directory.chars().noneMatch(c -> c == ':' || Character.isISOControl(c));
    return writable ? directory : "/";
  }

  /** The image's files with these in their places. */
  public ImageFiles in(ImageFiles image) {
    return (path, limit) ->
        files.containsKey(path) ? Optional.of(files.get(path)) : image.read(path, limit);
  }
}
