package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.OrdinaryUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An ordinary user who is the same user inside: {@code --userns=keep-id}. */
class KeepIdIT {
  private static final String KEEP = "--userns=keep-id";
  private static final String FOREVER = "while :; do sleep 1; done";

  @TempDir static Path directory;
  private static OrdinaryUser user;

  @BeforeAll
  static void makeUser() throws Exception {
    user = OrdinaryUser.make(Files.createDirectory(directory.resolve("user")), true);
    // An image in which not everything is root's, and two layers.
    good(
        "run",
        "--name",
        "made",
        "--network",
        "none",
        user.busybox(),
        "sh",
        "-c",
        "umask 0; mkdir /d /d/own;"
            + " touch /d/seven /d/user; chown 7:8 /d/seven; chown "
            + user.uid()
            + " /d/user; chmod 4755 /d/seven");
    good("commit", "made", "owned");
    good("rm", "made");
  }

  @AfterAll
  static void removeUser() {
    user.close();
  }

  private Path shared;

  @BeforeEach
  void makeShared() throws IOException {
    shared = Files.createTempDirectory(user.home(), "shared");
    give(shared);
  }

  private static void give(Path file) throws IOException {
    Files.setAttribute(file, "unix:uid", (int) user.uid());
    Files.setAttribute(file, "unix:gid", (int) user.uid());
  }

  @AfterEach
  void nothingRuns() throws Exception {
    for (String id : good("ps", "-aq").lines().toList()) {
      good("rm", "-f", id);
    }
    assertThat(user.run().resolve("containers")).isEmptyDirectory();
    assertThat(good("system", "check")).endsWith("0 problems");
  }

  /** By the container's root, with all that it may have. */
  private OrdinaryUser.Result asRoot(String script) throws Exception {
    return user.mydocker("exec", "-u", "0", "--privileged", "box", "sh", "-c", script);
  }

  private static String good(String... arguments) throws Exception {
    return user.good(arguments);
  }

  private static String bad(String... arguments) throws Exception {
    return user.bad(arguments);
  }

  private static String sh(String script, String... flags) throws Exception {
    List<String> line = new ArrayList<>(List.of("run", "--rm", "--network", "none"));
    line.addAll(List.of(flags));
    line.addAll(List.of("owned", "sh", "-c", script));
    return good(line.toArray(String[]::new));
  }

  private void start(String... flags) throws Exception {
    List<String> line = new ArrayList<>(List.of("run", "-d", "--name", "box", "--network", "none"));
    line.addAll(List.of(flags));
    line.addAll(List.of("owned", "sh", "-c", FOREVER));
    good(line.toArray(String[]::new));
  }

  private static long uid(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static Path state(String below) {
    return user.home().resolve(".local/share/mydocker").resolve(below);
  }

  private static List<Path> mapped() throws IOException {
    try (Stream<Path> all = Files.walk(state("mapped"), 2)) {
      return all.filter(p -> p.getFileName().toString().length() == 64).toList();
    }
  }

  @Test
  void theUserIsTheSameInsideAndOutside() throws Exception {
    String said =
        sh(
            "id -u; id -g; touch /b/file /v/file; stat -c %u /b /b/file",
            KEEP, "-v", shared + ":/b", "-v", "data:/v");
    String id = Long.toString(user.uid());
    assertThat(said.lines()).containsExactly(id, id, id, id);
    assertThat(uid(shared.resolve("file"))).isEqualTo(user.uid());
    assertThat(uid(state("volumes/data/_data/file"))).isEqualTo(user.uid());
    assertThat(sh("grep -E ^Cap[EP] /proc/self/status", KEEP)).doesNotContainPattern("[1-9a-f]$");
  }

  @Test
  void theImagesFilesHaveTheOwnersThatTheImageSays() throws Exception {
    String ask = "stat -c %u:%g / /d /d/seven /d/user /bin/busybox; stat -c %a /d/seven";
    String[] plain = sh(ask).split("\n");
    assertThat(plain).contains("7:8", user.uid() + ":0");
    assertThat(sh(ask, KEEP).split("\n")).isEqualTo(plain);
    assertThat(sh(ask, KEEP + ":uid=7,gid=100").split("\n")).isEqualTo(plain);
  }

  @Test
  void anotherUserCanBeChosen() throws Exception {
    assertThat(sh("id -u; id -g; touch /b/x", KEEP + ":uid=7,gid=100", "-v", shared + ":/b"))
        .isEqualTo("7\n100");
    assertThat(uid(shared.resolve("x"))).isEqualTo(user.uid());
    assertThat(sh("id -u; chown 1 /d/seven && stat -c %u /d/seven", KEEP, "-u", "0"))
        .isEqualTo("0\n1");
    assertThat(bad("run", KEEP, "-u", "70000", "owned", "true")).contains("user 70000 has no id");
  }

  /** With power over what has ids of the container, and over nothing else of the host. */
  @Test
  void RT60_rootInsideIsASubordinateIdOutside() throws Exception {
    Path secret = Files.writeString(shared.resolve("secret"), "s");
    give(secret);
    Files.setAttribute(secret, "unix:mode", 0600);
    start(KEEP, "-v", shared + ":/b", "--security-opt", "seccomp=unconfined");
    assertThat(asRoot("mount -t ext4 /dev/null /d").code()).isNotZero();
    assertThat(good("exec", "box", "cat", "/b/secret")).isEqualTo("s");
    long outside = 0;
    for (String line : Files.readAllLines(Path.of("/proc", pid(), "uid_map"))) {
      if (line.strip().startsWith("0 ")) {
        outside = Long.parseLong(line.strip().split(" +")[1]);
      }
    }
    assertThat(outside).isGreaterThan(65_535).isNotEqualTo(user.uid());
  }

  private static String pid() throws Exception {
    return good("inspect", "--format", "{{.State.Pid}}", "box");
  }

  @Test
  void filesGoInAndOutWithTheOwnersThatTheContainerKnows() throws Exception {
    String own = Long.toString(user.uid());
    start(KEEP);
    good(
        "exec",
        "-u",
        "0",
        "box",
        "sh",
        "-c",
        "touch /d/eleven; chown 11:12 /d/eleven; echo x >/etc/passwd");
    good("exec", "box", "touch", "/tmp/own");
    Path file = Files.writeString(shared.resolve("file"), "content");
    give(file);
    for (String when : List.of("running", "resting")) {
      good("cp", file.toString(), "box:/d/" + when);
      Path tar = shared.resolve(when + ".tar");
      good("export", "-o", tar.toString(), "box");
      assertThat(program("tar", "--numeric-owner", "-tvf", tar.toString()))
          .as(when)
          .containsPattern("11/12 .* d/eleven")
          .containsPattern("7/8 .* d/seven")
          .containsPattern("0/0 .* d/" + when)
          .containsPattern(own + "/" + own + " .* tmp/own");
      if (when.equals("running")) {
        good("stop", "-t", "0", "box");
      }
    }
    good("commit", "box", "again");
    String ask = "stat -c %u:%g /d/eleven /tmp/own /d/running /etc/passwd";
    String expected = "11:12\n" + own + ":" + own + "\n0:0\n0:0";
    String[] plain = {"run", "--rm", "--network=none", "--pid=private", "again", "sh", "-c", ask};
    assertThat(good(plain)).isEqualTo(expected);
    plain[3] = KEEP;
    assertThat(good(plain)).isEqualTo(expected);
    good("start", "box");
    assertThat(good("exec", "box", "sh", "-c", ask + "; id -u")).isEqualTo(expected + "\n" + own);
    assertThat(good("diff", "box").lines()).contains("A /d/eleven", "C /etc/passwd");
    good("rm", "-f", "box");
    good("rmi", "again");
  }

  private static String program(String... words) throws Exception {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  @Test
  void layersOfEachMappingGoWithTheImageAndAreMissedWhenTheyAreGone() throws Exception {
    good("tag", "owned", "other");
    good("run", "--name", "more", "--network", "none", "owned", "touch", "/more");
    good("commit", "more", "larger");
    good("rm", "more");
    List<Path> before = mapped();
    for (int i = 0; i < 2; i++) {
      assertThat(good("run", "--rm", KEEP + ":uid=4321", "--network", "none", "larger", "id", "-u"))
          .isEqualTo("4321");
    }
    List<Path> made = new ArrayList<>(mapped());
    made.removeAll(before);
    assertThat(made).hasSize(3).allMatch(p -> p.toString().contains("_4321-0-1_"));

    good("create", "--name", "box", KEEP + ":uid=4321", "--network", "none", "larger", "true");
    for (Path layer : made) {
      program("rm", "-r", layer.toString());
    }
    OrdinaryUser.Result check = user.mydocker("system", "check");
    assertThat(check.code()).isEqualTo(1);
    assertThat(check.out()).contains("with its owners is missing");
    assertThat(good("system", "check", "--repair"))
        .contains("unpacked larger:latest for container");
    assertThat(mapped()).containsAll(made);
    good("start", "-a", "box");

    good("rm", "box");
    good("rmi", "larger");
    assertThat(mapped()).hasSize(before.size() + 2);
    assertThat(good("system", "check")).endsWith("0 problems");
    Path stranger = Files.createDirectory(state("mapped").resolve("stranger"));
    assertThat(user.mydocker("system", "check").out()).contains("mapped/stranger has no place");
    Files.delete(stranger);
    good("rmi", "other");
  }

  @Test
  void whatNeedsAnIdmappedMountIsRefused() throws Exception {
    assertThat(bad("run", KEEP, "-v", shared + ":/b:idmap", "owned", "true"))
        .contains("idmap of \"/b\" needs root");
    assertThat(bad("run", "--userns=auto", "owned", "true")).contains("keep-id");
  }

  /** What shows the host's network can be mounted by its owner alone, so /sys is the host's. */
  @Test
  void itMayShareTheHostsNetwork() throws Exception {
    good("run", "-d", "--name", "box", "--network", "host", KEEP, "owned", "sh", "-c", FOREVER);
    String hosts = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
    String ask = "readlink /proc/self/ns/net; id -u; cat /sys/class/net/lo/ifindex; hostname -i";
    assertThat(good("exec", "box", "sh", "-c", ask).lines())
        .startsWith(hosts, Long.toString(user.uid()), "1");
    OrdinaryUser.Result root =
        asRoot(
            "ip link set lo mtu 1500 || echo no; mount -o remount,rw /sys || echo no;"
                + " echo 1 >/proc/sys/net/ipv4/ip_forward || echo no; touch /etc/mine");
    assertThat(root.out().lines()).as("%s", root).containsExactly("no", "no", "no");
    good("stop", "-t", "0", "box");
    good("cp", "box:/etc/mine", shared.toString());
    good("start", "box");
    assertThat(good("exec", "box", "readlink", "/proc/self/ns/net")).isEqualTo(hosts);
    assertThat(bad("run", KEEP, "--ipc", "host", "owned", "true"))
        .contains("cannot share the host's IPC namespace");
  }

  @Test
  void theContainerKnowsTheUserByName() throws Exception {
    String id = Long.toString(user.uid());
    String name = user.name();
    assertThat(sh("id -un; id -gn; echo $HOME; stat -c %u:%g:%a /etc/passwd /etc", KEEP).lines())
        .containsExactly(name, name, "/", "0:0:644", "0:0:755");
    assertThat(
            sh("id -u; cd; pwd", KEEP, "-u", name, "-v", user.home() + ":" + user.home()).lines())
        .containsExactly(id, user.home().toString());
    assertThat(sh("grep -c " + name + " /etc/passwd /etc/group", KEEP, "--read-only").lines())
        .containsExactly("/etc/passwd:1", "/etc/group:1");
    String none = "grep " + name + " /etc/passwd /etc/group || echo none";
    assertThat(sh(none, KEEP, "--passwd=false")).isEqualTo("none");
    assertThat(sh(none)).as("the image is as it was").isEqualTo("none");

    String line = name + ":*:" + id + ":";
    for (String form : List.of("--dry-run", "--dry-run=json")) {
      String shown = good("run", form, KEEP, "--network=none", "owned").replace("\\\"", "\"");
      assertThat(shown)
          .contains("append(\"/etc/passwd\", \"" + line, "append(\"/etc/group\", \"" + name);
    }

    start(KEEP);
    good("exec", "-u", "0", "box", "sh", "-c", "cp /etc/passwd /p && mv /p /etc/passwd");
    for (int i = 0; i < 2; i++) {
      assertThat(
              good("exec", "box", "sh", "-c", "id -un; grep -c " + name + ": /etc/passwd").lines())
          .containsExactly(name, "1");
      good("restart", "-t", "0", "box");
    }
    assertThat(good("diff", "box").lines()).contains("C /etc/passwd", "C /etc/group");
  }

  /** No mount resolves the path here, so whoever makes an image must not lead it elsewhere. */
  @Test
  void RT40_anImagesLinksLeadTheLineNowhereElse() throws Exception {
    Path victim = Files.writeString(shared.resolve("passwd"), "the user's own");
    give(victim);
    Path tree = Files.createDirectory(shared.resolve("tree"));
    Path tar = shared.resolve("tree.tar");
    good("create", "--name", "made", "--network", "none", "owned", "true");
    good("export", "-o", tar.toString(), "made");
    program("tar", "-xf", tar.toString(), "-C", tree.toString());
    String[] scripts = {
      "mv etc real; ln -s /real etc",
      "rm -r real; rm etc; mkdir etc; ln -s " + victim + " etc/passwd",
      "rm -r etc; ln -s ../../../.." + shared + " etc; mkdir -p .$0",
      "rm etc",
      "echo none:x:5:5::/:/bin/sh >hidden; mkdir etc; ln -s ../hidden etc/passwd",
    };
    for (String script : scripts) {
      imported(tree, tar, script);
      OrdinaryUser.Result result =
          user.mydocker("run", "--rm", "--network=none", KEEP, "h", "id", "-un");
      assertThat(result.out().strip()).as("%s: %s", script, result).isEqualTo(user.name());
      assertThat(victim).hasContent("the user's own");
      good("rmi", "h");
    }
    imported(tree, tar, "rm etc/passwd; mkdir etc/passwd");
    assertThat(bad("run", "--rm", "--network=none", KEEP, "h", "id"))
        .contains("cannot read /etc/passwd of docker.io/library/h:latest: it is no regular file");
    good("rmi", "h");
  }

  private void imported(Path tree, Path tar, String script) throws Exception {
    program("sh", "-ec", "cd " + tree + "; " + script, shared.toString());
    program("tar", "-cf", tar.toString(), "-C", tree.toString(), ".");
    good("import", tar.toString(), "h");
  }

  @Test
  void pastaConnectsIt() throws Exception {
    good(
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "127.0.0.1::80",
        KEEP,
        "owned",
        "sh",
        "-c",
        "mkdir /tmp/h; id -u >/tmp/h/index.html; httpd -f -p 80 -h /tmp/h");
    String port = good("port", "web", "80").replaceAll(".*:", "");
    String said = "";
    for (int i = 0; i < 50 && said.isEmpty(); i++) {
      Thread.sleep(100);
      Process wget = new ProcessBuilder("curl", "-s", "http://127.0.0.1:" + port + "/").start();
      said = new String(wget.getInputStream().readAllBytes()).strip();
    }
    assertThat(said).isEqualTo(Long.toString(user.uid()));
  }
}
