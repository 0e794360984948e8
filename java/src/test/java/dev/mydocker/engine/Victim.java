package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.RunOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that runs one container, to be killed meanwhile: a first container loads every class,
 * then its only thread's number is printed, and a line on its input starts the second, which is
 * told.
 *
 * <p>Arguments: the image, whether the container goes with its end, the command.
 */
final class Victim {
  static final Output NOTHING =
      new Output() {
        @Override
        public void stdout(byte[] buffer, int offset, int length) {}

        @Override
        public void stderr(byte[] buffer, int offset, int length) {}
      };

  static final String STARTED = "started";

  private Victim() {}

  public static void main(String[] arguments) throws Exception {
    Engine engine = Engine.open(System.getenv());
    run(engine, request(arguments[0], true, List.of("true")));
    List<String> command = List.of(arguments).subList(2, arguments.length);
    CreateRequest request = request(arguments[0], Boolean.parseBoolean(arguments[1]), command);
    System.out.println(Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName());
    if (System.in.read() >= 0) {
      Container container = engine.create(request, PullListener.NONE);
      try (Running running = container.start(new Stdio.Streams(false))) {
        System.out.println(STARTED);
        running.relay(NOTHING);
      }
    }
  }

  /** With a volume that is empty and one that the image's files are copied into. */
  static CreateRequest request(String image, boolean remove, List<String> command)
      throws OptionException {
    return new CreateRequest(
        RunOptions.builder(image)
            .command(new ArrayList<>(command))
            .remove(remove)
            .mounts(
                List.of(
                    MountOption.parseVolume("/empty", "/"), MountOption.parseVolume("/etc", "/")))
            .build(),
        Platform.host(),
        PullPolicy.MISSING);
  }

  static Exit run(Engine engine, CreateRequest request) throws Exception {
    Container container = engine.create(request, PullListener.NONE);
    try (Running running = container.start(new Stdio.Streams(false))) {
      return running.relay(NOTHING);
    }
  }
}
