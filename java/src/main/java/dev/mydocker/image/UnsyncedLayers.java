package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Which unpacked layers may not be on the disk yet: for each there is a file in {@code unsynced} of
 * the state root, named by its diffID's digits, that says in which boot of the machine it was
 * unpacked.
 *
 * <p>So a pull need not wait until a gigabyte of small files is written. The blobs are on the disk
 * before a layer gets its name; a layer whose file tells of another boot, or of none, is removed
 * when the state is opened, and unpacked from its blob again by whoever needs it. The file is on
 * the disk before anything of the layer is written, and goes when the layer was synced: by a later
 * command, once the kernel has written most of it anyway.
 *
 * @param path the directory of those files, which need not be there
 * @param layers the unpacked layers
 * @param work where removed ones go
 * @param locks see {@link ImageState}
 */
record UnsyncedLayers(Path path, Directory layers, Directory work, Directory locks) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int LIMIT = 64; // bytes; a boot's id has 36

  /**
   * Seconds after which a sync finds little left to do: the kernel writes what is older than 30 s
   * every 5 s (vm.dirty_expire_centisecs, dirty_writeback_centisecs in the kernel's
   * admin-guide/sysctl/vm.rst).
   */
  private static final long SETTLED_SEC = 120;

  /** Says that these are about to be unpacked; the caller has their locks. */
  void expect(Collection<Digest> diffIds) throws IOException {
    byte[] boot = boot();
    try (Directory top = Directory.open(path.getParent())) {
      ImageState.make(top, path.getFileName().toString());
    }
    try (Directory place = Directory.open(path);
        Fd lock = place.lock()) {
      for (Digest diffId : diffIds) {
        byte[] name = Overlay.bytes(diffId.hex());
        forget(place, name);
        try (Fd file = place.create(name)) {
          file.output().write(boot);
        }
      }
      place.fsync();
    }
  }

  /** Removes the layers of other boots, and has those that are old enough written for good. */
  void attend() throws IOException {
    attend(System.currentTimeMillis() / 1000 - SETTLED_SEC);
  }

  /** Comes back when every layer that has its name is on the disk. */
  void flush() throws IOException {
    attend(Long.MAX_VALUE);
  }

  private void attend(long settled) throws IOException {
    Optional<Directory> found = find();
    if (found.isEmpty()) {
      return;
    }
    try (Directory place = found.get()) {
      if (place.list().isEmpty()) {
        return;
      }
      try (Fd lock = place.lock()) {
        attend(place, settled);
      }
    }
  }

  private void attend(Directory place, long settled) throws IOException {
    List<byte[]> lost = new ArrayList<>();
    List<byte[]> old = new ArrayList<>();
    String boot = Overlay.text(boot());
    for (Directory.Entry entry : place.list()) {
      byte[] name = entry.name();
      if (!isOf(boot, place, name)) {
        lost.add(name);
      } else if (layers.find(name).filter(Stat::isDirectory).isPresent()) {
        if (place.stat(name).mtimeSec() <= settled) {
          old.add(name);
        }
      } else if (locks.find(name).isEmpty()) {
        // Nobody makes it any more: a fetch that failed, or a layer that was removed.
        forget(place, name);
      }
    }
    if (!lost.isEmpty()) {
      remove(lost);
    }
    if (!old.isEmpty()) {
      layers.syncFileSystem();
    }
    old.addAll(lost);
    for (byte[] name : old) {
      forget(place, name);
    }
  }

  private static boolean isOf(String boot, Directory place, byte[] name) throws IOException {
    try {
      return Overlay.text(place.read(name, Directory.Resolve.BENEATH, LIMIT)).equals(boot);
    } catch (KernelException e) {
      if (e.errno() == Errno.EFBIG) {
        return false;
      }
      throw e;
    }
  }

  private void remove(List<byte[]> names) throws IOException {
    try (Workplace workplace = Workplace.open(work)) {
      for (byte[] name : names) {
        try {
          layers.rename(name, workplace.directory(), name, Linux.RENAME_NOREPLACE);
        } catch (KernelException e) {
          if (e.errno() != Errno.ENOENT) {
            throw e;
          }
        }
      }
    }
  }

  private static void forget(Directory place, byte[] name) throws KernelException {
    try {
      place.unlink(name);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  private Optional<Directory> find() throws KernelException {
    try {
      return Optional.of(Directory.open(path));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static byte[] boot() throws IOException {
    return Files.readString(BOOT_ID).strip().getBytes(StandardCharsets.US_ASCII);
  }
}
