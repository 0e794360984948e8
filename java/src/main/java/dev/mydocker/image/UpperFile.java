package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.Optional;

/**
 * Another content of an image's file, in the layer that a container writes and before anybody has
 * that mounted: where a mount would put it, so that neither kernel nor number of layers matters.
 */
final class UpperFile {
  private static final int FILE_MODE = 0644;
  private static final int DIRECTORY_MODE = 0755;

  private final LayerStack image;
  private final Owners owners;

  /**
   * Of an image.
   *
   * @param owners who root is, whose all is that the image does not have
   */
  UpperFile(LayerStack image, Owners owners) {
    this.image = image;
    this.owners = owners;
  }

  /**
   * Writes it.
   *
   * @param upper the container's layer
   * @param path absolute; links are followed as in the image
   * @throws ImageException NOT_AN_IMAGE when the image has something else than a file there
   */
  void write(Directory upper, String path, byte[] content) throws IOException {
    LayerStack.Found file = image.find(path, true);
    if (file.stat().isPresent() && !file.stat().get().isRegular()) {
      throw new ImageException(Kind.NOT_AN_IMAGE, path + " is no regular file");
    }
    Directory at = upper;
    try {
      int start = 0;
      for (int end; (end = file.path().indexOf('/', start)) >= 0; start = end + 1) {
        String name = file.path().substring(start, end);
        Directory next = directory(at, name, image.find(file.path().substring(0, end), false));
        if (at != upper) {
          at.close();
        }
        at = next;
      }
      write(at, Overlay.bytes(file.path().substring(start)), file.stat(), content);
    } finally {
      if (at != upper) {
        at.close();
      }
    }
  }

  /** One on the way; another file may have needed it already. */
  private Directory directory(Directory in, String text, LayerStack.Found found)
      throws IOException {
    byte[] name = Overlay.bytes(text);
    Optional<Directory> there = in.findDirectory(name, Directory.Resolve.BENEATH);
    if (there.isPresent()) {
      return there.get();
    }
    if (found.stat().isPresent() && !found.isDirectory()) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE, ImageException.quote(found.path()) + " is no directory");
    }
    in.mkdir(name, DIRECTORY_MODE);
    Directory made = in.openDirectory(name, Directory.Resolve.BENEATH);
    try {
      if (found.stat().isPresent()) {
        made.chown(found.stat().get().uid(), found.stat().get().gid());
      } else {
        owners.giveToRoot(made);
      }
      made.chmod(mode(found.stat(), DIRECTORY_MODE));
      return made;
    } catch (KernelException e) {
      made.close();
      throw e;
    }
  }

  private void write(Directory in, byte[] name, Optional<Stat> old, byte[] content)
      throws IOException {
    try (Fd file = in.create(name)) {
      file.output().write(content);
    }
    if (old.isPresent()) {
      in.chown(name, old.get().uid(), old.get().gid());
    } else {
      owners.giveToRoot(in, name);
    }
    in.chmod(name, mode(old, FILE_MODE));
  }

  private static int mode(Optional<Stat> old, int usual) {
    return old.isPresent() ? old.get().mode() & 07777 : usual;
  }
}
