package dev.mydocker.cli;

import dev.mydocker.engine.ContainerSettings;
import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.LogOptions;
import dev.mydocker.engine.RestartPolicy;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.BlockIoChoice;
import dev.mydocker.spec.Bytes;
import dev.mydocker.spec.CapabilityChoice;
import dev.mydocker.spec.Confinement;
import dev.mydocker.spec.Cpus;
import dev.mydocker.spec.DeviceChoice;
import dev.mydocker.spec.DeviceOption;
import dev.mydocker.spec.EnvEntry;
import dev.mydocker.spec.Limits;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NamespaceMode;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.SeccompOption;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.Ulimit;
import dev.mydocker.spec.UserSpec;
import dev.mydocker.spec.UsernsMode;
import dev.mydocker.spec.VolumesFrom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** The flags of {@code run}: what they are, and what a command line asks for with them. */
final class RunFlags {
  private static final String BUILT_IN_IMAGE = "hello";

  /** Docker's flags that this engine cannot honour yet. */
  private static final String LATER =
      " --cgroup-parent --cpu-rt-period --cpu-rt-runtime"
          + " --disable-content-trust"
          + " --gpus"
          + " --isolation --kernel-memory --link --link-local-ip"
          + " --runtime --storage-opt"
          + " --use-api-socket --volume-driver ";

  /** The default of {@code --security-opt no-new-privileges}: true, or not. */
  static final String NO_NEW_PRIVILEGES = "MYDOCKER_NO_NEW_PRIVILEGES";

  private static final String SECURITY =
      "seccomp=FILE, no-new-privileges, systempaths=unconfined, apparmor=PROFILE, label=disable or"
          + " proc-view=off";

  /** A profile is rarely a hundred kilobytes. */
  private static final int PROFILE_MEGABYTES = 10;

  private final Flags.Parsed parsed;
  private final CallerEnvironment callers;

  /** The flag that is being read, for the message when its value is wrong. */
  private String reading = "";

  /** The caller's variables; a class, as a lambda costs a millisecond of every start. */
  private record CallerEnvironment(Map<String, String> variables)
      implements Function<String, Optional<String>> {
    @Override
    public Optional<String> apply(String name) {
      return Optional.ofNullable(variables.get(name));
    }
  }

  private RunFlags(Flags.Parsed parsed, Map<String, String> environment) {
    this.parsed = parsed;
    this.callers = new CallerEnvironment(environment);
  }

  /** What may stand before the image of {@code run}. */
  static Flags declare() {
    Flags flags = new Flags();
    DetachKeys.declare(flags.group("Run"))
        .toggle("Leave it in the background and print its id", "-d", "--detach")
        .list("STREAM", "Have only these: stdin, stdout, stderr", "-a", "--attach")
        .toggle("Pass this program's signals on to it (default true)", "--sig-proxy")
        .attached(
            "FORM", "When it ended, show each step of its launch: tree, json, html", "--explain")
        .attached("FORM", "Start nothing, show what would be: plan, json, script", "--dry-run");
    return declareContainer(flags).later(LATER);
  }

  /** What may stand before the image of {@code create}. */
  static Flags declareCreate() {
    return declareContainer(new Flags()).later(" -a --attach" + LATER);
  }

  private static Flags declareContainer(Flags flags) {
    flags
        .group("Container")
        .toggle("Keep standard input open", "-i", "--interactive")
        .toggle("Give it a terminal", "-t", "--tty")
        .toggle("Remove it when it ends", "--rm")
        .value("NAME", "What it is called; a made-up name without", "--name")
        .toggle("Run a small init as PID 1, which reaps", "--init")
        .value("FILE", "Write its id to a file that must not exist", "--cidfile")
        .list("NAME=VALUE", "Give it a label", "-l", "--label")
        .list("FILE", "Give it labels from the lines of a file", "--label-file")
        .list("NAME=VALUE", "Annotate its OCI configuration", "--annotation")
        .value("POLICY", "When it ends: no, on-failure[:N], always, unless-stopped", "--restart")
        .value("DRIVER", "Keep what it prints: k8s-file (default), or none", "--log-driver")
        .list("NAME=VALUE", "max-size=10m and max-file=3 of its log", "--log-opt")
        .value("SIGNAL", "What it is stopped with: SIGINT, RTMIN+3", "--stop-signal")
        .value("SECONDS", "How long it may take to stop (default 10)", "--stop-timeout");
    flags
        .group("Process")
        .value("PROGRAM", "Instead of the image's entrypoint; \"\" for none", "--entrypoint")
        .list("NAME=VALUE", "Set a variable; NAME alone takes the caller's", "-e", "--env")
        .list("FILE", "Set variables from the lines of a file", "--env-file")
        .value("DIR", "Its working directory: an absolute path", "-w", "--workdir")
        .value("USER[:GROUP]", "Who it runs as: names of the image, or ids", "-u", "--user")
        .list("GROUP", "A further group of it", "--group-add")
        .list("NAME=SOFT[:HARD]", "Limit a process: nofile=1024:2048", "--ulimit");
    flags
        .group("Image")
        .toggle("Show nothing of the fetching", "-q", "--quiet")
        .value("WHEN", "Fetch it always, missing (default) or never", "--pull")
        .value("OS/ARCH", "Which variant of it: linux/arm64", "--platform");
    flags
        .group("Storage")
        .list("[SOURCE:]DIR[:OPTIONS]", "A volume or host path: data:/data:ro", "-v", "--volume")
        .list("KEY=VALUE,...", "type=bind,source=/srv,target=/data,readonly", "--mount")
        .list("CONTAINER[:ro]", "Mount what another container has mounted", "--volumes-from")
        .list("DIR[:OPTIONS]", "Mount memory: /scratch:size=64m", "--tmpfs")
        .toggle("Make its root read-only", "--read-only")
        .value("BYTES", "Size of /dev/shm (default 64m)", "--shm-size");
    flags
        .group("Network")
        .list(
            "NETWORK",
            "bridge (default), NAME, none, host, container:ID, pasta",
            "--network",
            "--net")
        .list(
            "[[IP:]PORT:]PORT", "Serve its port at the host: 8080:80, 53:53/udp", "-p", "--publish")
        .toggle("Serve each port it exposes at any free one of the host", "-P", "--publish-all")
        .list("PORT", "A port it is said to serve: 80, 53/udp", "--expose")
        .value("ADDRESS", "Its IPv4 address in its network", "--ip")
        .value("ADDRESS", "Its IPv6 address in its network", "--ip6")
        .value("MAC", "The address of its link: 02:42:ac:11:00:02", "--mac-address")
        .list(
            "NAME",
            "A further name by which others in its network find it",
            "--network-alias",
            "--net-alias")
        .list("ADDRESS", "A name server, instead of the host's", "--dns")
        .list("DOMAIN", "Where short names are looked up", "--dns-search")
        .list("OPTION", "An option of resolv.conf(5)", "--dns-option", "--dns-opt")
        .list("NAME:ADDRESS", "A line of its /etc/hosts; host-gateway is this host", "--add-host")
        .value("NAME", "Its host name", "-h", "--hostname")
        .value("NAME", "Its NIS domain name", "--domainname");
    flags
        .group("Isolation")
        .value("MODE", "PID namespace: private (default), host", "--pid")
        .value("MODE", "IPC namespace: private (default), host", "--ipc")
        .value("MODE", "UTS namespace: private (default), host", "--uts")
        .value("MODE", "Cgroup namespace: private (default), host", "--cgroupns")
        .value(
            "MODE",
            "User namespace: host, auto[:size=N], keep-id, container:NAME, C:H:N",
            "--userns")
        .toggle("With keep-id: a line for the user in its /etc/passwd (default true)", "--passwd")
        .list("CAPABILITY", "Give a capability: NET_ADMIN, ALL", "--cap-add")
        .list("CAPABILITY", "Take a capability away", "--cap-drop")
        .list("NAME=VALUE", "Set a kernel parameter of its namespaces", "--sysctl")
        .list("OPTION", "seccomp=FILE, no-new-privileges, proc-view=off, ...", "--security-opt")
        .list("HOST[:PATH][:rwm]", "Give a device of the host, or a directory of them", "--device")
        .list("RULE", "Let it use devices by number: 'c 42:* rw'", "--device-cgroup-rule")
        .toggle("All capabilities and devices, nothing masked or filtered", "--privileged");
    HealthFlags.declare(flags);
    declareLimits(flags);
    declareFixedLimits(flags);
    return flags;
  }

  /** The limits of a container's cgroup. */
  static Flags declareLimits(Flags flags) {
    return flags
        .group("Limits")
        .value("BYTES", "Memory: 256m, 1.5g", "-m", "--memory")
        .value(
            "BYTES", "Memory it is reclaimed to when the host has little", "--memory-reservation")
        .value("BYTES", "Memory and swap together, -1 for any", "--memory-swap")
        .value("NUMBER", "CPUs: 0.5, 2", "--cpus")
        .value("NUMBER", "Relative weight (default 1024)", "-c", "--cpu-shares")
        .value("MICROSECONDS", "Length of a scheduling period", "--cpu-period")
        .value("MICROSECONDS", "CPU time in each period", "--cpu-quota")
        .value("LIST", "Which CPUs: 0-3,7", "--cpuset-cpus")
        .value("LIST", "Which memory nodes: 0-1", "--cpuset-mems")
        .value("NUMBER", "Processes and threads, -1 for any", "--pids-limit")
        .value("NUMBER", "Relative weight at block devices, 10 to 1000", "--blkio-weight")
        .list("FILE=VALUE", "A file of its cgroup, version 2: memory.high=100M", "--cgroup-conf");
  }

  /** Limits that stay as they were when the container was made. */
  private static void declareFixedLimits(Flags flags) {
    flags
        .list("DEVICE:WEIGHT", "The same for one device", "--blkio-weight-device")
        .list("DEVICE:BYTES", "What it reads of a device in a second", "--device-read-bps")
        .list("DEVICE:BYTES", "What it writes to a device in a second", "--device-write-bps")
        .list("DEVICE:NUMBER", "How often it reads in a second", "--device-read-iops")
        .list("DEVICE:NUMBER", "How often it writes in a second", "--device-write-iops")
        .value("NUMBER", "How readily it is swapped out, 0 to 100", "--memory-swappiness")
        .toggle("Let it wait for memory instead of killing it", "--oom-kill-disable")
        .value("NUMBER", "How readily the OOM killer takes it, -1000 to 1000", "--oom-score-adj");
  }

  /**
   * What was asked for.
   *
   * @param environment the caller's, from which {@code -e NAME} takes its value
   * @throws UsageException when a value is malformed
   * @throws IOException when a file that a flag names cannot be read
   */
  static RunRequest read(Flags.Parsed parsed, Map<String, String> environment)
      throws UsageException, IOException {
    RunFlags flags = new RunFlags(parsed, environment);
    try {
      return flags.request();
    } catch (OptionException | ImageException e) {
      throw new UsageException(flags.named(e), e);
    }
  }

  /** What went wrong, and of which flag. */
  private String named(Exception e) {
    String message = e.getMessage();
    return message.contains(reading) ? message : reading + ": " + message;
  }

  private RunRequest request() throws UsageException, IOException, OptionException {
    List<String> arguments = parsed.arguments();
    boolean builtIn = arguments.isEmpty();
    RunOptions.Builder options =
        RunOptions.builder(builtIn ? BUILT_IN_IMAGE : arguments.get(0))
            .command(builtIn ? List.of() : arguments.subList(1, arguments.size()))
            .interactive(parsed.on("--interactive"))
            .tty(parsed.on("--tty"))
            .remove(parsed.on("--rm"))
            .init(parsed.on("--init"))
            .readOnly(parsed.on("--read-only"))
            .privileged(parsed.on("--privileged"));
    process(options);
    identity(options);
    options.mounts(mounts());
    List<VolumesFrom> others = new ArrayList<>();
    for (String text : all("--volumes-from")) {
      others.add(VolumesFrom.parse(text));
    }
    options.volumesFrom(others);
    isolation(options);
    limits(options);
    fixedLimits(options);
    options.annotations(pairs("--annotation", all("--annotation")));
    RunRequest request =
        new RunRequest(
            new CreateRequest(
                options.build(),
                platform(),
                pull(),
                labels(),
                stopSeconds(),
                restart(),
                log(),
                HealthFlags.read(parsed)),
            value("--cidfile"),
            parsed.on("--detach"),
            streams(),
            parsed.on("--quiet"),
            DetachKeys.of(parsed),
            parsed.on("--sig-proxy", true),
            explain(parsed),
            dryRun());
    if (request.create().restart().startsAgain() && request.options().remove()) {
      throw new UsageException("--restart and --rm contradict each other");
    }
    if (request.explain().isPresent() && request.dryRun().isPresent()) {
      throw new UsageException("--explain shows a launch, and with --dry-run there is none");
    }
    return request;
  }

  /** Its input, when it has one, and of its output all, or what {@code --attach} says. */
  private Streams streams() throws UsageException {
    boolean tty = parsed.on("--tty");
    boolean interactive = parsed.on("--interactive");
    if (all("--attach").isEmpty()) {
      return new Streams(tty, interactive);
    }
    boolean stdout = false;
    boolean stderr = false;
    for (String stream : all("--attach")) {
      switch (stream.toLowerCase(Locale.ROOT)) {
        case "stdin" -> {}
        case "stdout" -> stdout = true;
        case "stderr" -> stderr = true;
        default -> throw choice("--attach", stream, "stdin, stdout or stderr");
      }
    }
    if (parsed.on("--detach")) {
      throw new UsageException("conflicting options: cannot specify both --attach and --detach");
    }
    return new Streams(tty, interactive, stdout, stderr);
  }

  private void process(RunOptions.Builder options)
      throws UsageException, IOException, OptionException {
    Optional<String> entrypoint = value("--entrypoint");
    if (entrypoint.isPresent()) {
      options.entrypoint(entrypoint.get().isEmpty() ? List.of() : List.of(entrypoint.get()));
    }
    reading = "--env";
    options.env(env(parsed, callers));
    Optional<String> workdir = value("--workdir");
    if (workdir.isPresent()) {
      if (!workdir.get().startsWith("/")) {
        throw new UsageException(
            "--workdir: " + Text.quote(workdir.get()) + " is not an absolute path");
      }
      options.workdir(workdir.get());
    }
    Optional<String> user = value("--user");
    if (user.isPresent()) {
      options.user(UserSpec.parse(user.get()));
    }
    List<UserSpec.Principal> groups = new ArrayList<>();
    for (String group : all("--group-add")) {
      groups.add(UserSpec.Principal.parse(group));
    }
    options.groupAdd(groups);
    List<Ulimit> ulimits = new ArrayList<>();
    for (String ulimit : all("--ulimit")) {
      ulimits.add(Ulimit.parse(ulimit));
    }
    options.ulimits(ulimits);
    Optional<String> signal = value("--stop-signal");
    if (signal.isPresent()) {
      options.stopSignal(Signal.parse(signal.get()));
    }
  }

  /**
   * The variables of {@code --env-file} and {@code -e}, in the order in which they are set.
   *
   * @param environment the caller's
   */
  static List<EnvEntry> env(Flags.Parsed parsed, Map<String, String> environment)
      throws UsageException, IOException, OptionException {
    return env(parsed, new CallerEnvironment(environment));
  }

  private static List<EnvEntry> env(Flags.Parsed parsed, CallerEnvironment callers)
      throws UsageException, IOException, OptionException {
    List<EnvEntry> env = new ArrayList<>();
    for (String file : parsed.all("--env-file")) {
      env.addAll(EnvFile.read("--env-file", file, callers));
    }
    for (String text : parsed.all("--env")) {
      env.add(EnvEntry.parse(text, callers));
    }
    return env;
  }

  private void identity(RunOptions.Builder options) throws UsageException, OptionException {
    Optional<String> name = value("--name");
    if (name.isPresent()) {
      options.name(name.get());
    }
    Optional<String> hostname = value("--hostname");
    if (hostname.isPresent()) {
      options.hostname(hostname.get());
    }
    Optional<String> domainname = value("--domainname");
    if (domainname.isPresent()) {
      options.domainname(domainname.get());
    }
    network(options);
  }

  private void network(RunOptions.Builder options) throws OptionException, UsageException {
    NetworkMode mode = NetworkMode.parse(all("--network"));
    Optional<String> ip = parsed.value("--ip");
    Optional<String> ip6 = parsed.value("--ip6");
    Optional<String> mac = parsed.value("--mac-address");
    List<String> aliases = parsed.all("--network-alias");
    if (mode instanceof NetworkMode.Joined joined) {
      List<NetworkJoin> joins = new ArrayList<>(joined.networks());
      NetworkJoin first = joins.get(0);
      reading = "--ip";
      first = ip.isPresent() ? first.withIp(ip.get(), false) : first;
      reading = "--ip6";
      first = ip6.isPresent() ? first.withIp(ip6.get(), true) : first;
      reading = "--mac-address";
      first = mac.isPresent() ? first.withMac(mac.get()) : first;
      reading = "--network-alias";
      for (String alias : aliases) {
        first = first.withAlias(alias);
      }
      if (!first.aliases().isEmpty() && first.network().equals(NetworkJoin.DEFAULT)) {
        throw new UsageException(
            "--network-alias: network-scoped alias is supported only for containers in user"
                + " defined networks");
      }
      joins.set(0, first);
      options.network(new NetworkMode.Joined(joins));
    } else {
      if (mac.isPresent() && mode instanceof NetworkMode.OfContainer) {
        throw new UsageException("conflicting options: mac-address and the network mode");
      }
      if (ip.isPresent() || ip6.isPresent() || mac.isPresent() || !aliases.isEmpty()) {
        throw new UsageException(
            "--network: conflicting options: an address or alias, and the network mode");
      }
      options.network(mode);
    }
    reading = "--publish";
    List<String> published = parsed.all("--publish");
    List<String> exposed = parsed.all("--expose");
    if (!published.isEmpty() || !exposed.isEmpty() || parsed.on("--publish-all")) {
      options.ports(PortChoice.parse(published, parsed.on("--publish-all"), exposed));
    }
    List<String> none = List.of();
    List<String> servers = all("--dns");
    NameChoice names =
        servers.isEmpty() ? NameChoice.NONE : NameChoice.parse(servers, none, none, none);
    List<String> search = all("--dns-search");
    List<String> domains =
        search.isEmpty() ? none : NameChoice.parse(none, search, none, none).search();
    List<String> resolver = all("--dns-option");
    List<String> words =
        resolver.isEmpty() ? none : NameChoice.parse(none, none, resolver, none).options();
    List<String> lines = all("--add-host");
    List<String> hosts = lines.isEmpty() ? none : NameChoice.parse(none, none, none, lines).hosts();
    options.names(new NameChoice(names.servers(), domains, words, hosts));
  }

  private List<MountOption> mounts() throws IOException, OptionException {
    List<MountOption> mounts = new ArrayList<>();
    for (String text : all("--volume")) {
      mounts.add(MountOption.parseVolume(text, ProcessStrings.workingDirectory()));
    }
    for (String text : all("--mount")) {
      mounts.add(MountOption.parseMount(text, ProcessStrings.workingDirectory()));
    }
    for (String text : all("--tmpfs")) {
      mounts.add(MountOption.parseTmpfs(text));
    }
    return mounts;
  }

  private void isolation(RunOptions.Builder options)
      throws UsageException, IOException, OptionException {
    options
        .pid(namespace("--pid"))
        .ipc(namespace("--ipc"))
        .uts(namespace("--uts"))
        .cgroupns(namespace("--cgroupns"))
        .capAdd(CapabilityChoice.parse(all("--cap-add")))
        .capDrop(CapabilityChoice.parse(all("--cap-drop")));
    Optional<String> users = value("--userns");
    if (users.isPresent()) {
      options.userns(UsernsMode.parse(users.get()));
    }
    options.passwd(parsed.on("--passwd", true));
    List<DeviceOption> nodes = new ArrayList<>();
    for (String text : all("--device")) {
      nodes.add(DeviceOption.parse(text));
    }
    List<Spec.DeviceRule> rules = new ArrayList<>();
    for (String text : all("--device-cgroup-rule")) {
      rules.add(DeviceChoice.parseRule(text));
    }
    options.devices(new DeviceChoice(nodes, rules));
    Map<String, String> sysctls = new LinkedHashMap<>();
    for (String text : all("--sysctl")) {
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw new UsageException("--sysctl: " + Text.quote(text) + " is not NAME=VALUE");
      }
      sysctls.put(text.substring(0, equals), text.substring(equals + 1));
    }
    options.sysctls(sysctls);
    boolean noNew = "true".equals(System.getenv(NO_NEW_PRIVILEGES));
    Confinement confinement = Confinement.DEFAULT.withNoNewPrivileges(noNew);
    for (String text : all("--security-opt")) {
      confinement = security(text, options, confinement);
    }
    options.confinement(confinement);
  }

  /** As with Docker, a colon stands for the equals sign when there is none. */
  private Confinement security(String text, RunOptions.Builder options, Confinement confinement)
      throws UsageException, IOException {
    int equals = text.indexOf('=') < 0 ? text.indexOf(':') : text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    String value = equals < 0 ? "" : text.substring(equals + 1);
    switch (name) {
      case "no-new-privileges":
        return confinement.withNoNewPrivileges(
            equals < 0 || oneOf(text, value, name, "true", "false"));
      case "systempaths":
        return confinement.withSystemPaths(!oneOf(text, value, name, "unconfined"));
      case "proc-view":
        options.procView(oneOf(text, value, name, "on", "off"));
        return confinement;
      case "apparmor":
        if (value.isEmpty()) {
          throw choice("--security-opt", text, SECURITY);
        }
        return confinement.withApparmor(value);
      case "label":
        label(text, value);
        return confinement;
      case "seccomp":
        seccomp(text, value, options);
        return confinement;
      default:
        throw choice("--security-opt", text, SECURITY);
    }
  }

  /** Whether the value is the first of those. */
  private static boolean oneOf(String text, String value, String name, String... choices)
      throws UsageException {
    for (String choice : choices) {
      if (value.equals(choice)) {
        return choice.equals(choices[0]);
      }
    }
    throw choice("--security-opt", text, name + "=" + String.join(" or " + name + "=", choices));
  }

  /** No process and no file is ever labelled. */
  private static void label(String text, String value) throws UsageException {
    if (!value.equals("disable")) {
      throw new UsageException(
          "--security-opt: "
              + Text.quote(text)
              + ": containers get no SELinux labels here: label=disable is the only choice");
    }
  }

  private void seccomp(String text, String value, RunOptions.Builder options)
      throws UsageException, IOException {
    switch (value) {
      case "":
        throw choice("--security-opt", text, "seccomp=FILE, seccomp=builtin or seccomp=unconfined");
      case "unconfined":
        options.seccomp(new SeccompOption.Unconfined());
        break;
      case "builtin":
        options.seccomp(new SeccompOption.Builtin());
        break;
      default:
        options.seccomp(new SeccompOption.Profile(value, profile(value)));
    }
  }

  private static Json.Obj profile(String path) throws UsageException, IOException {
    byte[] content = FlagFile.read("--security-opt", path, PROFILE_MEGABYTES);
    try {
      return Json.parseObject(content);
    } catch (JsonException e) {
      throw new UsageException(
          "--security-opt: " + Text.quote(path) + " is no seccomp profile: " + e.getMessage(), e);
    }
  }

  private NamespaceMode namespace(String flag) throws OptionException {
    return NamespaceMode.parse(flag, value(flag).orElse(""));
  }

  /**
   * The limits that a command line asks for.
   *
   * @throws UsageException when a value is malformed
   */
  static Limits limits(Flags.Parsed parsed) throws UsageException {
    RunFlags flags = new RunFlags(parsed, Map.of());
    RunOptions.Builder options = RunOptions.builder("");
    try {
      flags.limits(options);
      options.blockIo(BlockIoChoice.ofWeight(flags.count("--blkio-weight", false)));
      return options.build().limits();
    } catch (OptionException e) {
      throw new UsageException(flags.named(e), e);
    }
  }

  /** As with Docker, a limit of 0 is none. */
  private void limits(RunOptions.Builder options) throws UsageException, OptionException {
    OptionalLong shm = bytes("--shm-size");
    if (shm.isPresent()) {
      options.shmSize(shm.getAsLong());
    }
    OptionalLong memory = bytes("--memory");
    if (memory.isPresent()) {
      options.memory(memory.getAsLong());
    }
    OptionalLong reservation = bytes("--memory-reservation");
    if (reservation.isPresent()) {
      options.memoryReservation(reservation.getAsLong());
    }
    OptionalLong swap =
        value("--memory-swap").equals(Optional.of("-1"))
            ? OptionalLong.of(-1)
            : bytes("--memory-swap");
    if (swap.isPresent()) {
      options.memorySwap(swap.getAsLong());
    }
    Optional<String> cpus = value("--cpus");
    OptionalLong nano = positive(cpus.isEmpty() ? 0 : Cpus.parseNano(cpus.get()));
    if (nano.isPresent()) {
      options.nanoCpus(nano.getAsLong());
    }
    OptionalLong shares = count("--cpu-shares", false);
    if (shares.isPresent()) {
      options.cpuShares(shares.getAsLong());
    }
    OptionalLong period = count("--cpu-period", false);
    if (period.isPresent()) {
      options.cpuPeriod(period.getAsLong());
    }
    OptionalLong quota = count("--cpu-quota", true);
    if (quota.isPresent()) {
      options.cpuQuota(quota.getAsLong());
    }
    Optional<String> cpuset = value("--cpuset-cpus");
    if (cpuset.isPresent() && !cpuset.get().isEmpty()) {
      Cpus.parseList(cpuset.get());
      options.cpusetCpus(cpuset.get());
    }
    Optional<String> mems = value("--cpuset-mems");
    if (mems.isPresent() && !mems.get().isEmpty()) {
      Cpus.parseList(mems.get());
      options.cpusetMems(mems.get());
    }
    OptionalLong pids = count("--pids-limit", true);
    if (pids.isPresent()) {
      options.pidsLimit(pids.getAsLong());
    }
    for (String setting : all("--cgroup-conf")) {
      options.cgroupConf(setting);
    }
  }

  /** Those that {@code update} cannot change. */
  private void fixedLimits(RunOptions.Builder options) throws UsageException, OptionException {
    options.blockIo(
        new BlockIoChoice(
            count("--blkio-weight", false),
            devices("--blkio-weight-device", BlockIoChoice.Unit.WEIGHT),
            devices("--device-read-bps", BlockIoChoice.Unit.BYTES),
            devices("--device-write-bps", BlockIoChoice.Unit.BYTES),
            devices("--device-read-iops", BlockIoChoice.Unit.OPERATIONS),
            devices("--device-write-iops", BlockIoChoice.Unit.OPERATIONS)));
    Optional<String> swappiness = value("--memory-swappiness");
    if (swappiness.isPresent()) {
      options.memorySwappiness(signed("--memory-swappiness", swappiness.get()));
    }
    options.oomKillDisable(parsed.on("--oom-kill-disable"));
    Optional<String> adjustment = value("--oom-score-adj");
    if (adjustment.isPresent()) {
      options.oomScoreAdj(signed("--oom-score-adj", adjustment.get()));
    }
  }

  private Map<String, Long> devices(String flag, BlockIoChoice.Unit unit) throws OptionException {
    Map<String, Long> values = new LinkedHashMap<>();
    for (String text : all(flag)) {
      BlockIoChoice.parse(text, unit, values);
    }
    return values;
  }

  private static int signed(String flag, String text) throws UsageException {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new UsageException(flag + ": " + Text.quote(text) + " is not a whole number", e);
    }
  }

  private OptionalLong bytes(String flag) throws OptionException {
    Optional<String> text = value(flag);
    return positive(text.isEmpty() ? 0 : Bytes.parse(text.get()));
  }

  private static OptionalLong positive(long value) {
    return value == 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /** A whole number; with {@code unlimited} -1 is one too. */
  private OptionalLong count(String flag, boolean unlimited) throws UsageException {
    Optional<String> text = value(flag);
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    if (unlimited && text.get().equals("-1")) {
      return OptionalLong.of(-1);
    }
    long value = 0;
    boolean good = !text.get().isEmpty() && text.get().length() <= 18;
    for (int i = 0; good && i < text.get().length(); i++) {
      char c = text.get().charAt(i);
      good = c >= '0' && c <= '9';
      value = value * 10 + (c - '0');
    }
    if (!good) {
      String orNone = unlimited ? ", or -1 for no limit" : "";
      throw new UsageException(
          flag + ": " + Text.quote(text.get()) + " is not a whole number" + orNone);
    }
    return positive(value);
  }

  /** The labels of {@code --label-file}s, then those of {@code --label}, as in Docker. */
  private Map<String, String> labels() throws UsageException, IOException, OptionException {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String file : all("--label-file")) {
      for (EnvEntry entry : EnvFile.read("--label-file", file, name -> Optional.of(""))) {
        labels.put(entry.name(), entry.value().orElse(""));
      }
    }
    labels.putAll(labels(all("--label")));
    return labels;
  }

  /** The values of {@code --label}: NAME=VALUE, or NAME alone. */
  static Map<String, String> labels(List<String> given) throws UsageException {
    return pairs("--label", given);
  }

  private static Map<String, String> pairs(String flag, List<String> given) throws UsageException {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String text : given) {
      int equals = text.indexOf('=');
      String name = equals < 0 ? text : text.substring(0, equals);
      if (name.isEmpty()) {
        throw new UsageException(flag + ": " + Text.quote(text) + " has no name");
      }
      labels.put(name, equals < 0 ? "" : text.substring(equals + 1));
    }
    return labels;
  }

  private int stopSeconds() throws UsageException {
    Optional<String> text = value("--stop-timeout");
    return text.isEmpty()
        ? ContainerSettings.STOP_SECONDS
        : WholeNumber.parse("--stop-timeout", text.get());
  }

  private RestartPolicy restart() throws OptionException {
    Optional<String> text = value("--restart");
    return text.isEmpty() ? RestartPolicy.NONE : RestartPolicy.parse(text.get());
  }

  /** Docker's own names for a log in files stand for this one, as with podman. */
  private LogOptions log() throws UsageException, OptionException {
    String driver = value("--log-driver").orElse("k8s-file");
    boolean kept = List.of("k8s-file", "json-file", "local").contains(driver);
    if (!kept && !driver.equals("none")) {
      throw choice("--log-driver", driver, "k8s-file or none");
    }
    long bytes = 0;
    int files = 1;
    for (String text : all("--log-opt")) {
      if (text.startsWith("max-size=")) {
        bytes = Math.max(0, Bytes.parse(text.substring("max-size=".length())));
      } else if (text.startsWith("max-file=")) {
        files = Math.max(1, WholeNumber.parse("--log-opt", text.substring("max-file=".length())));
      } else {
        throw choice("--log-opt", text, "max-size=BYTES or max-file=NUMBER");
      }
    }
    return new LogOptions(kept, bytes, files);
  }

  private Platform platform() throws ImageException {
    Optional<String> text = value("--platform");
    return text.isEmpty() ? Platform.host() : Platform.parse(text.get());
  }

  private PullPolicy pull() throws UsageException {
    String text = value("--pull").orElse("missing");
    switch (text) {
      case "always":
        return PullPolicy.ALWAYS;
      case "missing":
        return PullPolicy.MISSING;
      case "never":
        return PullPolicy.NEVER;
      default:
        throw choice("--pull", text, "always, missing or never");
    }
  }

  /** How a launch is to be shown. */
  static Optional<RunRequest.Explain> explain(Flags.Parsed parsed) throws UsageException {
    Optional<String> text = parsed.attached("--explain", "tree");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    switch (text.get()) {
      case "tree":
        return Optional.of(RunRequest.Explain.TREE);
      case "json":
        return Optional.of(RunRequest.Explain.JSON);
      case "html":
        return Optional.of(RunRequest.Explain.HTML);
      default:
        throw choice("--explain", text.get(), "tree, json or html");
    }
  }

  private Optional<RunRequest.DryRun> dryRun() throws UsageException {
    Optional<String> text = parsed.attached("--dry-run", "plan");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    switch (text.get()) {
      case "plan":
        return Optional.of(RunRequest.DryRun.PLAN);
      case "json":
        return Optional.of(RunRequest.DryRun.JSON);
      case "script":
        return Optional.of(RunRequest.DryRun.SCRIPT);
      default:
        throw choice("--dry-run", text.get(), "plan, json or script");
    }
  }

  private static UsageException choice(String flag, String text, String choices) {
    return new UsageException(
        "invalid value for " + flag + ": " + Text.quote(text) + ": use " + choices);
  }

  private Optional<String> value(String flag) {
    reading = flag;
    return parsed.value(flag);
  }

  private List<String> all(String flag) {
    reading = flag;
    return parsed.all(flag);
  }
}
