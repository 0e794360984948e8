package dev.mydocker.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/**
 * Brings JNI libraries out of the jar to a private place and loads them.
 *
 * <p>The place is a directory of mode 0700 owned by this user under the state root; the file is
 * named by the SHA-256 of its content, written to a temporary name and renamed, checked before each
 * use and never written in place. A directory or file that is not this user's, is a link, or is
 * writable by others is refused.
 */
public final class NativeLibrary {
  private static final String RESOURCE = "libmydocker.so";

  private NativeLibrary() {}

  /** Loads the library once; {@link Linux} calls this from its static initialiser. */
  static void load() {
    try {
      load("libmydocker", resource(RESOURCE));
    } catch (IOException e) {
      throw new UnsatisfiedLinkError("cannot extract the native library: " + e);
    }
  }

  /**
   * Loads a library into the class loader of this engine.
   *
   * @param stem what the name of its file begins with
   * @param content the file
   * @throws IOException when it cannot be put into the private directory
   * @throws UnsatisfiedLinkError when the dynamic linker refuses it
   */
  public static void load(String stem, byte[] content) throws IOException {
    Path directory = privateDirectory();
    Path library = directory.resolve(stem + "-" + sha256(content) + ".so");
    if (!isIntact(library, content)) {
      Path temporary = Files.createTempFile(directory, "." + stem, ".tmp");
      Files.write(temporary, content, StandardOpenOption.TRUNCATE_EXISTING);
      Files.move(temporary, library, StandardCopyOption.ATOMIC_MOVE);
    }
    System.load(library.toString());
  }

  /**
   * A file that the native build put into the jar for this machine's architecture.
   *
   * @throws IOException when the jar was built without it
   */
  public static byte[] resource(String name) throws IOException {
    return find(name)
        .orElseThrow(
            () ->
                new IOException(
                    "this jar has no " + path(name) + ": build it with make on this architecture"));
  }

  /** {@link #resource}, or empty when the jar was built without it. */
  static Optional<byte[]> find(String name) throws IOException {
    try (InputStream in = NativeLibrary.class.getResourceAsStream(path(name))) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    }
  }

  private static String path(String name) {
    return "/native/" + System.getProperty("os.arch") + "/" + name;
  }

  private static Path privateDirectory() throws IOException {
    String root = System.getenv("MYDOCKER_ROOT");
    String home = System.getProperty("user.home");
    boolean superuser = owner(Path.of("/proc/self")) == 0;
    String data = System.getenv("XDG_DATA_HOME");
    Path base;
    if (root != null && !root.isEmpty()) {
      base = Path.of(root);
    } else if (superuser) {
      base = Path.of("/var/lib/mydocker");
    } else {
      base =
          (data == null || data.isEmpty() ? Path.of(home, ".local/share") : Path.of(data))
              .resolve("mydocker");
    }
    Path directory = base.toAbsolutePath().resolve("native");
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    requirePrivate(directory);
    return directory;
  }

  /** Refuses a file that another user owns or may write, or that is a link. */
  private static void requirePrivate(Path file) throws IOException {
    PosixFileAttributes is =
        Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Set<PosixFilePermission> mode = is.permissions();
    if (is.isSymbolicLink()
        || owner(file) != owner(Path.of("/proc/self"))
        || mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          file + " must belong to this user and be writable by nobody else: fix or remove it");
    }
  }

  /** By number: a user need not have a name. The owner of /proc/self is this process's user. */
  private static int owner(Path file) throws IOException {
    return (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isIntact(Path library, byte[] content) throws IOException {
    try {
      requirePrivate(library);
      return Arrays.equals(Files.readAllBytes(library), content);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
