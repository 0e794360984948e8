package dev.mydocker.cli;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.HostInfo;
import dev.mydocker.image.ListedImage;
import dev.mydocker.image.Platform;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.UserNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker info}: Docker's document and text, as far as there is such a thing here. */
final class InfoCommand implements Command {
  private static final String TEXT =
      """
      Containers: {{.Containers}}
       Running: {{.ContainersRunning}}
       Paused: {{.ContainersPaused}}
       Stopped: {{.ContainersStopped}}
      Images: {{.Images}}
      Server Version: {{.ServerVersion}}
      Storage Driver: {{.Driver}}
      Logging Driver: {{.LoggingDriver}}
      Cgroup Driver: {{.CgroupDriver}}
      Cgroup Version: {{.CgroupVersion}}
      Security Options:
       seccomp
        Profile: builtin
       cgroupns
      ROOTLESSKernel Version: {{.KernelVersion}}
      Operating System: {{.OperatingSystem}}
      OSType: {{.OSType}}
      Architecture: {{.Architecture}}
      CPUs: {{.NCPU}}
      Total Memory: MEMORY
      Name: {{.Name}}
      Docker Root Dir: {{.DockerRootDir}}
      """;

  @Override
  public String synopsis() {
    return "info [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Show how many containers and images there are, and what they run on";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("TEMPLATE", "Print by a Go template, or json", "-f", "--format");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker info", "mydocker info --format '{{.ContainersRunning}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Optional<String> format = arguments.value("--format");
    Optional<Format> template =
        format.isPresent() ? Optional.of(Format.parse(format.get())) : Optional.empty();
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    HostInfo host = engine.host();
    Json.Obj facts = facts(engine, host);
    if (template.isPresent()) {
      session.console().out(template.get().render(List.of(facts), Map.of()));
      return 0;
    }
    String memory = Human.memory(host.memory());
    String rootless = UserNamespace.own().initial() ? "" : " rootless\n";
    String text = TEXT.replace("MEMORY", memory).replace("ROOTLESS", rootless);
    session.console().out(Format.parse(text).line(facts, facts));
    for (String warning : host.warnings()) {
      session.console().err("WARNING: " + Text.printable(warning) + "\n");
    }
    return 0;
  }

  private static List<String> security() {
    List<String> all = new ArrayList<>(List.of("name=seccomp,profile=builtin", "name=cgroupns"));
    if (!UserNamespace.own().initial()) {
      all.add("name=rootless");
    }
    return all;
  }

  private static Json.Obj facts(Engine engine, HostInfo host) throws IOException {
    List<ContainerInfo> containers = engine.containers();
    long running = count(containers, ContainerState.RUNNING);
    long paused = count(containers, ContainerState.PAUSED);
    long images = engine.images().local().list().stream().map(ListedImage::id).distinct().count();
    return Json.object()
        .put("Containers", containers.size())
        .put("ContainersRunning", running)
        .put("ContainersPaused", paused)
        .put("ContainersStopped", containers.size() - running - paused)
        .put("Images", images)
        .put("ServerVersion", VersionCommand.version())
        .put("Driver", "overlay")
        .put("LoggingDriver", "k8s-file")
        .put("CgroupDriver", host.cgroups() ? "cgroupfs" : "none")
        .put("CgroupVersion", Integer.toString(host.cgroupVersion()))
        .putStrings("SecurityOptions", security())
        .put("KernelVersion", host.kernel())
        .put("OperatingSystem", host.system())
        .put("OSType", Platform.host().os())
        .put("Architecture", host.machine())
        .put("NCPU", host.cpus())
        .put("MemTotal", host.memory())
        .put("Name", host.name())
        .put("DockerRootDir", host.root().toString())
        .putStrings("Warnings", host.warnings())
        .build();
  }

  private static long count(List<ContainerInfo> containers, ContainerState state) {
    return containers.stream().filter(container -> container.state() == state).count();
  }
}
