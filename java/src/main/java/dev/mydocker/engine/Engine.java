package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Digest;
import dev.mydocker.image.HeldImage;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.ImageUsers;
import dev.mydocker.image.Images;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.TreeSize;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.HostFacts;
import dev.mydocker.spec.ImageDefaults;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.SpecCompiler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The engine over one state root; safe for several threads, and processes, at once. */
public final class Engine {
  private static final int NAME_ATTEMPTS = 20;

  private final Roots roots;
  private final Images images;
  private final CgroupHost cgroups;
  private final ContainerStore store;

  private Engine(Roots roots, Images images, CgroupHost cgroups) {
    this.roots = roots;
    this.images = images;
    this.cgroups = cgroups;
    this.store = new ContainerStore(roots);
  }

  /**
   * An engine; nothing is touched yet.
   *
   * @param environment MYDOCKER_ROOT and MYDOCKER_RUN_ROOT, else the defaults of this user
   */
  public static Engine open(Map<String, String> environment) throws IOException {
    Roots roots = Roots.of(environment, Linux.geteuid() == 0);
    Images images = Images.open(roots.state(), environment, new ContainerImages(roots));
    return new Engine(roots, images, CgroupHost.detect());
  }

  /** Its images. */
  public Images images() {
    return images;
  }

  /** Cleans up after the containers whose processes were killed together with their owners. */
  public void sweep() throws IOException {
    if (Linux.geteuid() == 0) {
      Leftovers.sweep(roots, store, cgroups);
    }
  }

  /** What every container has written. */
  public List<ContainerUsage> containerUsage() throws IOException {
    List<ContainerUsage> out = new ArrayList<>();
    for (ImageUsers.User user : new ContainerImages(roots).users()) {
      Path upper = store.directory(user.container()).resolve("upper");
      if (Files.isDirectory(upper)) {
        try (Directory written = Directory.open(upper)) {
          out.add(new ContainerUsage(user, TreeSize.of(written)));
        }
      } else {
        out.add(new ContainerUsage(user, 0));
      }
    }
    return out;
  }

  /**
   * Fetches the image when it has to, decides the configuration, and records the container. What an
   * earlier process left behind when it was killed is removed first.
   *
   * @throws OptionException when the options do not agree with each other, the image or the host
   * @throws dev.mydocker.image.ImageException when the image cannot be had
   */
  public Container create(CreateRequest request, PullListener listener)
      throws IOException, OptionException {
    requireRoot();
    if (request.options().name().isPresent()) {
      ContainerName.require(request.options().name().get());
    }
    Leftovers.sweep(roots, store, cgroups);
    Recorder recorder = new Recorder();
    try (HeldImage held =
        images.hold(
            ImageRef.parse(request.options().image()),
            request.platform(),
            request.pull(),
            new RecordedPull(listener, recorder))) {
      return create(request, held.image(), recorder);
    }
  }

  /**
   * A command that is to join a running container; to be closed.
   *
   * @param id the container's
   * @param pid its first process, which runs under its monitor
   * @throws IOException when it has ended
   */
  public Exec exec(String id, int pid, ExecOptions options) throws IOException {
    requireRoot();
    int n = Linux.pidfdOpen(pid);
    if (n == -Errno.ESRCH.number()) {
      throw Exec.notRunning(id);
    }
    Fd first = Fd.of(n, "pidfd_open", "first process of " + id);
    try {
      return new Exec(
          id, pid, first, store.config(id), cgroups.at(Leftovers.cgroupPath(id)), options);
    } catch (IOException | RuntimeException e) {
      first.close();
      throw e;
    }
  }

  /** Comes back when the record names the image's layers: from then on it keeps them. */
  private Container create(CreateRequest request, Image image, Recorder recorder)
      throws IOException, OptionException {
    String id = ContainerId.random();
    RunDirectory run = RunDirectory.create(roots, id);
    try {
      Blueprint blueprint = blueprint(id, run.path(), request, image);
      makeSources(request.options().mounts());
      ContainerRecord record = record(id, request, image);
      store.writeConfig(record, blueprint.spec().toJson().toText() + "\n");
      return new Container(
          store, record, blueprint, run, cgroups.at(Leftovers.cgroupPath(id)), recorder);
    } catch (IOException | OptionException | RuntimeException e) {
      try {
        store.delete(id);
        run.remove();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** What {@link #create} and {@link Container#start} would do; touches nothing. */
  public LaunchScript.Launch preview(CreateRequest request, Stdio stdio, PullListener listener)
      throws IOException, OptionException {
    ImageRef reference = ImageRef.parse(request.options().image());
    Image image = images.describe(reference, request.platform(), listener);
    String id = ContainerId.random();
    return blueprint(id, roots.running().resolve(id), request, image).launch(stdio);
  }

  private static void requireRoot() throws IOException {
    if (Linux.geteuid() != 0) {
      throw new IOException("making a container needs root here: try it with sudo");
    }
  }

  private Blueprint blueprint(String id, Path run, CreateRequest request, Image image)
      throws IOException, OptionException {
    HostFacts host = new HostProbe(cgroups).facts(id, run, request.options().privileged());
    CompiledSpec compiled =
        SpecCompiler.compile(
            request.options(),
            defaults(image.config()),
            (path, limit) -> images.read(image, path, limit),
            host);
    return new Blueprint(
        id,
        compiled,
        images.layers(),
        lower(image),
        store.directory(id),
        run,
        HostFiles.of(compiled.spec(), host, request.options().network()),
        cgroups);
  }

  /**
   * The image's layers, the uppermost first. Overlayfs takes no directory twice: of a layer that
   * comes again the uppermost counts, which has all that the lower one would show.
   */
  private static List<String> lower(Image image) {
    Set<String> lower = new LinkedHashSet<>();
    for (int i = image.diffIds().size() - 1; i >= 0; i--) {
      lower.add(image.diffIds().get(i).hex());
    }
    return List.copyOf(lower);
  }

  private static ImageDefaults defaults(ImageConfig config) {
    return new ImageDefaults(
        config.user(),
        config.env(),
        config.entrypoint(),
        config.cmd(),
        config.workingDir(),
        config.stopSignal(),
        config.volumes());
  }

  /** A missing source of {@code -v} becomes a directory, as with Docker; of {@code --mount} not. */
  private static void makeSources(List<MountOption> mounts) throws IOException, OptionException {
    for (MountOption mount : mounts) {
      if (mount instanceof MountOption.Bind bind && !Files.exists(Path.of(bind.source()))) {
        if (!bind.createSource()) {
          throw new OptionException(
              "invalid mount: bind source path does not exist: "
                  + OptionException.quote(bind.source()));
        }
        Files.createDirectories(Path.of(bind.source()));
      }
    }
  }

  /** Writes the record and claims its name, in this order: a name is found by the record. */
  private ContainerRecord record(String id, CreateRequest request, Image image)
      throws IOException, OptionException {
    Optional<String> given = request.options().name();
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
      String name = given.isPresent() ? given.get() : ContainerName.generate(attempt);
      ContainerRecord record =
          new ContainerRecord(
              id,
              name,
              image.name(),
              image.imageId().toString(),
              image.diffIds().stream().map(Digest::toString).toList(),
              System.currentTimeMillis(),
              request.options().remove(),
              Optional.empty());
      store.write(record);
      String owner = store.claim(name, id);
      if (owner.equals(id)) {
        return record;
      }
      if (given.isPresent()) {
        throw new OptionException(
            "the container name \""
                + name
                + "\" is in use by container "
                + owner.substring(0, 12)
                + ": take another name, or remove that container");
      }
    }
    throw new IOException("no free name found for a container: give one with --name");
  }
}
