package dev.mydocker.engine;

import dev.mydocker.image.TreeCopy;
import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A volume's directory, {@code ROOT/volumes/NAME}, locked: nobody else makes, fills or removes the
 * volume before this is closed.
 *
 * <p>Its record makes the volume exist. It is written last when one is made, and removed first when
 * one goes; meanwhile there is a mark. So what a kill leaves is known by the mark without a record,
 * and is removed or made anew by whoever comes next. A record that is missing without the mark was
 * lost otherwise: then the volume is damaged, and its content stays.
 */
final class VolumeHold implements AutoCloseable {
  private static final String RECORD = "volume.json";
  private static final String CONTENT = "_data";

  /** There while the volume is being made or removed. */
  private static final String MARK = "unfinished";

  private final Path all;
  private final String name;
  private final Directory directory;
  private final Fd lock;

  private VolumeHold(Path all, String name, Directory directory, Fd lock) {
    this.all = all;
    this.name = name;
    this.directory = directory;
    this.lock = lock;
  }

  /** Waits for a volume's directory, which is made when it is not there. */
  static VolumeHold make(Path all, String name) throws IOException {
    StateFile.makeDirectories(all);
    while (true) {
      Optional<VolumeHold> there = find(all, name);
      if (there.isPresent()) {
        return there.get();
      }
      StateFile.makeDirectories(all.resolve(name));
    }
  }

  /** Waits for a volume's directory; empty when there is none. */
  static Optional<VolumeHold> find(Path all, String name) throws IOException {
    while (true) {
      Optional<Directory> found = open(all, name);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      Optional<VolumeHold> hold = held(all, name, found.get(), true);
      if (hold.isPresent()) {
        return hold;
      }
    }
  }

  /** A volume's directory; empty when there is none, or somebody else holds it. */
  static Optional<VolumeHold> tryFind(Path all, String name) throws IOException {
    Optional<Directory> found = open(all, name);
    return found.isEmpty() ? Optional.empty() : held(all, name, found.get(), false);
  }

  private static Optional<Directory> open(Path all, String name) throws KernelException {
    try (Directory parent = Directory.open(all)) {
      return parent.findDirectory(bytes(name), Directory.Resolve.BENEATH);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Empty when who had the lock before has removed the directory, or is not waited for. */
  private static Optional<VolumeHold> held(Path all, String name, Directory directory, boolean wait)
      throws IOException {
    Optional<Fd> lock = Optional.empty();
    boolean held = false;
    try {
      lock = wait ? Optional.of(directory.lock()) : directory.tryLock();
      held = lock.isPresent() && isNamed(all, name, directory);
      return held
          ? Optional.of(new VolumeHold(all, name, directory, lock.get()))
          : Optional.empty();
    } finally {
      if (!held) {
        lock.ifPresent(Fd::close);
        directory.close();
      }
    }
  }

  private static boolean isNamed(Path all, String name, Directory directory)
      throws KernelException {
    try (Directory parent = Directory.open(all)) {
      long inode = directory.stat().inode();
      return parent.find(bytes(name)).map(stat -> stat.inode() == inode).orElse(false);
    }
  }

  String name() {
    return name;
  }

  /** What the record says; empty when the volume does not exist. */
  Optional<Volume> read() throws IOException {
    return read(all, name);
  }

  /** The same without a lock. */
  static Optional<Volume> read(Path all, String name) throws IOException {
    Path own = content(all, name);
    Optional<byte[]> text = text(all, name);
    if (text.isEmpty()) {
      // The mark before the content, as a removal takes it away last.
      if (Files.exists(all.resolve(name).resolve(MARK)) || !Files.exists(own)) {
        return Optional.empty();
      }
      text = text(all, name);
    }
    if (text.isEmpty()) {
      return Optional.of(damaged(name, own, "is missing"));
    }
    try {
      return Optional.of(Volume.parse(text.get(), name, own));
    } catch (JsonException e) {
      return Optional.of(damaged(name, own, "cannot be read: " + e.getMessage()));
    }
  }

  private static Volume damaged(String name, Path own, String why) {
    return new Volume(name, Instant.EPOCH, Map.of(), Map.of(), own, Optional.of(why));
  }

  private static Optional<byte[]> text(Path all, String name) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(all.resolve(name).resolve(RECORD)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Where a volume's content is, unless its options say otherwise. */
  static Path content(Path all, String name) {
    return all.resolve(name).resolve(CONTENT);
  }

  /** A volume of a container that is to be made here; nothing is touched. */
  Volume describe(boolean anonymous) {
    return describe(anonymous ? Map.of(Volume.ANONYMOUS, "") : Map.of(), Map.of());
  }

  /** A volume that is to be made here; nothing is touched. */
  Volume describe(Map<String, String> labels, Map<String, String> options) {
    String device = options.getOrDefault(VolumeOptions.DEVICE, "");
    Path content = device.isEmpty() ? content(all, name) : Path.of(device);
    return new Volume(name, Instant.now(), labels, options, content, Optional.empty());
  }

  /** Makes its content's directory, empty, instead of what a kill may have left. */
  void makeContent() throws IOException {
    mark();
    directory.removeTree(bytes(CONTENT));
    directory.mkdir(bytes(CONTENT), 0700);
    // The umask is not this engine's to change.
    directory.chmod(bytes(CONTENT), 0755);
  }

  private void mark() throws IOException {
    if (directory.find(bytes(MARK)).isEmpty()) {
      directory.create(bytes(MARK)).close();
    }
  }

  /** Writes its record: from now on it exists. */
  void record(Volume volume) throws IOException {
    record(volume.toText());
  }

  private void record(String text) throws IOException {
    StateFile.write(all.resolve(name).resolve(RECORD), text, true);
    directory.removeTree(bytes(MARK));
    directory.fsync();
  }

  /** A volume's content. */
  private Directory content(Volume volume) throws IOException {
    if (!volume.bound()) {
      return directory.openDirectory(bytes(CONTENT), Directory.Resolve.BENEATH);
    }
    try {
      return Directory.of(StateFile.open(volume.content(), Linux.O_PATH | Linux.O_DIRECTORY, 0));
    } catch (KernelException e) {
      throw new IOException(
          "volume " + name + ": cannot open its device " + volume.content() + ": " + e.errno(), e);
    }
  }

  boolean isEmpty(Volume volume) throws IOException {
    try (Directory content = content(volume)) {
      return content.list().isEmpty();
    }
  }

  /** Fills its content with what is in a directory of the image, and makes it like that one. */
  void fill(Volume volume, Directory image) throws IOException {
    try (Directory content = content(volume)) {
      TreeCopy.like(image, content);
    }
  }

  /** Removes what is in it. */
  void empty(Volume volume) throws IOException {
    try (Directory content = content(volume)) {
      for (Directory.Entry entry : content.list()) {
        content.removeTree(entry.name());
      }
    }
  }

  /**
   * Removes the volume and its content.
   *
   * @throws IOException when something is mounted below: then there is still such a volume
   */
  void remove() throws IOException {
    Optional<byte[]> record = text(all, name);
    boolean lost = record.isEmpty() && read().isPresent();
    mark();
    directory.removeTree(bytes(RECORD));
    try {
      directory.removeTree(bytes(CONTENT));
    } catch (IOException e) {
      if (record.isPresent()) {
        record(new String(record.get(), StandardCharsets.UTF_8));
      } else if (lost) {
        directory.removeTree(bytes(MARK));
      }
      throw new IOException(
          "cannot remove volume "
              + name
              + " whole: "
              + e.getMessage()
              + ": is something mounted below "
              + content(all, name)
              + "?",
          e);
    }
    try (Directory parent = Directory.open(all)) {
      parent.removeTree(bytes(name));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() {
    lock.close();
    directory.close();
  }
}
