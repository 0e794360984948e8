package dev.mydocker.spec;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Turns options, an image's configuration and the host's facts into an OCI configuration, with the
 * reason for each part of it. A pure function but for the image's passwd and group, which it reads
 * when a name has to be looked up.
 */
public final class SpecCompiler {
  private SpecCompiler() {}

  /**
   * Compiles.
   *
   * @param options its volumes settled, see {@link VolumeMounts#of}, and named
   * @throws OptionException when the parts do not agree with each other, the image or the host
   * @throws IOException when the image's files cannot be read
   */
  public static CompiledSpec compile(
      RunOptions options, ImageDefaults image, ImageFiles files, HostFacts host)
      throws OptionException, IOException {
    Causes.Collector why = new Causes.Collector();
    NetworkConflicts.refuse(options, host);
    HostName name = HostName.of(options, host, why);
    Account account = account(options, image, files, host, why);
    if (host.rootless().isEmpty() && options.network() instanceof NetworkMode.Pasta) {
      throw new OptionException(
          "--network=pasta is for ordinary users: root's containers have bridge, none or host");
    }
    if (host.rootless().isPresent()) {
      host.rootless().get().refuse(options, account.user());
      account = new Account(host.rootless().get().settle(account.user()), account.home());
    }
    if (host.users().isPresent()) {
      UsernsConflicts.refuse(options, account.user(), host, host.users().get());
    }
    List<Spec.Mount> mounts = Mounts.of(options, host, why);
    if (host.rootless().isPresent()) {
      mounts = DeviceNodes.bound(options, host, mounts, why);
    }
    if (options.readOnly()) {
      why.put("root.readonly", "--read-only");
    }
    Spec.Process process = process(options, image, host, name, account, why);
    Spec spec =
        new Spec(
            Spec.VERSION,
            Optional.of(process),
            new Spec.Root(host.rootfs(), options.readOnly()),
            name.own() ? Optional.of(name.name()) : Optional.empty(),
            name.domain(),
            mounts,
            linux(options, host, process, mounts, why),
            annotations(options, image, host, why));
    return new CompiledSpec(spec, why.collected());
  }

  private static Spec.Process process(
      RunOptions options,
      ImageDefaults image,
      HostFacts host,
      HostName name,
      Account account,
      Causes.Collector why)
      throws OptionException {
    why.put("terminal", options.tty() ? "--tty" : "default: no terminal");
    return new Spec.Process(
        options.tty(),
        Optional.empty(),
        account.user(),
        Command.args(options, image, why),
        Environment.of(options, image, name.full(), account.home(), why),
        Command.workingDirectory(options, image, why),
        Optional.of(CapabilitySets.of(options, host, account.user().uid() == 0, why)),
        Rlimits.of(options, host, why),
        noNewPrivileges(options, why),
        options.confinement().profile(host, why),
        oomScoreAdj(options, why));
  }

  private static OptionalInt oomScoreAdj(RunOptions options, Causes.Collector why)
      throws OptionException {
    OptionalInt wanted = options.oomScoreAdj();
    if (wanted.isPresent()) {
      int value = wanted.getAsInt();
      if (value < -1000 || value > 1000) {
        throw new OptionException(
            "Invalid value " + value + ", range for oom score adj is [-1000, 1000]");
      }
      why.put("oomScoreAdj", "--oom-score-adj=" + value);
    }
    return wanted;
  }

  private static boolean noNewPrivileges(RunOptions options, Causes.Collector why) {
    boolean asked = options.confinement().noNewPrivileges();
    if (asked) {
      why.put("noNewPrivileges", "--security-opt=no-new-privileges");
    }
    return asked;
  }

  private static Spec.Linux linux(
      RunOptions options,
      HostFacts host,
      Spec.Process process,
      List<Spec.Mount> mounts,
      Causes.Collector why)
      throws OptionException, IOException {
    return new Spec.Linux(
        Namespaces.of(options, host, why),
        host.users().isPresent() ? host.users().get().uids() : List.of(),
        host.users().isPresent() ? host.users().get().gids() : List.of(),
        Sysctls.of(options, host, why),
        Resources.of(options, host, why),
        Optional.of("/mydocker/" + host.id()),
        DeviceNodes.of(options, host, mounts, why),
        HiddenPaths.masked(options, host, why),
        HiddenPaths.readOnly(options, why),
        Mounts.propagation(options, why),
        Seccomp.of(options, host, process.capabilities().orElseThrow(), why));
  }

  private static Account account(
      RunOptions options,
      ImageDefaults image,
      ImageFiles files,
      HostFacts host,
      Causes.Collector why)
      throws OptionException, IOException {
    if (options.userns() instanceof UsernsMode.KeepId keep
        && options.user().isEmpty()
        && host.rootless().isPresent()) {
      why.put("user", "--userns=" + keep.text());
      return Account.of(keep.account(host.rootless().get().ids()), options.groupAdd(), files);
    }
    return Account.of(options, image, files, why);
  }

  private static Map<String, String> annotations(
      RunOptions options, ImageDefaults image, HostFacts host, Causes.Collector why)
      throws OptionException {
    for (String name : options.annotations().keySet()) {
      if (name.startsWith(Spec.OWN)) {
        // A launch goes by these.
        throw new OptionException(
            "--annotation: "
                + OptionException.quote(name)
                + " is the engine's own word: choose one that does not begin with "
                + Spec.OWN);
      }
    }
    Map<String, String> out = new LinkedHashMap<>(options.annotations());
    Optional<Signal> signal = stopSignal(options, image);
    if (signal.isPresent()) {
      out.put(Spec.STOP_SIGNAL, signal.get().name());
      why.put(
          "stopSignal",
          options.stopSignal().isPresent()
              ? "--stop-signal=" + signal.get().name()
              : "image: StopSignal");
    }
    if (!options.userns().text().isEmpty()) {
      out.put(Spec.USERNS, options.userns().text());
    }
    if (host.rootless().isPresent()) {
      boolean single = host.rootless().get().single();
      out.put(Spec.ROOTLESS, single ? Spec.ROOTLESS_SINGLE : Spec.ROOTLESS_RANGES);
    }
    if (options.init()) {
      out.put(Spec.INIT, "true");
      why.put("init", "--init");
    }
    if (!options.procView()) {
      out.put(Spec.PROC_VIEW, Spec.PROC_VIEW_OFF);
      why.put("procView", "--security-opt=proc-view=off");
    }
    return out;
  }

  private static Optional<Signal> stopSignal(RunOptions options, ImageDefaults image)
      throws OptionException {
    if (options.stopSignal().isPresent() || image.stopSignal().isEmpty()) {
      return options.stopSignal();
    }
    try {
      return Optional.of(Signal.parse(image.stopSignal().get()));
    } catch (OptionException e) {
      throw e.about("the image's StopSignal");
    }
  }
}
