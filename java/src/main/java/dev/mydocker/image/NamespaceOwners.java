package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.UserNamespace;
import java.util.Optional;

/**
 * Whose the files of a layer can be where an ordinary user unpacks it: who has one id only owns
 * them all, as root of every container; of the others each must have an id in the user's namespace.
 */
final class NamespaceOwners {
  private final UserNamespace namespace;
  private final Optional<Owners> owners;

  /**
   * Of one namespace.
   *
   * @param owners in it, whose the files are when they are not its own ids'
   */
  NamespaceOwners(UserNamespace namespace, Optional<Owners> owners) {
    this.namespace = namespace;
    this.owners = owners;
  }

  /**
   * An entry as it can be unpacked.
   *
   * @throws ImageException UNSUPPORTED when its owner does not exist here
   */
  TarEntry settle(TarEntry entry) throws ImageException {
    if (owners.isPresent()) {
      return entry.type() == TarEntry.Type.HARD_LINK ? entry : owners.get().onHost(entry);
    }
    if (namespace.single()) {
      return entry.ownedBy(0, 0);
    }
    if (entry.type() != TarEntry.Type.HARD_LINK) {
      require("user", entry.uid(), namespace.hasUid(Integer.toUnsignedLong(entry.uid())), entry);
      require("group", entry.gid(), namespace.hasGid(Integer.toUnsignedLong(entry.gid())), entry);
    }
    return entry;
  }

  /** Gives a directory that no tar lists to root. */
  void giveToRoot(Directory directory) throws KernelException {
    if (owners.isPresent()) {
      owners.get().giveToRoot(directory);
    }
  }

  /** Whether an attribute can be kept: one that names ids names others here. */
  boolean keeps(TarEntry.Xattr attribute) {
    return owners.isEmpty() || !attribute.name().startsWith("system.posix_acl");
  }

  /** Whether a device node can be made: by nobody in a user namespace, mknod(2). */
  boolean makesDevices() {
    return namespace.initial();
  }

  private static void require(String what, int id, boolean there, TarEntry entry)
      throws ImageException {
    if (!there) {
      throw new ImageException(
          ImageException.Kind.UNSUPPORTED,
          ImageException.quote(entry.name())
              + " belongs to "
              + what
              + " "
              + Integer.toUnsignedString(id)
              + ", which does not exist in this user's namespace: give the user more ids in"
              + " /etc/subuid and /etc/subgid, or unpack it as root");
    }
  }
}
