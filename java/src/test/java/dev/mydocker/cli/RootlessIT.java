package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.DockerRegistry;
import dev.mydocker.testing.OrdinaryUser;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an ordinary user without any rights can do, and is told of the rest. */
class RootlessIT {
  @TempDir static Path directory;
  private static OrdinaryUser user;
  private static String box;

  @BeforeAll
  static void makeUser() throws Exception {
    user = OrdinaryUser.make(Files.createDirectory(directory.resolve("user")), true);
    box = user.busybox();
  }

  @AfterAll
  static void removeUser() {
    user.close();
  }

  @AfterEach
  void nothingRuns() throws Exception {
    for (String id : good("ps", "-aq").lines().toList()) {
      good("rm", "-f", id);
    }
    assertThat(user.run().resolve("containers")).isEmptyDirectory();
  }

  private static String good(String... arguments) throws Exception {
    return user.good(arguments);
  }

  /** The only line that a failure tells. */
  private static String bad(String... arguments) throws Exception {
    return user.bad(arguments);
  }

  private static String sh(String script, String... flags) throws Exception {
    List<String> line = new ArrayList<>(List.of("run", "--rm", "--network", "none"));
    line.addAll(List.of(flags));
    line.addAll(List.of(box, "sh", "-c", script));
    return good(line.toArray(String[]::new));
  }

  // ---- who it is --------------------------------------------------------------------------------

  @Test
  void rootInsideIsTheUserOutside() throws Exception {
    String[] first = sh("id -u; cat /proc/self/uid_map").split("\\s+");
    assertThat(first).startsWith("0", "0", Long.toString(user.uid()), "1", "1");

    Path shared = Files.createDirectory(user.home().resolve("shared"));
    Files.setAttribute(shared, "unix:uid", (int) user.uid());
    sh("touch /s/root; touch /s/other; chown 7:7 /s/other", "-v", shared + ":/s");
    assertThat((Integer) Files.getAttribute(shared.resolve("root"), "unix:uid"))
        .isEqualTo((int) user.uid());
    assertThat((Integer) Files.getAttribute(shared.resolve("other"), "unix:uid"))
        .isNotIn(7, (int) user.uid());
  }

  @Test
  void itHasNoMoreOfTheHostThanTheUser() throws Exception {
    assertThat(sh("cat /h/shadow 2>&1 || true", "-v", "/etc:/h")).contains("Permission denied");
    assertThat(sh("mknod /n c 1 3 2>&1 || true")).contains("Operation not permitted");
    assertThat(sh("mount -t ext4 /dev/vda /mnt 2>&1 || true", "--privileged"))
        .containsAnyOf("denied", "not permitted", "No such");
    assertThat(sh("dmesg -n 1 2>&1 || true", "--privileged")).contains("not permitted");
  }

  @Test
  void devicesCanBeUsed() throws Exception {
    assertThat(sh("head -c 3 /dev/zero | wc -c; echo x >/dev/null && ls /dev/full /dev/tty"))
        .isEqualTo("3\n/dev/full\n/dev/tty");
  }

  @Test
  void everyCommandIsInTheSameNamespace() throws Exception {
    String first = good("unshare", "readlink", "/proc/self/ns/user");

    assertThat(good("unshare", "readlink", "/proc/self/ns/user")).isEqualTo(first);
    assertThat(sh("readlink /proc/self/ns/user")).isEqualTo(first);
    assertThat(Files.readSymbolicLink(Path.of("/proc/self/ns/user"))).isNotEqualTo(Path.of(first));
    assertThat(jar("unshare", "readlink", "/proc/self/ns/user").out().strip()).isEqualTo(first);
  }

  /** Without the launcher the JVM goes there by itself. */
  private static OrdinaryUser.Result jar(String... arguments) throws Exception {
    List<String> words = new ArrayList<>();
    words.add(System.getProperty("java.home") + "/bin/java");
    words.addAll(List.of("-jar", user.jar().toString()));
    words.addAll(List.of(arguments));
    return user.as(words);
  }

  @Test
  void theJarByItselfStartsAgainThere() throws Exception {
    OrdinaryUser.Result result =
        jar("run", "--rm", "--network", "none", box, "sh", "-c", "echo 'ä b' $(id -u); exit 7");

    assertThat(result.out()).isEqualTo("ä b 0\n");
    assertThat(result.code()).isEqualTo(7);
  }

  @Test
  void whatHoldsTheNamespaceTellsNothing() throws Exception {
    good("unshare", "true");
    String pid = user.namespace().split(" ")[0];

    assertThat(Files.readString(Path.of("/proc", pid, "cmdline"))).isEqualTo("mydocker-pause\0");
    assertThat(Files.readString(Path.of("/proc", pid, "environ"))).isEmpty();
    try (Stream<Path> open = Files.list(Path.of("/proc", pid, "fd"))) {
      assertThat(open).hasSize(3);
    }
  }

  /** A number that has become somebody else's is not believed; a new namespace is made. */
  @Test
  void aStaleNoteIsNotBelieved() throws Exception {
    good("unshare", "true");
    String before = user.namespace();
    String pid = before.split(" ")[0];
    Path note = user.run().resolve("user-namespace");
    try {
      Files.writeString(note, pid + " 1\n");
      good("unshare", "true");
      assertThat(user.namespace()).doesNotStartWith(pid + " ");
      String made = user.namespace().split(" ")[0];
      ProcessHandle.of(Long.parseLong(made)).orElseThrow().destroyForcibly();
      Files.writeString(note, "nonsense");
      good("unshare", "true");
      made = user.namespace().split(" ")[0];
      ProcessHandle.of(Long.parseLong(made)).orElseThrow().destroyForcibly();
    } finally {
      Files.writeString(note, before);
    }
  }

  /** Containers hold it as well, so they are not lost with what was there to hold it. */
  @Test
  void containersAreFoundAfterTheHolderWasKilled() throws Exception {
    good("run", "-d", "--name", "goes-on", "--network", "none", box, "sleep", "1000");
    String before = user.namespace();
    ProcessHandle.of(Long.parseLong(before.split(" ")[0])).orElseThrow().destroyForcibly();

    assertThat(good("exec", "goes-on", "id", "-u")).isEqualTo("0");
    assertThat(user.namespace()).isNotEqualTo(before);
    assertThat(good("exec", "goes-on", "readlink", "/proc/self/ns/user"))
        .isEqualTo(good("unshare", "readlink", "/proc/self/ns/user"));
  }

  @Test
  void aRunRootThatOthersCanWriteIsRefused() throws Exception {
    good("unshare", "true");
    var mode = Files.getPosixFilePermissions(user.run());
    try {
      Files.setPosixFilePermissions(
          user.run(), java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
      assertThat(bad("ps")).contains("writable by nobody else");
    } finally {
      Files.setPosixFilePermissions(user.run(), mode);
    }
  }

  // ---- a container's life -----------------------------------------------------------------------

  @Test
  void aContainerLivesAndGoes() throws Exception {
    String id =
        good(
            "run",
            "-d",
            "--name",
            "life",
            "--network",
            "none",
            box,
            "sh",
            "-c",
            "echo begun; exec sleep 1000");
    assertThat(good("logs", "life")).isEqualTo("begun");
    assertThat(good("exec", "-u", "7:8", "life", "id", "-u")).isEqualTo("7");
    assertThat(good("exec", "life", "sh", "-c", "rm -r /home && mkdir /home && echo x >/home/y"))
        .isEmpty();
    assertThat(good("top", "life")).contains("sleep 1000");
    assertThat(good("stats", "--no-stream", "--format", "{{.PIDs}}", "life")).isEqualTo("1");
    assertThat(good("diff", "life")).contains("A /home/y");
    good("cp", "life:/home/y", user.home().resolve("y").toString());
    assertThat(user.home().resolve("y")).hasContent("x\n");

    good("stop", "-t", "0", "life");
    assertThat(good("ps", "-a", "--format", "{{.Status}}")).startsWith("Exited (137)");
    good("start", "life");
    assertThat(good("exec", "life", "cat", "/home/y")).isEqualTo("x");
    good("rm", "-f", "life");
    assertThat(user.home().resolve(".local/share/mydocker/containers").resolve(id)).doesNotExist();
  }

  /** What hides layers below is written with attributes that a user may set. */
  @Test
  void whatIsHiddenStaysHiddenInAnImage() throws Exception {
    good(
        "run", "--name", "hides", "--network", "none", box, "sh", "-c", "mkdir /a && touch /a/old");
    good("commit", "hides", "below");
    good(
        "run",
        "--name",
        "more",
        "--network",
        "none",
        "below",
        "sh",
        "-c",
        "rm -r /a && mkdir /a && touch /a/new && rm /bin/vi");
    good("commit", "more", "above");

    OrdinaryUser.Result result =
        user.mydocker("run", "--rm", "--network", "none", "above", "ls", "/a", "/bin/vi");

    assertThat(result.out()).contains("new").doesNotContain("old");
    assertThat(result.err()).contains("/bin/vi: No such file");
    Path saved = user.home().resolve("above.tar");
    good("save", "-o", saved.toString(), "above");
    good("rmi", "above");
    good("load", "-i", saved.toString());
    assertThat(good("run", "--rm", "--network", "none", "above", "ls", "/a")).isEqualTo("new");
  }

  @Test
  void aKilledMonitorLeavesNothing() throws Exception {
    String id = good("run", "-d", "--network", "none", box, "sleep", "1000");
    String pids = Files.readString(user.run().resolve("containers").resolve(id).resolve("pid"));
    String monitor = pids.replaceAll(".*\"monitor\":([0-9]+).*\\s*", "$1");

    ProcessHandle.of(Long.parseLong(monitor)).orElseThrow().destroyForcibly();

    assertThat(good("ps", "-a", "--format", "{{.Status}}")).startsWith("Exited (137)");
  }

  @Test
  void imagesArePulledAndRemoved() throws Exception {
    Path storage = Files.createDirectory(directory.resolve("registry"));
    try (DockerRegistry registry = DockerRegistry.in(storage).start()) {
      String name = registry.authority() + "/box:1";
      good("load", "-i", box.substring("oci-archive:".length()));
      good("tag", good("images", "-q", "--no-trunc").lines().findFirst().orElseThrow(), name);
      good("push", name);
      good("rmi", "-f", name);
      good("pull", name);
      assertThat(good("run", "--rm", "--network", "none", name, "echo", "pulled"))
          .isEqualTo("pulled");
      good("rmi", name);
    }
  }

  // ---- limits -----------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "--memory=64m",
    "--cpus=1",
    "--pids-limit=5",
    "--cpuset-cpus=0",
    "--memory-reservation=64m"
  })
  void aLimitIsRefusedWithoutADelegatedCgroup(String limit) throws Exception {
    assertThat(bad("run", "--rm", "--network", "none", limit, box, "true"))
        .contains("needs a cgroup: none is delegated to this user");
    assertThat(bad("create", "--network", "none", limit, box, "true")).contains("needs a cgroup");
    assertThat(good("ps", "-aq")).isEmpty();
  }

  @Test
  void whatNeedsACgroupSaysSo() throws Exception {
    good("run", "-d", "--name", "still", "--network", "none", box, "sleep", "1000");

    assertThat(bad("pause", "still")).contains("pausing needs a cgroup");
    assertThat(bad("commit", "still", "image")).contains("--pause=false");
    assertThat(bad("run", "--rm", "--pid=host", "--network", "none", box, "true"))
        .contains("--pid=host needs a cgroup");
  }

  @Test
  void RT55_ulimitAboveTheUsersOwnIsRefused() throws Exception {
    assertThat(bad("run", "--rm", "--network", "none", "--ulimit", "nofile=999999999", box, "true"))
        .contains("hard limit");
  }

  @Test
  void infoSaysWhatItIs() throws Exception {
    assertThat(good("info")).contains("\n rootless\n", "Cgroup Driver: none");
  }

  // ---- networks ---------------------------------------------------------------------------------

  @Test
  void bridgesAreRefused() throws Exception {
    assertThat(bad("network", "create", "mine")).contains("networks need root");
    assertThat(bad("run", "--rm", "--network", "mine", box, "true"))
        .contains("--network=mine needs root");
  }

  @Test
  void theHostsNetworkCanBeShared() throws Exception {
    String own = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();

    good("run", "-d", "--name", "shares", "--network", "host", box, "sleep", "1000");
    assertThat(good("exec", "shares", "readlink", "/proc/self/ns/net")).isEqualTo(own);
    good("rm", "-f", "shares");
  }

  @Test
  void pastaPublishesPortsAndEndsWithTheContainer() throws Exception {
    good(
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "127.0.0.1::80",
        box,
        "sh",
        "-c",
        "mkdir /w && echo served >/w/index.html && exec httpd -f -p 80 -h /w");
    String port = good("port", "web", "80");
    assertThat(good("ps", "--format", "{{.Ports}}")).isEqualTo(port + "->80/tcp");
    assertThat(fetch("http://" + port + "/")).isEqualTo("served\n");
    assertThat(good("exec", "web", "cat", "/etc/resolv.conf")).contains("nameserver 169.254.1.1");
    assertThat(bad("run", "--rm", "-p", port + ":80", box, "true")).contains("already allocated");
    assertThat(processes("pasta")).hasSize(1);

    good("stop", "-t", "0", "web");

    awaitNoProcess("pasta");
    good("start", "web");
    good("rm", "-f", "web");
    awaitNoProcess("pasta");
    awaitNoProcess("keep");
  }

  /** Its keeper is nobody's child, and is not asked. */
  @Test
  void pastaEndsWithAKilledContainer() throws Exception {
    String id = good("run", "-d", box, "sleep", "1000");
    String pids = Files.readString(user.run().resolve("containers").resolve(id).resolve("pid"));
    String monitor = pids.replaceAll(".*\"monitor\":([0-9]+).*\\s*", "$1");
    assertThat(processes("pasta")).hasSize(1);

    ProcessHandle.of(Long.parseLong(monitor)).orElseThrow().destroyForcibly();

    awaitNoProcess("pasta");
  }

  @Test
  void theHostsLoopbackIsNotReached() throws Exception {
    try (var server = new java.net.ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress())) {
      String script =
          "for a in 127.0.0.1 $(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p'); do"
              + " nc -w 1 $a "
              + server.getLocalPort()
              + " </dev/null && echo reached $a; done; echo end";
      assertThat(good("run", "--rm", box, "sh", "-c", script)).isEqualTo("end");
    }
  }

  @Test
  void lowPortsAreRoots() throws Exception {
    assertThat(bad("run", "--rm", "-p", "127.0.0.1:81:80", box, "true"))
        .contains("root's (EACCES)");
  }

  private static String fetch(String url) throws Exception {
    for (int attempt = 0; ; attempt++) {
      HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
      try (var in = connection.getInputStream()) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException notYet) {
        if (attempt == 50) {
          throw notYet;
        }
        Thread.sleep(50);
      }
    }
  }

  /** The user's processes with that word in their command line. */
  private static List<String> processes(String word) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path process : all.filter(p -> p.getFileName().toString().matches("[0-9]+")).toList()) {
        try {
          String words = Files.readString(process.resolve("cmdline"));
          boolean his =
              (Integer) Files.getAttribute(process, "unix:uid") == (int) user.uid()
                  || words.contains(user.run().toString());
          boolean named = List.of(words.split("\0")).contains(word);
          if (his && (named || words.startsWith("/usr/bin/" + word))) {
            found.add(words);
          }
        } catch (IOException gone) {
          continue;
        }
      }
    }
    return found;
  }

  private static void awaitNoProcess(String word) throws Exception {
    for (int i = 0; i < 200 && !processes(word).isEmpty(); i++) {
      Thread.sleep(25);
    }
    assertThat(processes(word)).isEmpty();
  }

  // ---- one id only ------------------------------------------------------------------------------

  @Test
  void withoutSubordinateIdsThereIsOnlyRoot() throws Exception {
    Path own = Files.createDirectory(directory.resolve("single"));
    try (OrdinaryUser single = OrdinaryUser.make(own, false)) {
      OrdinaryUser.Result first =
          single.mydocker(
              "run",
              "--rm",
              "--network",
              "none",
              single.busybox(),
              "sh",
              "-c",
              "cat /proc/self/uid_map; ls -lnd /tmp");
      assertThat(first.err()).startsWith("mydocker: this user has no ids in /etc/subuid");
      assertThat(first.out().split("\\s+")).startsWith("", "0", Long.toString(single.uid()), "1");
      assertThat(first.code()).isZero();
      OrdinaryUser.Result other =
          single.mydocker("run", "--rm", "-u", "5", "--network", "none", single.busybox(), "id");
      assertThat(other.err()).contains("user 5 does not exist").hasLineCount(1);
      OrdinaryUser.Result kept =
          single.mydocker(
              "run", "--rm", "--userns=keep-id", "--network", "none", single.busybox(), "id");
      assertThat(kept.err()).contains("--userns=keep-id needs subordinate ids").hasLineCount(1);
    }
  }
}
