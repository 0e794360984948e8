package dev.mydocker.explain;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.json.Json;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.Op;
import dev.mydocker.launch.Step;
import dev.mydocker.network.Preview;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Renders a plan before it is launched. */
public final class PlanText {
  private static final String HEAD = "who      step  # why\n";

  private static final String RULE = "           | ";

  private PlanText() {}

  /** One line a step: who, the step, why. */
  public static String text(LaunchScript.Launch launch) {
    StringBuilder out = new StringBuilder();
    prepare(out, launch);
    for (Step step : launch.plan().monitor()) {
      line(out, "monitor", step);
    }
    for (Step step : launch.plan().init()) {
      line(out, "init", step);
      if (step.op() == Op.SYNC) {
        meet(out, launch);
      }
    }
    String id = launch.input().id();
    return "ID=" + id + '\n' + HEAD + out.toString().replace(id, "$ID");
  }

  /** As JSON. */
  public static Json json(LaunchPlan plan) {
    List<Json> steps = new ArrayList<>();
    plan.monitor().forEach(step -> steps.add(json("monitor", step)));
    plan.init().forEach(step -> steps.add(json("init", step)));
    return new Json.Arr(steps);
  }

  private static Json json(String who, Step step) {
    return Json.object()
        .put("who", who)
        .put("op", step.op().name().toLowerCase(Locale.ROOT))
        .put("call", step.op().call())
        .put("shown", step.shown())
        .put("why", step.why())
        .build();
  }

  /** What is done on the host before M is cloned. */
  private static void prepare(StringBuilder out, LaunchScript.Launch launch) {
    launch.network().ifPresent(network -> networks(out, network));
    for (String directory : launch.directories()) {
      jvm(out, mkdir(directory), "the container's directories; removed at its end");
    }
    launch
        .files()
        .forEach(
            (path, content) -> jvm(out, write(path, content), "a file of the container's own"));
    for (CgroupStep step : launch.cgroup()) {
      if (step instanceof CgroupStep.Write w) {
        jvm(out, write(w.path(), w.value()), w.why());
      } else if (step instanceof CgroupStep.DeviceFilter f) {
        jvm(out, filter(f), f.why());
      } else {
        jvm(out, mkdir(step.path()), step.why());
      }
    }
  }

  /** What the JVM does while I waits. */
  private static void meet(StringBuilder out, LaunchScript.Launch launch) {
    Spec.Linux linux = launch.input().spec().linux();
    map(out, "uid_map", linux.uidMappings());
    map(out, "gid_map", linux.gidMappings());
    if (launch.network().isPresent()) {
      for (NetworkSteps.One step : NetworkSteps.plug(launch.network().get())) {
        jvm(out, step.shown(), step.why());
      }
    }
  }

  /** With the rules as nft writes them, below their step. */
  private static void networks(StringBuilder out, Preview network) {
    for (NetworkSteps.One step : NetworkSteps.before(network)) {
      jvm(out, step.shown(), step.why());
    }
    for (String line : network.rules().strip().split("\n")) {
      out.append(RULE).append(Printable.line(line)).append('\n');
    }
  }

  private static void map(StringBuilder out, String name, List<Spec.IdMapping> mappings) {
    if (!mappings.isEmpty()) {
      jvm(
          out,
          write("/proc/PID of init/" + name, IdMap.text(mappings)),
          "which ids of the host the container's are");
    }
  }

  private static String filter(CgroupStep.DeviceFilter filter) {
    StringBuilder out = new StringBuilder("bpf(\"BPF_PROG_ATTACH\", ");
    out.append(Printable.quoted(filter.path()));
    for (String rule : filter.texts()) {
      out.append(", ").append(Printable.quoted(rule));
    }
    return out.append(')').toString();
  }

  private static String mkdir(String path) {
    return "mkdir(" + Printable.quoted(path) + ")";
  }

  private static String write(String path, String value) {
    return "write(" + Printable.quoted(path) + ", " + Printable.quoted(value) + ")";
  }

  private static void jvm(StringBuilder out, String shown, String why) {
    StepLine.append(out, "jvm      ", shown, why);
  }

  private static void line(StringBuilder out, String who, Step step) {
    String prefix = String.format(Locale.ROOT, "%-7s  ", who);
    StepLine.append(out, prefix, StepLine.named(step.op().call(), step.shown()), step.why());
  }
}
