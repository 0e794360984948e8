package dev.mydocker.spec;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A process that joins a container: the container's own, changed by what was asked for.
 *
 * @param process what is executed
 * @param causes why each part of it is as it is
 */
public record ExecProcess(Spec.Process process, Causes causes) {
  private static final String CONTAINERS = "the container's own";

  /**
   * What a process depends on besides container and options.
   *
   * @param capabilities the engine's bounding set
   * @param openFiles the soft RLIMIT_NOFILE this program was started with, when its JVM has raised
   *     it
   * @param openFilesHard the hard one; -1 for none
   */
  public record Engine(Set<Capability> capabilities, OptionalLong openFiles, long openFilesHard) {
    public Engine {
      capabilities = Set.copyOf(capabilities);
    }
  }

  /**
   * Compiles it.
   *
   * @param container the process of the container's configuration
   * @param files the container's, as it sees them now; read when a user was asked for
   * @throws OptionException when there is no such user, the working directory cannot be one, or
   *     there is no command
   * @throws IOException when passwd or group cannot be read
   */
  public static ExecProcess of(
      Spec.Process container, ExecOptions options, ImageFiles files, Engine engine)
      throws OptionException, IOException {
    Causes.Collector why = new Causes.Collector();
    Spec.User user = container.user();
    Optional<String> home = Optional.empty();
    why.put("user", CONTAINERS);
    if (options.user().isPresent()) {
      why.put("user", "--user=" + options.user().get());
      Account account = Account.of(options.user().get(), List.of(), files);
      user = withUmask(account.user(), container.user());
      home = home(container, account, files);
    }
    Spec.Process process =
        new Spec.Process(
            options.tty(),
            Optional.empty(),
            user,
            command(options, why),
            Environment.ofExec(container.env(), options, home, why),
            workdir(container, options, why),
            Optional.of(capabilities(container, options, user, engine, why)),
            rlimits(container, engine, why),
            container.noNewPrivileges(),
            container.apparmorProfile(),
            container.oomScoreAdj());
    why.put("noNewPrivileges", CONTAINERS);
    why.put("apparmor", CONTAINERS);
    why.put("oomScoreAdj", CONTAINERS);
    why.put("seccomp", CONTAINERS);
    return new ExecProcess(process, why.collected());
  }

  private static Spec.User withUmask(Spec.User user, Spec.User from) {
    return new Spec.User(user.uid(), user.gid(), user.additionalGids(), from.umask());
  }

  /** The new user's home, when HOME was the home of the container's own user. */
  private static Optional<String> home(Spec.Process container, Account account, ImageFiles files)
      throws IOException {
    String own = "HOME=" + Account.homeOf(container.user().uid(), files);
    return container.env().contains(own) ? Optional.of(account.home()) : Optional.empty();
  }

  private static List<String> command(ExecOptions options, Causes.Collector why)
      throws OptionException {
    if (options.command().isEmpty() || options.command().get(0).isEmpty()) {
      throw new OptionException("no command specified");
    }
    Command.requireNoNul(options.command());
    why.put("args", "the command line");
    return options.command();
  }

  private static String workdir(Spec.Process container, ExecOptions options, Causes.Collector why)
      throws OptionException {
    if (options.workdir().isEmpty()) {
      why.put("cwd", CONTAINERS);
      return container.cwd();
    }
    why.put("cwd", "--workdir=" + options.workdir().get());
    try {
      return ContainerPath.clean(options.workdir().get());
    } catch (OptionException e) {
      throw e.about("--workdir");
    }
  }

  /** A user that is not root holds none of the bounding set, as after the setuid of a login. */
  private static Spec.Capabilities capabilities(
      Spec.Process container,
      ExecOptions options,
      Spec.User user,
      Engine engine,
      Causes.Collector why) {
    why.put("capabilities", options.privileged() ? "--privileged" : CONTAINERS);
    Optional<Spec.Capabilities> own = container.capabilities();
    if (!options.privileged() && options.user().isEmpty() && own.isPresent()) {
      return own.get();
    }
    List<String> bounding = new ArrayList<>();
    if (options.privileged()) {
      EnumSet<Capability> all = EnumSet.noneOf(Capability.class);
      all.addAll(engine.capabilities());
      all.forEach(c -> bounding.add(c.name()));
    } else if (own.isPresent()) {
      bounding.addAll(own.get().bounding());
    }
    List<String> held = user.uid() == 0 ? bounding : List.of();
    return new Spec.Capabilities(bounding, held, List.of(), held, List.of());
  }

  private static List<Spec.RlimitEntry> rlimits(
      Spec.Process container, Engine engine, Causes.Collector why) {
    String files = Rlimit.RLIMIT_NOFILE.name();
    List<Spec.RlimitEntry> out = new ArrayList<>(container.rlimits());
    boolean known = false;
    for (Spec.RlimitEntry limit : out) {
      why.put("rlimit:" + limit.type(), CONTAINERS);
      known |= limit.type().equals(files);
    }
    if (!known && engine.openFiles().isPresent()) {
      why.put("rlimit:" + files, "default: the JVM had raised its own soft limit: put back");
      out.add(new Spec.RlimitEntry(files, engine.openFiles().getAsLong(), engine.openFilesHard()));
    }
    return out;
  }
}
