package dev.mydocker.image;

import dev.mydocker.kernel.UserNamespace;

/**
 * Whose the files of a layer can be where an ordinary user unpacks it: who has one id only owns
 * them all, as root of every container; of the others each must have an id in the user's namespace.
 */
final class NamespaceOwners {
  private final UserNamespace namespace;

  NamespaceOwners(UserNamespace namespace) {
    this.namespace = namespace;
  }

  /**
   * An entry as it can be unpacked.
   *
   * @throws ImageException UNSUPPORTED when its owner does not exist here
   */
  TarEntry settle(TarEntry entry) throws ImageException {
    if (namespace.single()) {
      return entry.ownedBy(0, 0);
    }
    if (entry.type() != TarEntry.Type.HARD_LINK) {
      require("user", entry.uid(), namespace.hasUid(Integer.toUnsignedLong(entry.uid())), entry);
      require("group", entry.gid(), namespace.hasGid(Integer.toUnsignedLong(entry.gid())), entry);
    }
    return entry;
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
