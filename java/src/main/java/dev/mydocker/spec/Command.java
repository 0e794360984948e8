package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is executed, and where: the image's words and the user's put together. */
final class Command {
  private Command() {}

  /**
   * The arguments. An entry point that the user gives replaces the image's, and the image's Cmd,
   * which was written for it, goes with it.
   *
   * @throws OptionException when nothing is left to execute, or there is a NUL
   */
  static List<String> args(RunOptions options, ImageDefaults image, Causes.Collector why)
      throws OptionException {
    Optional<List<String>> own = options.entrypoint();
    boolean cmd = own.isEmpty() && options.command().isEmpty();
    List<String> args = new ArrayList<>(own.orElse(image.entrypoint()));
    boolean entrypoint = !args.isEmpty();
    args.addAll(cmd ? image.cmd() : options.command());
    if (args.isEmpty()) {
      throw new OptionException(
          "no command specified: neither the image nor the command line names one");
    }
    requireNoNul(args);
    String fixed = own.isPresent() ? "--entrypoint" : "image: Entrypoint";
    String rest = cmd ? "image: Cmd" : "the command line";
    boolean both = entrypoint && !(cmd ? image.cmd() : options.command()).isEmpty();
    why.put("args", both ? fixed + ", " + rest : entrypoint ? fixed : rest);
    return args;
  }

  /**
   * Arguments as execve(2) can take them.
   *
   * @throws OptionException when one has a NUL
   */
  static void requireNoNul(List<String> args) throws OptionException {
    for (String arg : args) {
      if (arg.indexOf('\0') >= 0) {
        throw new OptionException("invalid command: " + OptionException.quote(arg) + " has a NUL");
      }
    }
  }

  /**
   * The working directory.
   *
   * @throws OptionException when it is relative, has a {@code ..} component or a NUL
   */
  static String workingDirectory(RunOptions options, ImageDefaults image, Causes.Collector why)
      throws OptionException {
    boolean asked = options.workdir().isPresent();
    String path = options.workdir().orElse(image.workingDir());
    if (path.isEmpty()) {
      why.put("cwd", "default: the root");
      return "/";
    }
    why.put("cwd", asked ? "--workdir=" + path : "image: WorkingDir");
    try {
      return ContainerPath.clean(path);
    } catch (OptionException e) {
      throw e.about(asked ? "--workdir" : "the image's WorkingDir");
    }
  }
}
