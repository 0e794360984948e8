package dev.mydocker.explain;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.json.Json;
import dev.mydocker.launch.Op;
import dev.mydocker.launch.Step;
import dev.mydocker.network.Preview;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Renders a plan before it is launched. */
public final class PlanText {
  private static final String HEAD = "who      step  # why\n";

  private static final String RULE = "           | ";

  /**
   * A line of it.
   *
   * @param who as in {@link Timeline}
   * @param op of a step of the plan
   * @param call what is called
   * @param shown the call with its arguments
   * @param why half a line
   * @param rules what it gives the kernel, as nft writes it
   */
  private record Line(
      String who, Optional<Op> op, String call, String shown, String why, List<String> rules) {}

  private final LaunchScript.Launch launch;
  private final List<Line> lines = new ArrayList<>();

  private PlanText(LaunchScript.Launch launch) {
    this.launch = launch;
    prepare();
    for (Step step : launch.plan().monitor()) {
      step("monitor", step);
    }
    for (Step step : launch.plan().init()) {
      step("init", step);
      if (step.op() == Op.SYNC) {
        meet();
      }
    }
  }

  /** One line a step: who, the step, why; with the rules of networks below their step. */
  public static String text(LaunchScript.Launch launch) {
    StringBuilder out = new StringBuilder();
    for (Line line : new PlanText(launch).lines) {
      String prefix = String.format(Locale.ROOT, "%-7s  ", line.who());
      StepLine.append(out, prefix, StepLine.named(line.call(), line.shown()), line.why());
      for (String rule : line.rules()) {
        out.append(RULE).append(Printable.line(rule)).append('\n');
      }
    }
    String id = launch.input().id();
    return "ID=" + id + '\n' + HEAD + out.toString().replace(id, "$ID");
  }

  /** As JSON: an array of the same. */
  public static Json json(LaunchScript.Launch launch) {
    List<Json> steps = new ArrayList<>();
    for (Line line : new PlanText(launch).lines) {
      Json.Builder step = Json.object().put("who", line.who());
      line.op().ifPresent(op -> step.put("op", op.name().toLowerCase(Locale.ROOT)));
      step.put("call", line.call()).put("shown", line.shown()).put("why", line.why());
      if (!line.rules().isEmpty()) {
        step.putStrings("rules", line.rules());
      }
      steps.add(step.build());
    }
    return new Json.Arr(steps);
  }

  /** What is done on the host before M is cloned. */
  private void prepare() {
    launch.network().ifPresent(this::networks);
    for (String directory : launch.directories()) {
      jvm("mkdir", "the container's directories; removed at its end", directory);
    }
    launch
        .accounts()
        .forEach(
            (path, line) ->
                jvm(
                    "append",
                    "--userns=keep-id: programs look there for who they are; in its own layer",
                    path,
                    line));
    launch
        .files()
        .forEach((path, content) -> jvm("write", "a file of the container's own", path, content));
    for (CgroupStep step : launch.cgroup()) {
      if (step instanceof CgroupStep.Write w) {
        jvm("write", w.why(), w.path(), w.value());
      } else if (step instanceof CgroupStep.DeviceFilter f) {
        List<String> arguments = new ArrayList<>(List.of("BPF_PROG_ATTACH", f.path()));
        arguments.addAll(f.texts());
        jvm("bpf", f.why(), arguments.toArray(String[]::new));
      } else {
        jvm("mkdir", step.why(), step.path());
      }
    }
  }

  /** What the JVM does while I waits. */
  private void meet() {
    Spec.Linux linux = launch.input().spec().linux();
    map("uid_map", linux.uidMappings());
    map("gid_map", linux.gidMappings());
    if (launch.network().isPresent()) {
      NetworkSteps.plug(launch.network().get()).forEach(step -> jvm(step, List.of()));
    }
  }

  private void networks(Preview network) {
    List<NetworkSteps.One> steps = NetworkSteps.before(network);
    int last = steps.size() - 1;
    steps.subList(0, last).forEach(step -> jvm(step, List.of()));
    jvm(steps.get(last), List.of(network.rules().strip().split("\n")));
  }

  private void map(String name, List<Spec.IdMapping> mappings) {
    if (!mappings.isEmpty()) {
      jvm(
          "write",
          "which ids of the host the container's are",
          "/proc/PID of init/" + name,
          IdMap.text(mappings));
    }
  }

  private void jvm(String call, String why, String... arguments) {
    jvm(new NetworkSteps.One(call, List.of(arguments), why), List.of());
  }

  private void jvm(NetworkSteps.One step, List<String> rules) {
    lines.add(new Line("jvm", Optional.empty(), step.call(), step.shown(), step.why(), rules));
  }

  private void step(String who, Step step) {
    Op op = step.op();
    lines.add(new Line(who, Optional.of(op), op.call(), step.shown(), step.why(), List.of()));
  }
}
