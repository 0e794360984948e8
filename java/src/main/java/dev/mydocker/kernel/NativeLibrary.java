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
import java.security.CodeSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Brings JNI libraries out of the jar to a private place and loads them.
 *
 * <p>The place is a directory of mode 0700 owned by this user under the state root; the file is
 * written to a temporary name and renamed, compared byte by byte with what is in the jar before
 * each use, and never written in place. A directory or file that is not this user's, is a link, or
 * is writable by others is refused. The checksum in its name keeps the libraries of several builds
 * apart; nothing trusts it (a SHA-256 would cost a fifth of a launch, in a JVM that is still cold).
 */
public final class NativeLibrary {
  private static final String RESOURCE = "libmydocker.so";

  /** This process's user owns it; /proc/self itself is a link that is always root's. */
  private static final Path OWN = Path.of("/proc/self/task");

  /**
   * The system property that says where an installed engine has its native files beside its jar, as
   * trusted as that: then the jar need not be opened, which is a tenth of a launch.
   */
  public static final String INSTALLED = "mydocker.native";

  private static final String BESIDE = System.getProperty(INSTALLED, "");

  private NativeLibrary() {}

  /** Loads the library once; {@link Linux} calls this from its static initialiser. */
  static void load() {
    try {
      if (!BESIDE.isEmpty()) {
        System.load(BESIDE + "/" + RESOURCE);
      } else {
        load("libmydocker", resource(RESOURCE));
      }
    } catch (IOException e) {
      Error error = new UnsatisfiedLinkError("cannot extract the native library: " + e);
      error.initCause(e);
      throw error;
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
    Path library = directory.resolve(stem + "-" + checksum(content) + ".so");
    if (!isIntact(library, content)) {
      Path temporary = Files.createTempFile(directory, "." + stem, ".tmp");
      try {
        Files.write(temporary, content, StandardOpenOption.TRUNCATE_EXISTING);
        Files.move(temporary, library, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        Files.deleteIfExists(temporary);
        throw new IOException("write " + library + ": " + Errno.describe(e), e);
      }
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
                    "this jar has no /"
                        + path(name)
                        + ": build it with make on this architecture"));
  }

  /** {@link #resource}, or empty when the jar was built without it. */
  static Optional<byte[]> find(String name) throws IOException {
    if (!BESIDE.isEmpty()) {
      try {
        return Optional.of(Files.readAllBytes(Path.of(BESIDE, name)));
      } catch (NoSuchFileException e) {
        return Optional.empty();
      }
    }
    Optional<byte[]> content = fromJar(path(name));
    if (content.isPresent()) {
      return content;
    }
    try (InputStream in = NativeLibrary.class.getResourceAsStream("/" + path(name))) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    }
  }

  private static String path(String name) {
    return "native/" + System.getProperty("os.arch") + "/" + name;
  }

  /** As a class loader would give it, which however looks through all of the JDK's files first. */
  private static Optional<byte[]> fromJar(String path) throws IOException {
    CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
    String url = source == null ? "" : source.getLocation().toString();
    // One with an escape in it is left to the class loader.
    if (!url.startsWith("file:/") || !url.endsWith(".jar") || url.indexOf('%') >= 0) {
      return Optional.empty();
    }
    try (ZipFile jar = new ZipFile(url.substring("file:".length()))) {
      ZipEntry entry = jar.getEntry(path);
      return entry == null
          ? Optional.empty()
          : Optional.of(jar.getInputStream(entry).readAllBytes());
    }
  }

  private static Path privateDirectory() throws IOException {
    String root = System.getenv("MYDOCKER_ROOT");
    // Of a user without a name the JVM knows no home.
    String own = System.getenv("HOME");
    String home = own == null || own.isEmpty() ? System.getProperty("user.home") : own;
    boolean superuser = owner(OWN) == 0;
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
        || owner(file) != owner(OWN)
        || mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          file + " must belong to this user and be writable by nobody else: fix or remove it");
    }
  }

  /** By number: a user need not have a name. */
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

  private static String checksum(byte[] content) {
    CRC32 crc = new CRC32();
    crc.update(content);
    return Long.toHexString(crc.getValue()) + "-" + content.length;
  }
}
