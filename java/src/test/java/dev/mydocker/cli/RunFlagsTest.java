package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.HealthCheck;
import dev.mydocker.engine.LogOptions;
import dev.mydocker.engine.RestartPolicy;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.BlockIoChoice;
import dev.mydocker.spec.Capability;
import dev.mydocker.spec.CapabilityChoice;
import dev.mydocker.spec.Confinement;
import dev.mydocker.spec.DeviceChoice;
import dev.mydocker.spec.EnvEntry;
import dev.mydocker.spec.Limits;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NamespaceMode;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.SeccompOption;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Ulimit;
import dev.mydocker.spec.UserSpec;
import dev.mydocker.spec.VolumesFrom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunFlagsTest {
  private static final String KEYS =
      "seccomp=FILE, no-new-privileges, systempaths=unconfined, apparmor=PROFILE, label=disable or"
          + " proc-view=off";

  private static final Map<String, String> CALLER = Map.of("HOME", "/home/ann", "EMPTY", "");

  private static RunRequest request(String... arguments) throws UsageException, IOException {
    return RunFlags.read(RunFlags.declare().parse(List.of(arguments), false), CALLER);
  }

  private static RunOptions options(String... arguments) throws UsageException, IOException {
    return request(arguments).options();
  }

  @Test
  void nothingGivenIsTheBuiltInImageWithNothingAsked() throws Exception {
    assertThat(request())
        .isEqualTo(
            new RunRequest(
                new CreateRequest(
                    RunOptions.builder("hello").build(), Platform.host(), PullPolicy.MISSING),
                Optional.empty(),
                false,
                new Streams(false, false),
                false,
                DetachKeys.parse("ctrl-p,ctrl-q"),
                true,
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void whoNamesNoNetworkIsInTheDefaultOne() throws Exception {
    assertThat(options("busybox").network()).isEqualTo(NetworkMode.Joined.byDefault());
  }

  @Test
  void anAddressAndAliasesAreOfTheFirstNetwork() throws Exception {
    RunOptions options =
        options(
            "--network",
            "name=back,alias=a",
            "--network=front",
            "--ip",
            "10.5.0.7",
            "--mac-address=02-42-0A-05-00-07",
            "--network-alias",
            "b",
            "busybox");
    NetworkJoin back =
        NetworkJoin.parse("name=back,alias=a,alias=b,ip=10.5.0.7,mac-address=02:42:0a:05:00:07");
    assertThat(options.network())
        .isEqualTo(new NetworkMode.Joined(List.of(back, NetworkJoin.of("front"))));
  }

  @Test
  void portsAndNamesAreRead() throws Exception {
    RunOptions options =
        options(
            "-p",
            "8080:80",
            "-P",
            "--expose",
            "53/udp",
            "--dns=9.9.9.9",
            "--dns-search",
            "a.b",
            "--dns-opt",
            "ndots:1",
            "--add-host",
            "db=10.0.0.1",
            "busybox");
    assertThat(options.ports())
        .isEqualTo(PortChoice.parse(List.of("8080:80/tcp"), true, List.of("53/udp")));
    assertThat(options.names())
        .isEqualTo(
            new NameChoice(
                List.of("9.9.9.9"), List.of("a.b"), List.of("ndots:1"), List.of("db:10.0.0.1")));
  }

  @Test
  void whatFollowsTheImageIsTheCommands() throws Exception {
    RunOptions options = options("-i", "busybox", "sh", "-c", "ls --rm", "-t", "--", "--nonsense");
    assertThat(options.image()).isEqualTo("busybox");
    assertThat(options.command()).containsExactly("sh", "-c", "ls --rm", "-t", "--", "--nonsense");
    assertThat(options.tty()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "-it x,true,true",
    "-ti x,true,true",
    "-i -t x,true,true",
    "-i=false -t x,false,true",
    "--interactive --tty=1 x,true,true",
    "-it --tty=false x,true,false",
    "x -it,false,false",
  })
  void togglesAreReadAsDockerReadsThem(String line, boolean interactive, boolean tty)
      throws Exception {
    RunOptions options = options(line.split(" "));
    assertThat(options.interactive()).isEqualTo(interactive);
    assertThat(options.tty()).isEqualTo(tty);
  }

  @ParameterizedTest
  @CsvSource({"--rm,true", "--rm=false,false", "--rm=true,true", "--rm --rm=0,false"})
  void rmMayBeTakenBack(String line, boolean remove) throws Exception {
    assertThat(options((line + " x").split(" ")).remove()).isEqualTo(remove);
  }

  @ParameterizedTest
  @CsvSource({"--init=false,true", "--sig-proxy,true", "--sig-proxy=false,false"})
  void signalsArePassedOnUnlessToldOtherwise(String flag, boolean proxied) throws Exception {
    assertThat(request(flag, "x").sigProxy()).isEqualTo(proxied);
  }

  @ParameterizedTest
  @CsvSource({
    "-eA=b",
    "-e A=b",
    "-e=A=b",
    "--env A=b",
    "--env=A=b",
    "-ieA=b",
  })
  void variableIsSetInEveryForm(String flags) throws Exception {
    assertThat(options((flags + " x").split(" ")).env())
        .containsExactly(new EnvEntry("A", Optional.of("b")));
  }

  @Test
  void variableAloneTakesTheCallersValueOrRemovesTheImages() throws Exception {
    assertThat(options("-e", "HOME", "-e", "EMPTY", "-e", "NOSUCH", "-e", "X=", "x").env())
        .containsExactly(
            new EnvEntry("HOME", Optional.of("/home/ann")),
            new EnvEntry("EMPTY", Optional.of("")),
            new EnvEntry("NOSUCH", Optional.empty()),
            new EnvEntry("X", Optional.of("")));
  }

  @Test
  void variablesOfFilesComeBeforeThoseOfTheLine(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("env"), "A=file\nHOME\n");
    assertThat(options("-e", "A=line", "--env-file", file.toString(), "x").env())
        .containsExactly(
            new EnvEntry("A", Optional.of("file")),
            new EnvEntry("HOME", Optional.of("/home/ann")),
            new EnvEntry("A", Optional.of("line")));
  }

  @Test
  void emptyEntrypointClearsTheImages() throws Exception {
    assertThat(options("x").entrypoint()).isEmpty();
    assertThat(options("--entrypoint", "/bin/a b", "x").entrypoint()).contains(List.of("/bin/a b"));
    assertThat(options("--entrypoint=", "x").entrypoint()).contains(List.of());
    assertThat(options("--entrypoint", "", "x").entrypoint()).contains(List.of());
  }

  @Test
  void devicesAndRulesAreRead() throws Exception {
    DeviceChoice devices =
        options(
                "--device",
                "/dev/fuse:r",
                "--device=/dev/kvm",
                "--device-cgroup-rule",
                "c 1:* r",
                "x")
            .devices();
    assertThat(devices.nodeTexts())
        .containsExactly("/dev/fuse:/dev/fuse:r", "/dev/kvm:/dev/kvm:rwm");
    assertThat(devices.ruleTexts()).containsExactly("c 1:* r");
    assertThatThrownBy(() -> request("--device", "/dev/fuse:/f:x", "x"))
        .hasMessage("--device: bad mode specified: \"x\"");
    assertThatThrownBy(() -> request("--device-cgroup-rule", "c 1 r", "x"))
        .hasMessageStartingWith("--device-cgroup-rule: invalid device cgroup format \"c 1 r\"");
  }

  @Test
  void identityIsTakenAsGiven() throws Exception {
    RunOptions options =
        options(
            "--name",
            "web",
            "-h",
            "box",
            "--domainname",
            "example",
            "-w",
            "/srv",
            "-u",
            "ann:staff",
            "--group-add",
            "7",
            "--group-add",
            "audio",
            "--stop-signal",
            "rtmin+3",
            "x");
    assertThat(options.name()).contains("web");
    assertThat(options.hostname()).contains("box");
    assertThat(options.domainname()).contains("example");
    assertThat(options.workdir()).contains("/srv");
    assertThat(options.user()).contains(UserSpec.parse("ann:staff"));
    assertThat(options.groupAdd())
        .containsExactly(UserSpec.Principal.parse("7"), UserSpec.Principal.parse("audio"));
    assertThat(options.stopSignal()).contains(new Signal(37));
  }

  @Test
  void mountsAreRead() throws Exception {
    RunOptions options =
        options(
            "-v",
            "/a:/b:ro",
            "--volume=./c:/d",
            "--mount",
            "type=tmpfs,dst=/e",
            "--tmpfs",
            "/f:size=1m",
            "--volumes-from",
            "web:ro",
            "--volumes-from=db",
            "--read-only",
            "--shm-size",
            "1g",
            "x");
    assertThat(options.volumesFrom())
        .containsExactly(new VolumesFrom("web", true), new VolumesFrom("db", false));
    assertThat(options.mounts().stream().map(MountOption::target))
        .containsExactly("/b", "/d", "/e", "/f");
    assertThat(((MountOption.Bind) options.mounts().get(0)).readOnly()).isTrue();
    assertThat(((MountOption.Bind) options.mounts().get(1)).source())
        .isEqualTo(System.getProperty("user.dir") + "/./c");
    assertThat(options.readOnly()).isTrue();
    assertThat(options.shmSize()).hasValue(1L << 30);
  }

  @Test
  void isolationIsRead() throws Exception {
    RunOptions options =
        options(
            "--pid=host",
            "--ipc",
            "host",
            "--uts=host",
            "--cgroupns=host",
            "--net",
            "host",
            "--cap-add",
            "net_admin",
            "--cap-drop=ALL",
            "--sysctl",
            "net.core.somaxconn=4=5",
            "--privileged",
            "--init",
            "--ulimit",
            "nofile=1:2",
            "--ulimit=core=-1",
            "x");
    assertThat(List.of(options.pid(), options.ipc(), options.uts(), options.cgroupns()))
        .containsOnly(NamespaceMode.HOST);
    assertThat(options.network()).isEqualTo(new NetworkMode.Host());
    assertThat(options.capAdd().named()).containsExactly(Capability.CAP_NET_ADMIN);
    assertThat(options.capDrop()).isEqualTo(CapabilityChoice.parse(List.of("ALL")));
    assertThat(options.sysctls()).containsEntry("net.core.somaxconn", "4=5");
    assertThat(options.privileged()).isTrue();
    assertThat(options.init()).isTrue();
    assertThat(options.ulimits())
        .containsExactly(Ulimit.parse("nofile=1:2"), Ulimit.parse("core=-1"));
  }

  @Test
  void limitsAreRead() throws Exception {
    Limits limits =
        options(
                "-m256m",
                "--memory-reservation=100m",
                "--memory-swap=-1",
                "--cpus=.5",
                "-c",
                "512",
                "--cpu-period=50000",
                "--cpu-quota=-1",
                "--cpuset-cpus=0-1",
                "--pids-limit=64",
                "--memory-swappiness=60",
                "--oom-kill-disable",
                "--cpuset-mems=0",
                "--blkio-weight=300",
                "--blkio-weight-device=/dev/sda:10",
                "--device-read-bps=/dev/sda:1mb",
                "--device-read-bps=/dev/a:b:512",
                "--device-write-bps=/dev/sdb:0",
                "--device-read-iops=/dev/sda:100",
                "--device-write-iops=/dev/sda:200",
                "--cgroup-conf=memory.high=100M",
                "--cgroup-conf",
                "io.max=8:0 rbps=1",
                "x")
            .limits();
    assertThat(limits)
        .isEqualTo(
            new Limits(
                OptionalLong.of(256 << 20),
                OptionalLong.of(100 << 20),
                OptionalLong.of(-1),
                OptionalLong.of(500_000_000),
                OptionalLong.of(512),
                OptionalLong.of(50_000),
                OptionalLong.of(-1),
                Optional.of("0-1"),
                OptionalLong.of(64),
                OptionalLong.of(60),
                true,
                Optional.of("0"),
                new BlockIoChoice(
                    OptionalLong.of(300),
                    Map.of("/dev/sda", 10L),
                    Map.of("/dev/sda", 1L << 20, "/dev/a:b", 512L),
                    Map.of("/dev/sdb", 0L),
                    Map.of("/dev/sda", 100L),
                    Map.of("/dev/sda", 200L)),
                Map.of("memory.high", "100M", "io.max", "8:0 rbps=1")));
  }

  @Test
  void limitOfZeroIsNone() throws Exception {
    RunOptions options =
        options(
            "-m",
            "0",
            "--memory-swap=0",
            "--memory-reservation=0",
            "--cpus=0",
            "-c0",
            "--cpu-period=0",
            "--cpu-quota=0",
            "--cpuset-cpus=",
            "--pids-limit=0",
            "--shm-size=0",
            "x");
    assertThat(options.limits()).isEqualTo(Limits.NONE);
    assertThat(options.shmSize()).isEmpty();
  }

  @Test
  void lastOneOfARepeatedFlagCounts() throws Exception {
    RunOptions options = options("-m", "1g", "--memory=2m", "--name", "a", "--name", "b", "x");
    assertThat(options.limits().memory()).hasValue(2 << 20);
    assertThat(options.name()).contains("b");
  }

  @Test
  void imageIsChosenAndFetchedAsAsked() throws Exception {
    RunRequest request = request("--pull=always", "--platform", "linux/arm64/v8", "x");
    assertThat(request.create().pull()).isEqualTo(PullPolicy.ALWAYS);
    assertThat(request.create().platform()).isEqualTo(new Platform("linux", "arm64", ""));
    assertThat(request("--pull", "never").create().pull()).isEqualTo(PullPolicy.NEVER);
  }

  @Test
  void explanationsHaveTheirForms() throws Exception {
    assertThat(request("--explain", "x").explain()).contains(RunRequest.Explain.TREE);
    assertThat(request("--explain=html", "x").explain()).contains(RunRequest.Explain.HTML);
    assertThat(request("--dry-run", "x").dryRun()).contains(RunRequest.DryRun.PLAN);
    assertThat(request("--dry-run=script", "x").dryRun()).contains(RunRequest.DryRun.SCRIPT);
    assertThat(request("--dry-run=json", "x").options().image()).isEqualTo("x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-m 12x|--memory: invalid size: \"12x\"",
        "-m -1|--memory: invalid size: \"-1\"",
        "--shm-size=|--shm-size: invalid size: \"\"",
        "--memory-swap=-2|--memory-swap: invalid size: \"-2\"",
        "--cpus=half|--cpus: failed to parse \"half\" as a number of CPUs",
        "-c 1.5|--cpu-shares: \"1.5\" is not a whole number",
        "-c -1|--cpu-shares: \"-1\" is not a whole number",
        "--pids-limit=+4|--pids-limit: \"+4\" is not a whole number, or -1 for no limit",
        "--cpu-quota=9999999999999999999|--cpu-quota: \"9999999999999999999\" is not a whole"
            + " number, or -1 for no limit",
        "--cpuset-cpus=3-1|--cpuset-cpus: Invalid value \"3-1\" for cpuset cpus",
        "-w here|--workdir: \"here\" is not an absolute path",
        "-u -1|--user: uids and gids must be in range 0-2147483647 and have no sign: \"-1\"",
        "--group-add=|--group-add: invalid user or group: it is empty",
        "-e =b|--env: invalid environment variable: \"=b\"",
        "-v data:/data:slow|--volume: invalid volume specification: \"data:/data:slow\": unknown"
            + " option \"slow\"",
        "--volumes-from web:rx|invalid --volumes-from: \"web:rx\": write CONTAINER[:ro]",
        "--mount type=bind|invalid argument \"type=bind\" for --mount: target is required",
        "--tmpfs=run|--tmpfs: invalid path in the container: \"run\": it must be an absolute path",
        "--cap-add=FLY|--cap-add: unknown capability: \"FLY\"",
        "--network=a/b|--network: invalid network name \"a/b\": letters, digits, '_', '.' and '-',"
            + " the first a letter or digit",
        "--network=front --net=host|--network: conflicting options: \"host\" cannot be one of"
            + " several networks",
        "--ip=10.0.0|--ip: invalid IP address: \"10.0.0\"",
        "-p 80:x|--publish: invalid port in \"80:x\": ports are 1 to 65535, 8080:80,"
            + " 8000-8010:8000-8010 or 127.0.0.1:8080:80/udp",
        "--add-host=db|--add-host: bad format for add-host: \"db\"",
        "--pid=other|--pid: invalid mode \"other\": use private or host",
        "--ulimit=nofile|--ulimit: invalid ulimit argument: \"nofile\"",
        "--sysctl=a|--sysctl: \"a\" is not NAME=VALUE",
        "--stop-signal=SIGNOPE|--stop-signal: invalid signal: \"SIGNOPE\"",
        "--pull=sometimes|invalid value for --pull: \"sometimes\": use always, missing or never",
        "--platform=a/b/c/d|--platform: \"a/b/c/d\" is not a platform: write"
            + " os/architecture[/variant], for example linux/arm64",
        "--explain=xml|invalid value for --explain: \"xml\": use tree, json or html",
        "--dry-run=xml|invalid value for --dry-run: \"xml\": use plan, json or script",
        "--restart sometimes|--restart: \"sometimes\": use no, on-failure[:NUMBER], always or"
            + " unless-stopped",
        "--restart always:3|--restart: \"always:3\": only on-failure takes a number",
        "--restart always --rm|--restart and --rm contradict each other",
        "--stop-timeout soon|--stop-timeout: \"soon\" is not a whole number, or -1",
        "--label =x|--label: \"=x\" has no name",
        "--log-driver syslog|invalid value for --log-driver: \"syslog\": use k8s-file or none",
        "--log-opt max-file=x|--log-opt: \"x\" is not a whole number, or -1",
        "--log-opt tag=x|invalid value for --log-opt: \"tag=x\": use max-size=BYTES or"
            + " max-file=NUMBER",
        "--health-interval soon|--health-interval: \"soon\" is no time, or below 1ms: write 30s,"
            + " 1m30s or 500ms",
        "--health-timeout 999us|--health-timeout: \"999us\" is no time, or below 1ms: write 30s,"
            + " 1m30s or 500ms",
        "--health-start-period -1s|--health-start-period: \"-1s\" is no time, or below 1ms: write"
            + " 30s, 1m30s or 500ms",
        "--health-start-interval 5|--health-start-interval: \"5\" is no time, or below 1ms: write"
            + " 30s, 1m30s or 500ms",
        "--health-retries x|--health-retries: \"x\" is not a whole number, or -1",
        "--health-retries -1|--health-retries cannot be negative",
        "--no-healthcheck --health-cmd=a|--no-healthcheck conflicts with --health-* options",
        "--explain --dry-run|--explain shows a launch, and with --dry-run there is none",
        "--env-file=/no/such|--env-file: openat2 /no/such: ENOENT (no such file or directory)",
      })
  void badValueIsOneLineThatNamesTheFlag(String flags, String message) {
    assertThatThrownBy(() -> request((flags + " x").split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @Test
  void whatIsKeptBesideTheConfiguration() throws Exception {
    RunRequest request =
        request(
            "-d",
            "-l",
            "a=b",
            "--label",
            "c",
            "--restart",
            "on-failure:3",
            "--stop-timeout",
            "-1",
            "--log-opt",
            "max-size=10k",
            "--log-opt",
            "max-file=3",
            "x");
    assertThat(request.detach()).isTrue();
    assertThat(request.create().labels()).isEqualTo(Map.of("a", "b", "c", ""));
    assertThat(request.create().restart())
        .isEqualTo(new RestartPolicy(RestartPolicy.When.ON_FAILURE, 3));
    assertThat(request.create().stopSeconds()).isEqualTo(-1);
    assertThat(request.create().log()).isEqualTo(new LogOptions(true, 10240, 3));
    assertThat(request("--log-driver=none", "x").create().log().kept()).isFalse();
  }

  @Test
  void healthIsWhatWasSaidOfIt() throws Exception {
    assertThat(request("x").create().health()).isEmpty();
    assertThat(request("--no-healthcheck", "x").create().health()).contains(HealthCheck.NONE);
    assertThat(request("--health-cmd", "a b", "x").create().health())
        .contains(HealthCheck.ofText("a b"));
    assertThat(request("--health-cmd=", "--health-retries=0", "x").create().health())
        .contains(HealthCheck.UNSAID);
    RunRequest all =
        request(
            ("--health-interval 1m30s --health-timeout 500ms --health-start-period 1h"
                    + " --health-start-interval 2s --health-retries 4 x")
                .split(" "));
    assertThat(all.create().health())
        .contains(
            new HealthCheck(
                List.of(),
                Duration.ofSeconds(90),
                Duration.ofMillis(500),
                Duration.ofHours(1),
                Duration.ofSeconds(2),
                4,
                List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "-it x, true, true, true",
    "-ita stdin x, true, false, false",
    "-a STDOUT x, false, true, false",
    "--attach=stderr -a stdin x, false, false, true",
    "-a stdout -a stderr -i x, true, true, true",
  })
  void attachLeavesOfTheOutputWhatItNames(
      String line, boolean stdin, boolean stdout, boolean stderr) throws Exception {
    Streams streams = request(line.split(" ")).streams();
    assertThat(streams.interactive()).isEqualTo(stdin);
    assertThat(streams.stdout()).isEqualTo(stdout);
    assertThat(streams.stderr()).isEqualTo(stderr);
  }

  @ParameterizedTest
  @CsvSource({
    "-d -a stdout x,conflicting options: cannot specify both --attach and --detach",
    "-a output x,'invalid value for --attach: \"output\": use stdin, stdout or stderr'",
  })
  void attachThatCannotBeIsRefused(String line, String message) {
    assertThatThrownBy(() -> request(line.split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource({
    "--gpus=all x,docker's --gpus is not supported yet",
    "--link web x,docker's --link is not supported yet",
  })
  void flagsThatComeLaterAreRefusedByName(String line, String message) {
    assertThatThrownBy(() -> request(line.split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @Test
  void theViewOfItsLimitsIsThereUnlessItIsTurnedOff() throws Exception {
    assertThat(request("x").create().options().procView()).isTrue();
    assertThat(request("--security-opt", "proc-view=off", "x").create().options().procView())
        .isFalse();
    assertThatThrownBy(() -> request("--security-opt", "proc-view=maybe", "x"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "invalid value for --security-opt: \"proc-view=maybe\": use proc-view=on or"
                + " proc-view=off");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seccomp | invalid value for --security-opt: \"seccomp\": use seccomp=FILE,"
            + " seccomp=builtin or seccomp=unconfined",
        "seccomp= | invalid value for --security-opt: \"seccomp=\": use seccomp=FILE,"
            + " seccomp=builtin or seccomp=unconfined",
        "a=b | invalid value for --security-opt: \"a=b\": use " + KEYS,
        "apparmor | invalid value for --security-opt: \"apparmor\": use " + KEYS,
        "no-new-privileges=yes | invalid value for --security-opt: \"no-new-privileges=yes\": use"
            + " no-new-privileges=true or no-new-privileges=false",
        "systempaths=x | invalid value for --security-opt: \"systempaths=x\": use"
            + " systempaths=unconfined",
        "label=type:x_t | --security-opt: \"label=type:x_t\": containers get no SELinux labels"
            + " here: label=disable is the only choice",
        "seccomp=/nowhere | --security-opt: openat2 /nowhere: ENOENT (no such file or directory)",
        "seccomp=/proc/self/status | --security-opt: \"/proc/self/status\" is no seccomp profile:"
            + " malformed JSON at line 1 column 1",
        "seccomp=/dev/zero | --security-opt: \"/dev/zero\" is larger than 10 MiB",
      })
  void SC14_securityOptionIsRefusedInOneLine(String option, String message) {
    assertThatThrownBy(() -> request("--security-opt", option, "x")).hasMessage(message);
  }

  @Test
  void securityOptionsAreTakenInOrder() throws Exception {
    assertThat(options("x").confinement()).isEqualTo(Confinement.DEFAULT);
    assertThat(
            options(
                    "--security-opt=no-new-privileges",
                    "--security-opt=systempaths=unconfined",
                    "--security-opt=label=disable",
                    "--security-opt=apparmor=p",
                    "x")
                .confinement())
        .isEqualTo(new Confinement(true, false, Optional.of("p")));
    assertThat(
            options(
                    "--security-opt=no-new-privileges",
                    "--security-opt=no-new-privileges:false",
                    "x")
                .confinement())
        .isEqualTo(Confinement.DEFAULT);
  }

  @Test
  void SC14_deepProfileIsRefused(@TempDir Path directory) throws Exception {
    Path deep = Files.writeString(directory.resolve("deep"), "[".repeat(1 << 20));
    assertThatThrownBy(() -> request("--security-opt", "seccomp=" + deep, "x"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("nesting");
  }

  @Test
  void lastSeccompProfileCounts(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("p"), "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
    String own = "seccomp=" + file;
    assertThat(
            options("--security-opt", own, "--security-opt", "seccomp=unconfined", "x").seccomp())
        .isEqualTo(new SeccompOption.Unconfined());
    assertThat(
            options("--security-opt", "seccomp=unconfined", "--security-opt", own, "x").seccomp())
        .isInstanceOfSatisfying(
            SeccompOption.Profile.class,
            profile -> assertThat(profile.source()).isEqualTo(file.toString()));
    assertThat(options("--security-opt", "seccomp=builtin", "x").seccomp())
        .isEqualTo(new SeccompOption.Builtin());
    assertThat(options("x").seccomp()).isEqualTo(new SeccompOption.Unsaid());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-h", "--name", "-e", "--volume", "--platform"})
  void flagWithoutItsValueIsRefused(String flag) {
    assertThatThrownBy(() -> request(flag)).hasMessageStartingWith("flag needs an argument: --");
  }
}
