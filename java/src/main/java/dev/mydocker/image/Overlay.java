package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.kernel.UserNamespace;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * How overlayfs writes down that a layer hides something of those below it; see the kernel's
 * Documentation/filesystems/overlayfs.rst. Also the one place where names of layers, one char per
 * byte, become bytes.
 */
final class Overlay {
  /**
   * In a user namespace overlayfs is mounted with {@code userxattr}, as nobody there may set an
   * attribute of the other kind.
   */
  private static final byte[] OPAQUE =
      bytes(UserNamespace.own().initial() ? "trusted.overlay.opaque" : "user.overlay.opaque");

  private Overlay() {}

  /** A name or path as bytes. */
  static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Bytes as a name or path of one char each. */
  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** A name or path for a message. */
  static String printable(String latin1) {
    return KernelException.printable(bytes(latin1));
  }

  /** Whether a file hides the one of its name below: a character device 0:0. */
  static boolean isWhiteout(Stat stat) {
    return stat.type() == Linux.S_IFCHR && stat.rdevMajor() == 0 && stat.rdevMinor() == 0;
  }

  static void whiteout(Directory in, String name) throws KernelException {
    in.mknod(bytes(name), Linux.S_IFCHR, 0, 0);
  }

  /** Whether this directory hides everything below it. */
  static boolean isOpaque(Directory directory) throws KernelException {
    Optional<byte[]> value = directory.getXattr(OPAQUE);
    return value.isPresent() && isOpaque(text(OPAQUE), value.get());
  }

  /** Whether a directory hides everything below it. */
  static boolean isOpaque(Directory in, byte[] name) throws KernelException {
    Optional<byte[]> value = in.getXattr(name, OPAQUE);
    return value.isPresent() && isOpaque(text(OPAQUE), value.get());
  }

  /** Whether this attribute says that its directory hides everything below it. */
  static boolean isOpaque(String attribute, byte[] value) {
    return attribute.equals(text(OPAQUE)) && Arrays.equals(value, new byte[] {'y'});
  }

  /** Whether this attribute says that a directory's or file's content lies under another name. */
  static boolean isRedirect(String attribute) {
    String own = text(OPAQUE).substring(0, text(OPAQUE).lastIndexOf('.'));
    return attribute.equals(own + ".redirect") || attribute.equals(own + ".metacopy");
  }

  static void makeOpaque(Directory directory) throws KernelException {
    directory.setXattr(OPAQUE, new byte[] {'y'});
  }

  /**
   * Whether an attribute belongs to a layer: those of overlayfs, and those by which a host labels
   * and measures its files, are no image's.
   */
  static boolean isLayerAttribute(String name) {
    return !isOwnAttribute(name)
        && !name.equals("security.selinux")
        && !name.equals("security.ima")
        && !name.equals("security.evm")
        && !name.startsWith("system.nfs4");
  }

  /** Whether an attribute goes with a file that is copied, as in Docker's archives. */
  static boolean isCopied(String name) {
    return name.equals("security.capability") || name.startsWith("user.") && !isOwnAttribute(name);
  }

  /** Whether an attribute is overlayfs's own, which no image may set. */
  static boolean isOwnAttribute(String name) {
    return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
  }
}
