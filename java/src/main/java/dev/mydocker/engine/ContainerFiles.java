package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A container's root file system, held open. That of a running container is what it shows itself,
 * its mounts included. That of another one is its layers, mounted for this alone; as long as it is
 * open, nobody can start or remove the container.
 *
 * <p>Every path in it is to be resolved with {@link #resolve}: whatever the container does
 * meanwhile, the kernel stays in there.
 */
public final class ContainerFiles implements AutoCloseable {
  private final ContainerHold hold;
  private final Directory root;
  private final Directory.Resolve resolve;

  private ContainerFiles(ContainerHold hold, Directory root, Directory.Resolve resolve) {
    this.hold = hold;
    this.root = root;
    this.resolve = resolve;
  }

  static ContainerFiles open(Home home, String id) throws IOException {
    ContainerHold hold = ContainerHold.of(home, id);
    try {
      return hold.process().isPresent()
          ? running(id, hold, hold.process().get())
          : resting(home, id, hold);
    } catch (IOException | RuntimeException e) {
      hold.close();
      throw e;
    }
  }

  private static ContainerFiles running(String id, ContainerHold hold, FirstProcess process)
      throws IOException {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    Path path = Path.of("/proc/" + process.pid() + "/root");
    Directory root = Directory.of(StateFile.open(path, flags, 0));
    // Opened by number: while the process lives, the number was its own.
    if (process.awaitEnd(0)) {
      root.close();
      throw Exec.notRunning(id);
    }
    return new ContainerFiles(hold, root, Directory.Resolve.IN_MOUNTED_ROOT);
  }

  private static ContainerFiles resting(Home home, String id, ContainerHold hold)
      throws IOException {
    ContainerRecord record =
        home.store().find(id).orElseThrow(() -> ContainerException.notFound(id));
    ContainerLayer layer = ContainerLayer.of(home, record);
    layer.prepare();
    boolean readOnly = StoredSpec.read(home.store(), id).spec().root().readonly();
    return new ContainerFiles(hold, layer.mount(readOnly), Directory.Resolve.IN_ROOT);
  }

  /** Its root; stays this object's. */
  public Directory root() {
    return root;
  }

  /** How a path in it is walked. */
  public Directory.Resolve resolve() {
    return resolve;
  }

  @Override
  public void close() throws IOException {
    root.close();
    hold.close();
  }
}
