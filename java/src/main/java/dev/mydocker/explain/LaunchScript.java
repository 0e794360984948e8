package dev.mydocker.explain;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.network.Preview;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Renders a plan as a shell script that, run as root, gives the same container. */
public final class LaunchScript {

  /**
   * What a launch consists of beside M's and I's plan.
   *
   * @param input what the plan was compiled from
   * @param plan the plan
   * @param cgroup what is done to the host's cgroups
   * @param unified its cgroup of version 2, in which the first process begins
   * @param directories host directories to be made, parents first; removed at the end in reverse
   * @param files host files to be written, by path, with their content
   * @param accounts a line more in files of the image, by path: what a script cannot do, as that
   *     comes with users of its own only
   * @param network its networks; empty when it has none of its own
   */
  public record Launch(
      PlanCompiler.Input input,
      LaunchPlan plan,
      List<CgroupStep> cgroup,
      Optional<String> unified,
      List<String> directories,
      Map<String, String> files,
      Map<String, String> accounts,
      Optional<Preview> network) {

    /** Without lines and networks. */
    public Launch(
        PlanCompiler.Input input,
        LaunchPlan plan,
        List<CgroupStep> cgroup,
        Optional<String> unified,
        List<String> directories,
        Map<String, String> files) {
      this(input, plan, cgroup, unified, directories, files, Map.of(), Optional.empty());
    }

    /** The same with lines in files of the image. */
    public Launch with(Map<String, String> lines) {
      return new Launch(input, plan, cgroup, unified, directories, files, lines, network);
    }

    /** The same with networks. */
    public Launch with(Preview networks) {
      return new Launch(
          input, plan, cgroup, unified, directories, files, accounts, Optional.of(networks));
    }
  }

  private final Launch launch;
  private final PlanCompiler.Overlay overlay;
  private final Spec.Linux linux;
  private final StringBuilder out = new StringBuilder();

  private LaunchScript(Launch launch) {
    this.launch = launch;
    this.overlay = launch.input().overlay();
    this.linux = launch.input().spec().linux();
  }

  /** The script, for sh and util-linux. */
  public static String of(Launch launch) {
    return new LaunchScript(launch).write();
  }

  private String write() {
    line(Sh.comment("The container " + launch.input().id() + ", started by a shell."));
    out.insert(0, "#!/bin/sh\n");
    out.append(ScriptText.INTRODUCTION);
    cleanUp();
    out.append(ScriptText.TOOLS);
    directories();
    files();
    cgroups();
    if (launch.network().isPresent()) {
      phase("its networks");
      new NetworkScript(launch.network().get()).before().forEach(this::line);
    }
    ShellMachine init = new ShellMachine(launch.input().spec(), meeting());
    init.run(launch.plan().init());
    phase("what I, the container's first process, will do");
    file("functions", ScriptText.FUNCTIONS);
    List<String> parts = init.parts();
    for (int i = 0; i < parts.size(); i++) {
      String first = i == 0 ? ScriptText.TELL : "";
      part(i + 1, ". \"${0%/*}/functions\"\n" + first + parts.get(i), i == parts.size() - 1);
    }
    start();
    return out.toString();
  }

  // ---- before M ---------------------------------------------------------------------------------

  /** Everything that is made below is removed by this, in reverse order. */
  private void cleanUp() {
    line("clean_up() {");
    line("  set +e");
    line("  [ -z \"$monitor\" ] || { kill -KILL \"$monitor\"; wait \"$monitor\"; } 2>/dev/null");
    if (launch.network().isPresent()) {
      new NetworkScript(launch.network().get()).after().forEach(l -> line("  " + l));
    }
    for (CgroupStep step : reversed(launch.cgroup())) {
      if (step instanceof CgroupStep.MakeDirectory d) {
        line(
            d.shared()
                ? "  [ -z \"${" + made(d) + "-}\" ] || rmdir " + Sh.quote(d.path()) + " 2>/dev/null"
                : "  [ -z \"${" + made(d) + "-}\" ] || remove_cgroup " + Sh.quote(d.path()));
      }
    }
    for (String file : launch.files().keySet()) {
      line("  [ -z \"${made_files-}\" ] || rm -f -- " + Sh.quote(file));
    }
    for (String directory : reversed(launch.directories())) {
      String remove = writable(directory) ? "rm -rf --one-file-system" : "rmdir";
      line(
          "  [ -z \"${"
              + made(directory)
              + "-}\" ] || "
              + remove
              + " -- "
              + Sh.quote(directory)
              + (writable(directory) ? "" : " 2>/dev/null"));
    }
    line("  rm -rf -- \"$own\"");
    line("  exit \"$code\"");
    line("}");
    out.append(ScriptText.TRAPS);
  }

  private void directories() {
    phase("the container's directories on the host");
    for (String directory : launch.directories()) {
      String make = "mkdir -- " + Sh.quote(directory) + " && " + made(directory) + "=yes";
      if (writable(directory)) {
        // What another container has written must not become part of this one.
        line(make + " || exit");
        if (ownsUsers()) {
          long uid = hostId(linux.uidMappings(), 0);
          long gid = hostId(linux.gidMappings(), 0);
          line("chown " + uid + ":" + gid + " -- " + Sh.quote(directory));
        }
      } else {
        // Others of this host must not see what the container writes.
        String mode = holdsWritable(directory) ? ownsUsers() ? "-m 711 " : "-m 700 " : "";
        make = "mkdir " + mode + "-- " + Sh.quote(directory) + "; " + made(directory) + "=yes";
        line("[ -d " + Sh.quote(directory) + " ] || { " + make + "; }");
      }
    }
  }

  private boolean writable(String directory) {
    return directory.equals(overlay.upper()) || directory.equals(overlay.work());
  }

  private boolean holdsWritable(String directory) {
    return overlay.upper().startsWith(directory + "/")
        && overlay.upper().indexOf('/', directory.length() + 1) < 0;
  }

  private void files() {
    if (!launch.files().isEmpty()) {
      phase("its own files");
      line("made_files=yes");
    }
    launch.files().forEach((path, content) -> line(Sh.print(content) + " > " + Sh.quote(path)));
  }

  private void cgroups() {
    if (!launch.cgroup().isEmpty()) {
      phase("its cgroup: the limits");
    }
    String why = "";
    for (CgroupStep step : launch.cgroup()) {
      if (!step.why().equals(why)) {
        why = step.why();
        line(Sh.comment(why));
      }
      String path = Sh.quote(step.path());
      if (step instanceof CgroupStep.MakeDirectory d) {
        String make = "mkdir -- " + path + "; " + made(d) + "=yes";
        line(d.shared() ? "[ -d " + path + " ] || { " + make + "; }" : make);
      } else if (step instanceof CgroupStep.Write w) {
        line(Sh.print(w.value()) + " > " + path);
      } else {
        line("echo 'device rules are left out: a shell cannot load a BPF program' >&2");
      }
    }
  }

  /** The variable that says that this script has made a directory. */
  private String made(String directory) {
    return "made_" + launch.directories().indexOf(directory);
  }

  private String made(CgroupStep.MakeDirectory directory) {
    return "made_cgroup_" + launch.cgroup().indexOf(directory);
  }

  // ---- M and I ----------------------------------------------------------------------------------

  /**
   * A part of what I does; nobody but who executes it may read it. The last one is executed by the
   * container's user, and in a user namespace all but the first one by its root.
   */
  private void part(int number, String content, boolean last) {
    file(Integer.toString(number), content);
    Spec.User user = launch.input().spec().process().orElseThrow().user();
    long uid = last ? user.uid() : 0;
    line("chmod 400 \"$own/" + number + '"');
    if (number > 1 && (uid != 0 || ownsUsers())) {
      line("chown " + hostId(linux.uidMappings(), uid) + " \"$own/" + number + '"');
    }
  }

  /** What I does at the meeting point: a shell can move itself into its cgroup. */
  private List<String> meeting() {
    List<String> commands = new ArrayList<>();
    if (ownsUsers()) {
      commands.add("# The id maps are written from outside.");
    }
    if (launch.network().isPresent()) {
      commands.add("# The links are made from outside.");
    }
    if (ownsUsers() || launch.network().isPresent()) {
      commands.add("read -r mapped <&9");
    }
    commands.add("# 0 is the process that writes. The limits hold for the rest of this script,");
    commands.add("# too: it needs room for four processes, the command itself for one.");
    if (launch.unified().isPresent()) {
      commands.add("echo 0 > " + Sh.quote(launch.unified().get() + "/cgroup.procs"));
    }
    return commands;
  }

  private void start() {
    ShellMachine monitor = new ShellMachine(launch.input().spec(), List.of());
    monitor.run(launch.plan().monitor());
    phase("M clones I");
    line("mkfifo \"$own/go\"");
    line("root=" + Sh.quote(overlay.target()));
    line("chmod 711 \"$own\" # what is in it is for its owner alone, or nothing of a secret");
    String wrappers = monitor.takeWrappers();
    monitor.parts().forEach(out::append);
    line("exec 3<&0");
    line(wrappers + "sh \"$own/1\" <&3 3<&- &");
    line("monitor=$!");
    line("exec 3<&-");
    line("until [ -s \"$own/pid\" ] || ! kill -0 \"$monitor\" 2>/dev/null; do sleep 0.01; done");
    line("[ -s \"$own/pid\" ] || exit");
    line("read -r pid < \"$own/pid\"");
    if (ownsUsers()) {
      line("# which ids of the host the container's are: user_namespaces(7)");
      line(Sh.print(IdMap.text(linux.uidMappings())) + " > \"/proc/$pid/uid_map\"");
      line(Sh.print(IdMap.text(linux.gidMappings())) + " > \"/proc/$pid/gid_map\"");
    }
    if (launch.network().isPresent()) {
      new NetworkScript(launch.network().get()).plug().forEach(this::line);
    }
    if (ownsUsers() || launch.network().isPresent()) {
      line("echo mapped > \"$own/go\"");
    }
    out.append(ScriptText.PIVOT);
  }

  private boolean ownsUsers() {
    return !linux.uidMappings().isEmpty();
  }

  /** An id of the container as the host sees it; one that is not mapped has no other. */
  private static long hostId(List<Spec.IdMapping> mappings, long id) {
    for (Spec.IdMapping m : mappings) {
      if (id >= m.containerId() && id - m.containerId() < m.size()) {
        return m.hostId() + id - m.containerId();
      }
    }
    return id;
  }

  // ---- text -------------------------------------------------------------------------------------

  /** A file of the script's own, word for word: the end mark is no line of it. */
  private void file(String name, String content) {
    String end = "END";
    while (("\n" + content + "\n").contains("\n" + end + "\n")) {
      end += "_";
    }
    line("cat > \"$own/" + name + "\" <<'" + end + "'");
    out.append(content);
    if (!content.endsWith("\n")) {
      out.append('\n');
    }
    line(end);
  }

  private void phase(String title) {
    line("");
    line("# ==== " + title + " " + "=".repeat(Math.max(4, 70 - title.length())));
  }

  private void line(String line) {
    out.append(line).append('\n');
  }

  private static <T> List<T> reversed(List<T> list) {
    List<T> copy = new ArrayList<>(list);
    Collections.reverse(copy);
    return copy;
  }
}
