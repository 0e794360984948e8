package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerFiles;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.Engine;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files of containers, running and not: cp, diff, export and commit. */
class FilesIT {
  private static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  @TempDir static Path directory;
  @TempDir Path here;

  private record Result(int code, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  private static Engine engine() throws IOException {
    String root = directory.resolve("root").toString();
    String run = directory.resolve("run").toString();
    return Engine.open(Map.of("MYDOCKER_ROOT", root, "MYDOCKER_RUN_ROOT", run));
  }

  private static Result mydocker(byte[] input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> all = new ArrayList<>();
    all.addAll(List.of("--root", directory.resolve("root").toString()));
    all.addAll(List.of("--run-root", directory.resolve("run").toString()));
    all.addAll(List.of(arguments));
    Console console = new Console(new ByteArrayInputStream(input), out, err);
    int code = new Main(console).run(all.toArray(new String[0]));
    return new Result(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  private static Result good(String... arguments) {
    Result result = mydocker(new byte[0], arguments);
    assertThat(result.code()).as(String.join(" ", arguments) + ": " + result.err()).isZero();
    return result;
  }

  private static String bad(String... arguments) {
    Result result = mydocker(new byte[0], arguments);
    assertThat(result.code()).as(String.join(" ", arguments)).isEqualTo(1);
    assertThat(result.err().lines()).hasSize(1);
    return result.err();
  }

  private static String script(String name, String... script) {
    String[] line = {"create", "--name", name, BUSYBOX, "sh", "-c", String.join("; ", script)};
    return good(line).out();
  }

  /** A container that has done something and goes on until it is killed. */
  private static void running(String name, String... script) {
    script(name, String.join("; ", script), "echo >/ready", "exec sleep 1000");
    good("start", name);
    while (mydocker(new byte[0], "cp", name + ":/ready", "-").code() != 0) {
      Thread.onSpinWait();
    }
  }

  private static void done(String name, String... script) {
    script(name, script);
    good("start", name);
    assertThat(good("wait", name).out()).isEqualTo("0");
  }

  /** The tar's entries as GNU tar reads them. */
  private String tar(byte[] archive, String... flags) throws Exception {
    Path file = Files.write(here.resolve("judged.tar"), archive);
    List<String> line = new ArrayList<>(List.of("tar", "-f", file.toString()));
    line.addAll(Arrays.asList(flags));
    Process tar = new ProcessBuilder(line).redirectErrorStream(true).start();
    String out = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(tar.waitFor()).as(out).isZero();
    Files.delete(file);
    return out.strip();
  }

  private String path(String name) {
    return here + "/" + name;
  }

  private String content(String name) throws IOException {
    return Files.readString(here.resolve(name)).strip();
  }

  @BeforeEach
  @AfterEach
  void removeAll() throws IOException {
    for (ContainerInfo container : engine().containers()) {
      good("rm", "-f", container.id());
    }
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .doesNotContain(directory.toString());
  }

  @Test
  void diffTellsWhatWasAddedChangedAndDeletedByPath() {
    done(
        "changes",
        "rm /bin/ls",
        "echo a >/bin/added",
        "mkdir -p /new/sub",
        "echo >/new/sub/f",
        "mv /home /gone && rmdir /gone && mkdir /home && echo >/home/x",
        "echo >/tmp/-b && rm /tmp/-b");
    assertThat(good("diff", "changes").out().lines())
        .contains("C /bin", "A /bin/added", "D /bin/ls", "A /new", "A /new/sub", "A /new/sub/f")
        .contains("C /home", "A /home/x", "C /tmp")
        .doesNotContain("C /", "D /tmp/-b")
        .isSortedAccordingTo((a, b) -> a.substring(2).compareTo(b.substring(2)));
  }

  @Test
  void diffTellsWhatAnOpaqueDirectoryHides() {
    done("below", "mkdir -p /d/sub", "echo >/d/old", "echo >/d/kept", "echo >/d/sub/f");
    good("commit", "below", "files:below");
    String replace = "rm -r /d && mkdir /d && echo >/d/kept && echo >/d/new";
    good("run", "-d", "--name", "opaque", "files:below", "sh", "-c", replace);
    good("wait", "opaque");
    assertThat(good("diff", "opaque").out().lines())
        .contains("C /d", "C /d/kept", "A /d/new", "D /d/old", "D /d/sub")
        .doesNotContain("D /d", "D /d/sub/f");
  }

  @Test
  void nothingIsChangedInWhatWasNotStarted() {
    script("fresh", "true");
    assertThat(good("diff", "fresh").out()).isEmpty();
  }

  @Test
  void exportGivesTheSameFilesRunningOrNot() throws Exception {
    running("ex", "echo hello >/w", "rm /bin/ls", "ln /w /hard", "ln -s /w /link");
    String running = tar(good("export", "ex").bytes(), "-t");
    assertThat(running.lines())
        .contains("./", "w", "hard", "link", "bin/busybox", "proc/")
        .doesNotContain("bin/ls")
        .noneMatch(name -> name.startsWith("proc/") && name.length() > 5);
    good("kill", "ex");
    good("wait", "ex");
    good("export", "-o", path("ex.tar"), "ex");
    byte[] resting = Files.readAllBytes(here.resolve("ex.tar"));
    assertThat(tar(resting, "-t").lines())
        .as("what was a mount point comes elsewhere")
        .containsExactlyInAnyOrderElementsOf(running.lines().toList());
    assertThat(tar(resting, "-x", "-O", "hard")).isEqualTo("hello");
  }

  @Test
  void commitMakesAnImageOfARunningContainer() {
    running("cm", "echo kept >/kept", "rm /bin/ls");
    String id =
        good(
                "commit",
                "-a",
                "me",
                "-m",
                "why",
                "-c",
                "ENV A=1",
                "-c",
                "CMD [\"cat\", \"/kept\"]",
                "cm",
                "files:1")
            .out();
    assertThat(id).matches("sha256:[0-9a-f]{64}");
    assertThat(good("image", "inspect", "--format", "{{.Id}} {{.Author}}", "files:1").out())
        .isEqualTo(id + " me");
    assertThat(good("history", "--no-trunc", "files:1").out()).contains("why", "echo kept");
    good("run", "-d", "--name", "of", "files:1");
    assertThat(good("wait", "of").out()).isEqualTo("0");
    assertThat(good("diff", "of").out().lines()).noneMatch(line -> line.contains("/kept"));
    assertThat(good("cp", "of:/kept", "-").out()).contains("kept");
    assertThat(bad("cp", "of:/bin/ls", "-")).contains("no such file");
    assertThat(good("ps", "--format", "{{.Names}} {{.State}}").out()).isEqualTo("cm running");
  }

  @Test
  void commitOfWhatWasNotStartedIsItsImage() {
    script("unborn", "true");
    good("commit", "unborn", "files:2");
    good("run", "-d", "--name", "born", "-u", "1000", "files:2", "ls", "/");
    assertThat(good("wait", "born").out()).as("others may enter its root").isEqualTo("0");
  }

  /** Rows of CP07: what a path out of a container is called in the tar. */
  @ParameterizedTest
  @CsvSource({
    "/d, d/ d/f d/link d/sub/",
    "d, d/ d/f d/link d/sub/",
    "/d/, d/ d/f d/link d/sub/",
    "/d/., ./ f link sub/",
    "/d/sub/.., d/ d/f d/link d/sub/",
    "/d/f, f",
    "d/../d/f, f",
    "/../../d/f, f",
    "/tofile, tofile",
    "/todir, todir",
    "/todir/, todir/ todir/f todir/link todir/sub/",
    "/todir/., ./ f link sub/",
    "/todir/f, f",
    "/dangling, dangling",
  })
  void CP07_namesOutOfAContainer(String source, String names) throws Exception {
    tree();
    byte[] tar = good("cp", "forms:" + source, "-").bytes();
    assertThat(tar(tar, "-t").lines()).containsExactlyInAnyOrder(names.split(" "));
  }

  private static void tree() {
    done(
        "forms",
        "mkdir -p /d/sub",
        "echo f >/d/f",
        "ln -s f /d/link",
        "ln -s d/f /tofile",
        "ln -s /d /todir",
        "ln -s /nowhere /dangling");
  }

  @Test
  void CP07_whatIsNotThereIsToldInOneLine() {
    tree();
    assertThat(bad("cp", "forms:/none", "-")).contains("/none: there is no such file");
    assertThat(bad("cp", "forms:/none/x", "-")).contains("directory that it is in is not there");
    assertThat(bad("cp", "forms:/d/f/", "-")).contains("it is no directory");
    assertThat(bad("cp", "forms:/dangling/", path("x"))).contains("no such");
    assertThat(bad("cp", "-L", "forms:/dangling", path("x"))).contains("no such");
    assertThat(bad("cp", "forms:/d", path("none/x"))).contains("is not there");
    assertThat(bad("cp", "forms:/d/f", path("none/"))).contains("no such directory");
    assertThat(bad("cp", path("none"), "forms:/")).contains("no such file");
    assertThat(here).isEmptyDirectory();
  }

  @Test
  void copiesOutAsDockerDoes() throws Exception {
    tree();
    good("cp", "forms:/d/f", path("file"));
    assertThat(content("file")).isEqualTo("f");
    good("cp", "forms:/d", path("made"));
    assertThat(content("made/f")).as("the target was not there").isEqualTo("f");
    good("cp", "forms:/d", path("made"));
    assertThat(content("made/d/f")).as("now it is").isEqualTo("f");
    good("cp", "forms:/d/.", path("made/d/sub"));
    assertThat(content("made/d/sub/f")).isEqualTo("f");
    good("cp", "forms:/tofile", path(""));
    assertThat(Files.readSymbolicLink(here.resolve("tofile"))).hasToString("d/f");
    good("cp", "-L", "forms:/tofile", path("followed"));
    assertThat(Files.isRegularFile(here.resolve("followed"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(bad("cp", "forms:/d", path("file"))).contains("a directory cannot be copied onto");
    good("cp", "forms:/bin/busybox", path("file"));
    assertThat(Files.isExecutable(here.resolve("file"))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void copiesIntoContainersThatRunAndThatDoNot(boolean runs) throws Exception {
    if (runs) {
      running("into", "mkdir /in");
    } else {
      done("into", "mkdir /in");
    }
    Files.createDirectories(here.resolve("src/sub"));
    Files.writeString(here.resolve("src/sub/f"), "content");
    Files.setAttribute(here.resolve("src/sub/f"), "unix:uid", 1234);
    good("cp", path("src"), "into:/in");
    good("cp", path("src/."), "into:/in/");
    good("cp", path("src"), "into:/renamed");
    good("cp", "-a", path("src/sub/f"), "into:/in/owned");
    byte[] tar = good("cp", "into:/in/.", "-").bytes();
    assertThat(tar(tar, "-t").lines())
        .containsExactlyInAnyOrder("./", "owned", "src/", "src/sub/", "src/sub/f", "sub/", "sub/f");
    assertThat(tar(tar, "-tv", "--numeric-owner", "src/sub/f", "owned").lines())
        .anyMatch(line -> line.contains(" 0/0 ") && line.endsWith("src/sub/f"))
        .anyMatch(line -> line.contains(" 1234/0 ") && line.endsWith("owned"));
    good("cp", "into:/renamed/sub/f", path("back"));
    assertThat(content("back")).isEqualTo("content");
  }

  @Test
  void aTarIsUnpackedIntoADirectory() throws Exception {
    done("tarred", "mkdir /in", "echo old >/in/f", "ln -s /in /abs");
    tree();
    byte[] tar = good("cp", "forms:/d", "-").bytes();
    assertThat(mydocker(tar, "cp", "-", "tarred:/abs").code()).isZero();
    assertThat(tar(good("cp", "tarred:/in", "-").bytes(), "-t").lines())
        .contains("in/d/f", "in/d/link", "in/f");
    Result file = mydocker(tar, "cp", "-", "tarred:/in/f");
    assertThat(file.err()).contains("a tar can only be unpacked into one");
    Result noTar = mydocker(new byte[700], "cp", "-", "tarred:/in");
    assertThat(mydocker("no tar".repeat(200).getBytes(), "cp", "-", "tarred:/in").code())
        .isEqualTo(1);
    assertThat(noTar.code()).as("an empty archive").isLessThan(2);
  }

  @Test
  void aFileAndADirectoryDoNotReplaceEachOther() throws Exception {
    done("both", "mkdir -p /t/x /t/d", "echo >/t/y");
    Files.createDirectories(here.resolve("s/y"));
    Files.writeString(here.resolve("s/x"), "");
    assertThat(bad("cp", path("s/y"), "both:/t")).contains("something else of that name");
    assertThat(bad("cp", path("s/x"), "both:/t")).contains("a directory of that name is there");
  }

  @Test
  void CP05_linksOfTheImageAreFollowedInIt() throws Exception {
    running("links", "rm -rf /var/run", "ln -s /run /var/run", "mkdir -p /run/x");
    Files.writeString(here.resolve("f"), "through");
    good("cp", path("f"), "links:/var/run/x/f");
    good("cp", "links:/run/x/f", path("g"));
    assertThat(content("g")).isEqualTo("through");
  }

  @Test
  void CP06_anAbsoluteLinkLeadsToTheContainersFile() throws Exception {
    running("hostname", "echo mine >/etc/own", "ln -s /etc/own /link", "ln -s /etc/shadow /none");
    good("cp", "-L", "hostname:/link", path("out"));
    assertThat(content("out")).isEqualTo("mine");
    assertThat(bad("cp", "-L", "hostname:/none", path("x"))).contains("no such file");
    good("cp", "-L", "hostname:/proc/1/exe", path("exe"));
    good("cp", "-L", "hostname:/bin/busybox", path("busybox"));
    assertThat(here.resolve("exe")).hasSameBinaryContentAs(here.resolve("busybox"));
  }

  @Test
  void CP09_whatIsReadOnlyStaysSo() throws Exception {
    Files.writeString(here.resolve("f"), "");
    Files.createDirectory(here.resolve("v"));
    String volume = path("v") + ":/v:ro";
    String[] line = {
      "create", "--name", "ro", "--read-only", "-v", volume, BUSYBOX, "sleep", "1000"
    };
    good(line);
    assertThat(bad("cp", path("f"), "ro:/root")).contains("EROFS");
    good("start", "ro");
    assertThat(bad("cp", path("f"), "ro:/root")).contains("EROFS");
    assertThat(bad("cp", path("f"), "ro:/v")).contains("EROFS");
    assertThat(here.resolve("v")).isEmptyDirectory();
  }

  @Test
  void aContainerThatDoesNotRunHasItsMountsForCopies() throws Exception {
    Files.createDirectory(here.resolve("v"));
    Files.writeString(here.resolve("f"), "volume's");
    script("linked", "rm -rf /var/run; ln -s ../run /var/run", "echo covered >/home/below");
    good("start", "linked");
    good("wait", "linked");
    good("commit", "linked", "files:linked");
    String volume = path("v") + ":/var/run/x";
    String home = path("v") + ":/home:ro";
    String file = path("f") + ":/new/file";
    good(
        "create",
        "--name",
        "vol",
        "--read-only",
        "-v",
        volume,
        "-v",
        home,
        "-v",
        file,
        "files:linked",
        "sleep",
        "1000");
    good("cp", path("f"), "vol:/run/x/g");
    assertThat(content("v/g")).isEqualTo("volume's");
    assertThat(bad("cp", path("f"), "vol:/home/")).contains("EROFS");
    assertThat(bad("cp", path("f"), "vol:/run/")).contains("EROFS");
    assertThat(tar(good("cp", "vol:/home", "-").bytes(), "-t").lines())
        .containsExactly("home/", "home/g");
    assertThat(tar(good("cp", "vol:/run", "-").bytes(), "-t")).contains("run/x/g");
    good("cp", "vol:/new", path("out"));
    assertThat(content("out/file")).isEqualTo("volume's");
    assertThat(tar(good("export", "vol").bytes(), "-t").lines())
        .contains("home/below", "run/x/", "new/file")
        .doesNotContain("run/x/g", "home/g");
    assertThat(good("diff", "vol").out().lines())
        .as("what a start would make")
        .containsExactlyInAnyOrder("C /run", "A /run/x", "A /new", "A /new/file");
    assertThat(bad("cp", "vol:/none", "-")).contains("no such file");
  }

  @Test
  void whatCannotBeMountedIsNotTakenForWhatItCovers() throws Exception {
    Files.createDirectory(here.resolve("v"));
    Files.writeString(here.resolve("f"), "");
    String home = path("v") + ":/home";
    good("create", "--name", "gone", "-v", home, BUSYBOX, "sleep", "1000");
    Files.delete(here.resolve("v"));
    String reason = "is mounted while it runs only: start it first";
    assertThat(bad("cp", path("f"), "gone:/home/")).contains(reason);
    assertThat(bad("cp", path("f"), "gone:/home/f")).contains(reason);
    assertThat(bad("cp", "gone:/home", path("out"))).contains(reason);
    good("cp", path("f"), "gone:/homes");
  }

  @Test
  void aRunningContainersMountsAreCopiedWithTheirDirectory() throws Exception {
    Files.createDirectory(here.resolve("v"));
    Files.writeString(here.resolve("v/f"), "volume's");
    String volume = path("v") + ":/d/v";
    good(
        "create",
        "--name",
        "run",
        "-v",
        volume,
        "--tmpfs",
        "/d/memory",
        BUSYBOX,
        "sh",
        "-c",
        "echo >/d/memory/f; echo >/d/ready; exec sleep 1000");
    good("start", "run");
    while (mydocker(new byte[0], "cp", "run:/d/ready", "-").code() != 0) {
      Thread.onSpinWait();
    }
    assertThat(tar(good("cp", "run:/d", "-").bytes(), "-t").lines())
        .containsExactlyInAnyOrder("d/", "d/ready", "d/memory/", "d/v/", "d/v/f");
    assertThat(tar(good("cp", "run:/", "-").bytes(), "-t").lines())
        .contains("./", "proc/", "dev/", "d/v/f", "etc/hostname")
        .noneMatch(name -> name.matches("(proc|sys|dev)/.+"));
  }

  @Test
  void copiesKeepAttributesLinksAndNodes() throws Exception {
    Path tree = Files.createDirectories(here.resolve("tree/sub")).getParent();
    Files.writeString(tree.resolve("f"), "content");
    Files.createLink(tree.resolve("sub/same"), tree.resolve("f"));
    byte[] capability = {1, 0, 0, 2, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    byte[] other = {'x'};
    byte[] name = "f".getBytes(StandardCharsets.US_ASCII);
    try (Directory top = Directory.open(tree)) {
      top.setXattr(name, "security.capability".getBytes(), capability);
      top.setXattr(name, "user.note".getBytes(), other);
      top.setXattr(name, "trusted.note".getBytes(), other);
      top.setXattr("user.top".getBytes(), other);
      top.mknod("null".getBytes(), Linux.S_IFCHR, 1, 3);
      top.chmod("null".getBytes(), 0604);
      top.mknod("fifo".getBytes(), Linux.S_IFIFO, 0, 0);
      top.mknod("socket".getBytes(), Linux.S_IFSOCK, 0, 0);
    }
    script("kept", "true");
    Result in = good("cp", "-a", path("tree"), "kept:/in");
    assertThat(in.err()).contains("1 files were not copied");
    good("cp", "kept:/in", path("out"));
    byte[] archive = good("cp", "kept:/in", "-").bytes();
    good("start", "kept");
    good("wait", "kept");
    assertThat(mydocker(archive, "cp", "-", "kept:/home").code()).isZero();
    good("cp", "kept:/home/in", path("again"));
    for (String copy : List.of("out", "again")) {
      try (Directory top = Directory.open(here.resolve(copy))) {
        assertThat(top.getXattr(name, "security.capability".getBytes())).hasValue(capability);
        assertThat(top.getXattr(name, "user.note".getBytes())).hasValue(other);
        assertThat(top.getXattr(name, "trusted.note".getBytes())).isEmpty();
        assertThat(top.getXattr("user.top".getBytes())).hasValue(other);
        assertThat(top.stat(name).nlink()).isEqualTo(2);
        Stat node = top.stat("null".getBytes());
        assertThat(node.mode()).isEqualTo(Linux.S_IFCHR | 0604);
        assertThat(node.rdevMajor() + ":" + node.rdevMinor()).isEqualTo("1:3");
        assertThat(top.stat("fifo".getBytes()).type()).isEqualTo(Linux.S_IFIFO);
      }
      assertThat(content(copy + "/sub/same")).isEqualTo("content");
    }
  }

  @Test
  void CP11_specialSourcesDoNotBlock() throws Exception {
    running("special", "mkdir /s", "mkfifo /s/fifo", "mknod /s/null c 1 3");
    good("cp", "special:/s", path("s"));
    assertThat(Files.exists(here.resolve("s/fifo"))).isTrue();
    assertThat(Files.getAttribute(here.resolve("s/null"), "unix:rdev")).isEqualTo(0x103L);
    assertThat(tar(good("cp", "special:/s/fifo", "-").bytes(), "-tv")).startsWith("prw");
  }

  @Test
  void nobodyStartsAContainerWhoseFilesAreOpen() throws Exception {
    done("held", "true");
    try (ContainerFiles files = engine().find("held").files()) {
      assertThat(bad("start", "held")).contains("by another process");
      assertThat(files.root().stat().isDirectory()).isTrue();
    }
    good("start", "held");
    good("wait", "held");
  }

  /** The container exchanges a directory with a link to this host's, under the copies. */
  @Test
  void CP01_aLinkThatIsExchangedMeanwhileLeadsNowhereElse() throws Exception {
    Files.writeString(here.resolve("secret"), "host's");
    Files.writeString(here.resolve("f"), "planted");
    String swap =
        "mkdir -p /x /y"
            + here
            + "; echo own >/x/secret; ln -s "
            + here
            + " /l; mkdir -p "
            + here
            + "; echo own >"
            + here
            + "/secret; echo >/ready;"
            + " while :; do mv -T /x /t; mv -T /l /x; mv -T /x /l; mv -T /t /x; done";
    script("racer", swap);
    good("start", "racer");
    while (mydocker(new byte[0], "cp", "racer:/ready", "-").code() != 0) {
      Thread.onSpinWait();
    }
    int read = 0;
    for (int i = 0; i < 150; i++) {
      Result out = mydocker(new byte[0], "cp", "racer:/x/secret", "-");
      if (out.code() == 0) {
        read++;
        assertThat(out.out()).doesNotContain("host's");
      }
      mydocker(new byte[0], "cp", path("f"), "racer:/x/planted");
    }
    assertThat(read).isPositive();
    assertThat(here.toFile().list()).containsExactlyInAnyOrder("secret", "f");
    assertThat(content("secret")).isEqualTo("host's");
  }
}
