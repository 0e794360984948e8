package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.IdMaps;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A container: its record on disk and what can be done with it. */
public final class Container {
  private final ContainerStore store;
  private final Blueprint blueprint;
  private final RunDirectory run;
  private final Cgroup cgroup;
  private final Recorder recorder;
  private final List<Recording.Entry> steps = new ArrayList<>();
  private ContainerRecord record;

  Container(
      ContainerStore store,
      ContainerRecord record,
      Blueprint blueprint,
      RunDirectory run,
      Cgroup cgroup,
      Recorder recorder) {
    this.store = store;
    this.record = record;
    this.blueprint = blueprint;
    this.run = run;
    this.cgroup = cgroup;
    this.recorder = recorder;
  }

  /** 64 hexadecimal digits. */
  public String id() {
    return record.id();
  }

  /** What it is called. */
  public String name() {
    return record.name();
  }

  /**
   * Starts it; comes back when its command has been executed.
   *
   * @throws dev.mydocker.launch.LaunchException when a step failed; nothing of the launch is left
   */
  public Running start(Stdio stdio) throws IOException {
    LaunchScript.Launch launch = blueprint.launch(stdio);
    try {
      makeHostFiles(launch);
      return new Running(new Owner(), launch(launch, stdio));
    } catch (IOException | RuntimeException e) {
      discard(e);
      throw e;
    }
  }

  private Launcher.Launched launch(LaunchScript.Launch launch, Stdio stdio) throws IOException {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    try (Fd directory = StateFile.open(run.path(), flags, 0)) {
      Launcher.Request request =
          new Launcher.Request(
              id(),
              launch.plan(),
              stdio,
              Map.of(Slot.RUN_DIRECTORY, directory, Slot.LIFE, run.life()));
      Launcher.Launched launched = Launcher.launch(request, fromOutside(launch), steps);
      steps.addAll(launched.steps());
      return launched;
    }
  }

  private Launcher.Meeting fromOutside(LaunchScript.Launch launch) {
    return new Launcher.Meeting() {
      @Override
      public void begin() throws IOException {
        cgroup.create(launch.cgroup(), recorder::did);
      }

      @Override
      public void at(int point, int initPid) throws IOException {
        IdMaps.write(initPid, blueprint.spec().linux(), recorder);
        cgroup.add(initPid, recorder::did);
      }
    };
  }

  private void makeHostFiles(LaunchScript.Launch launch) throws IOException {
    for (String directory : launch.directories()) {
      recorder.record(
          "mkdir",
          "mkdir(\"" + directory + "\")",
          "a place on the host for this container",
          () -> StateFile.makeDirectories(Path.of(directory)));
    }
    for (Map.Entry<String, String> file : launch.files().entrySet()) {
      Path path = Path.of(file.getKey());
      recorder.record(
          "write",
          "write(\"" + path + "\")",
          "to be bound at /etc/" + path.getFileName(),
          () -> Files.writeString(path, file.getValue()));
    }
    copyRootAttributes(launch);
  }

  /** The root of an overlay has its upper directory's owner and mode: those of the image's root. */
  private void copyRootAttributes(LaunchScript.Launch launch) throws IOException {
    Path image =
        Path.of(launch.input().overlay().layers()).resolve(launch.input().overlay().lower().get(0));
    try (Directory upper = Directory.open(Path.of(launch.input().overlay().upper()));
        Directory top = Directory.open(image)) {
      Stat root = top.stat();
      upper.chown(root.uid(), root.gid());
      upper.chmod(root.mode() & 07777);
    }
  }

  /** Everything recorded so far: registry calls, cgroup writes, the steps of M and I. */
  public Recording recording() {
    return new Recording(recorder.entries()).with(steps);
  }

  /**
   * Kills what outlives its first process. In a PID namespace of its own the kernel has done so;
   * elsewhere the output would not end before the last of them has.
   */
  private void killRest() throws IOException {
    boolean own = false;
    for (Spec.Namespace n : blueprint.spec().linux().namespaces()) {
      own |= n.type().equals("pid") && n.path().isEmpty();
    }
    if (!own) {
      cgroup.kill();
    }
  }

  /** Records how it ended and removes what it had of the host. */
  private Exit ended(ExitStatus status) throws IOException {
    Exit exit = new Exit(status.code(), status.signal(), cgroup.oomKills() > 0);
    record = record.ended(exit);
    cleanUp();
    return exit;
  }

  private void cleanUp() throws IOException {
    Leftovers.remove(store, record, cgroup);
    run.remove();
  }

  private final class Owner implements Running.Owner {
    @Override
    public void exited() throws IOException {
      killRest();
    }

    @Override
    public Exit ended(ExitStatus status) throws IOException {
      return Container.this.ended(status);
    }

    @Override
    public void release() {
      Container.this.release();
    }
  }

  /** Leaves cleaning up to the next command, once the monitor is gone too. */
  private void release() {
    run.close();
  }

  /** After a failure, whose report comes before one of the clean-up. */
  private void discard(Exception failure) {
    try {
      cleanUp();
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      release();
    }
  }

  /** Removes it, its record and what it wrote. */
  public void remove() throws IOException {
    store.delete(id());
  }
}
