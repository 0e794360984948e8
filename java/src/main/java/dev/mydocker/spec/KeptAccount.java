package dev.mydocker.spec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The image's passwd(5) and group(5) with a line more for the user that {@code --userns=keep-id}
 * keeps, as podman gives them: programs ask there who they run as, and many fail when nobody knows.
 *
 * @param files their whole content by path, of those that are to be otherwise
 * @param lines what these have more than the image's
 */
public record KeptAccount(Map<String, byte[]> files, Map<String, String> lines) {
  private static final String PASSWD = "/etc/passwd";
  private static final String GROUP = "/etc/group";

  public KeptAccount {
    files = Map.copyOf(files);
    lines = Collections.unmodifiableMap(new LinkedHashMap<>(lines));
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
    Map<String, String> lines = new LinkedHashMap<>();
    Map<String, byte[]> whole = new LinkedHashMap<>();
    if (!(options.userns() instanceof UsernsMode.KeepId keep)
        || host.rootless().isEmpty()
        || !options.passwd()) {
      return new KeptAccount(whole, lines);
    }
    HostUser user = host.rootless().get().user();
    UserSpec ids = keep.account(host.rootless().get().ids());
    long uid = ids.user().id().getAsInt();
    long gid = ids.group().orElseThrow().id().getAsInt();
    if (!knows(files, PASSWD, user.name(), uid)) {
      String home = home(options, image, user);
      String rest = ":" + user.fullName() + ":" + home + ":/bin/sh\n";
      lines.put(PASSWD, user.name() + ":*:" + uid + ":" + gid + rest);
    }
    if (!knows(files, GROUP, user.group(), gid)) {
      lines.put(GROUP, user.group() + ":x:" + gid + ":" + user.name() + "\n");
    }
    for (Map.Entry<String, String> line : lines.entrySet()) {
      whole.put(line.getKey(), with(content(files, line.getKey()), line.getValue()));
    }
    return new KeptAccount(whole, lines);
  }

  private static byte[] content(ImageFiles files, String path) throws IOException {
    return files.read(path, AccountFile.LIMIT).orElse(new byte[0]);
  }

  /** Both files have the name first and the number third. */
  private static boolean knows(ImageFiles files, String path, String name, long id)
      throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    for (AccountFile.Line other : new AccountFile(content(files, path))) {
      if (other.is(Account.NAME, nameBytes) || other.id(Account.UID) == id) {
        return true;
      }
    }
    return false;
  }

  private static byte[] with(byte[] content, String line) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(content);
    if (content.length > 0 && content[content.length - 1] != '\n') {
      all.write('\n');
    }
    all.writeBytes(line.getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
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
