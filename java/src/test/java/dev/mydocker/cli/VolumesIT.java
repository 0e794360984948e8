package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.Volume;
import dev.mydocker.engine.VolumeException;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.LaunchException;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes, by the commands that a user types. */
@ExtendWith(NothingLeft.class)
class VolumesIT {
  private static final TestEngine ENGINE = TestEngine.shared();

  @TempDir Path here;

  private final CommandLine mydocker = new CommandLine(ENGINE.root(), ENGINE.runRoot());

  @AfterEach
  void nothingIsLeft() throws IOException {
    mydocker.clear();
    mydocker.good("volume", "prune", "-a", "-f");
    if (Files.exists(ENGINE.root().resolve("volumes"))) {
      assertThat(ENGINE.root().resolve("volumes")).isEmptyDirectory();
    }
  }

  /** Runs a script with {@code --rm}; its output. */
  private static String sh(String flags, String script) throws Exception {
    return run(flags, CommandLine.BUSYBOX, script);
  }

  private static String run(String flags, String image, String script) throws Exception {
    List<String> line = new ArrayList<>(List.of("--rm"));
    line.addAll(List.of(flags.split(" ")));
    line.addAll(List.of(image, "sh", "-c", script));
    return ENGINE.run(line.toArray(String[]::new)).line();
  }

  /** A container in the background; its id. */
  private String started(String... arguments) {
    List<String> line = new ArrayList<>(List.of("create"));
    line.addAll(List.of(arguments));
    String id = mydocker.good(line.toArray(String[]::new));
    mydocker.good("start", id);
    return id;
  }

  private List<String> volumes() {
    return mydocker.good("volume", "ls", "-q").lines().toList();
  }

  private Path content(String name) {
    return ENGINE.root().resolve("volumes").resolve(name).resolve("_data");
  }

  /** An image with files of several kinds in /files, its own owner, and two volumes. */
  private String image() throws IOException {
    return ImageLayout.in(Files.createDirectory(here.resolve("image")))
        .busybox()
        .layer(
            new ImageLayout.Layer()
                .directory("files")
                .file("files/f", "of the image")
                .symlink("files/l", "/etc/passwd")
                .directory("files/sub")
                .file("files/sub/x", 04755, new byte[3])
                .symlink("link", "files")
                .directory("empty"))
        .config(
            Json.object()
                .put(
                    "Volumes",
                    Json.object()
                        .put("/files", Json.object().build())
                        .put("/new/place", Json.object().build())
                        .build()))
        .end();
  }

  @Test
  void whatIsWrittenIntoAVolumeOutlivesItsContainers() throws Exception {
    sh("-v data:/data", "echo one >/data/f");
    assertThat(volumes()).containsExactly("data");
    assertThat(sh("-v data:/other", "cat /other/f; echo two >/other/f")).isEqualTo("one");
    assertThat(sh("--mount type=volume,src=data,dst=/d", "cat /d/f")).isEqualTo("two");
  }

  @Test
  void runningContainersShareAVolume() throws Exception {
    try (TestContainer reader = ENGINE.startSh("-v data:/d", "mkfifo /d/p; cat /d/p")) {
      while (!Files.exists(content("data").resolve("p"))) {
        Thread.onSpinWait();
      }
      sh("-v data:/d", "echo hello >/d/p");
      assertThat(reader.end().line()).isEqualTo("hello");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-v data:/d:ro", "--mount type=volume,source=data,target=/d,readonly"})
  void aReadOnlyVolumeIsNotWritten(String flags) throws Exception {
    assertThat(sh(flags, "touch /d/f 2>&1; ls /d")).contains("Read-only file system");
    assertThat(content("data")).isEmptyDirectory();
  }

  @Test
  void RT34_aDeviceNodeInAVolumeCannotBeOpened() throws Exception {
    assertThat(sh("--privileged -v data:/d", "mknod /d/null c 1 3; cat /d/null 2>&1; echo $?"))
        .contains("Permission denied");
    assertThat(sh("-v data:/d", "cat /d/null 2>&1; echo $?")).contains("Permission denied");
  }

  @Test
  void anEmptyVolumeGetsWhatTheImageHasThere() throws Exception {
    String image = image();
    String look = "cat /files/f; echo; readlink /files/l; stat -c '%a %s' /files/sub/x";
    assertThat(run("-v data:/files", image, look).lines())
        .containsExactly("of the image", "/etc/passwd", "4755 3");
    assertThat(run("-v data:/files", image, "echo changed >/files/f")).isEmpty();
    assertThat(run("-v data:/files", image, "cat /files/f")).isEqualTo("changed");
    assertThat(run("-v ro:/files:ro", image, "cat /files/f")).isEqualTo("of the image");
    assertThat(run("-v none:/files:nocopy", image, "ls /files")).isEmpty();
    assertThat(run("--mount src=none,dst=/files,volume-nocopy", image, "ls /files")).isEmpty();
    assertThat(run("-v other:/empty", image, "ls -A /empty")).isEmpty();
    // Not /link itself, but what it leads to in the container.
    assertThat(run("-v linked:/link", image, "cat /files/f; echo; readlink /link").lines())
        .containsExactly("of the image", "files");
  }

  @Test
  void theVolumeHasTheOwnerAndModeOfTheImagesDirectory() throws Exception {
    String made =
        started(
            CommandLine.BUSYBOX,
            "sh",
            "-c",
            "mkdir /d; echo a >/d/f; chown 7:8 /d/f; chown 9:10 /d; chmod 1770 /d");
    mydocker.good("wait", made);
    mydocker.good("commit", made, "owned:1");
    assertThat(run("-v data:/d", "owned:1", "stat -c '%a %u:%g' /d /d/f").lines())
        .containsExactly("1770 9:10", "644 7:8");
    mydocker.good("rmi", "owned:1");
  }

  @Test
  void CP05_aVolumeIsMountedWhereTheImagesLinksLead() throws Exception {
    String image =
        ImageLayout.in(Files.createDirectory(here.resolve("image")))
            .busybox()
            .layer(
                new ImageLayout.Layer()
                    .directory("run")
                    .directory("var")
                    .symlink("var/run", "/run")
                    .symlink("out", "../../../../../" + here))
            .end();
    assertThat(
            run(
                "-v data:/var/run/x -v more:/out/y",
                image,
                "touch /run/x/f; mount | grep -o 'on [^ ]*/[xy] '"))
        .contains("on /run/x");
    assertThat(content("data").resolve("f")).exists();
    assertThat(here.resolve("y")).doesNotExist();
  }

  @Test
  void anImagesVolumesAreNewOnesWithoutAName() throws Exception {
    String image = image();
    String id =
        mydocker.good("create", "--read-only", "--name", "cc", image, "touch", "/files/new");
    assertThat(volumes()).hasSize(2).allMatch(name -> name.length() == 64);
    mydocker.good("start", id);
    mydocker.good("wait", id);
    Json.Arr mounts =
        (Json.Arr) Json.parse(bytes(mydocker.good("inspect", "-f", "{{json .Mounts}}", "cc")));
    assertThat(mounts.items()).hasSize(2);
    for (String name : volumes()) {
      assertThat(mounts.toString()).contains(name);
    }
    assertThat(volumes().stream().filter(v -> Files.exists(content(v).resolve("new")))).hasSize(1);
    // Where a user mounts something there is no volume of the image.
    assertThat(run("-v mine:/files --tmpfs /new/place", image, "cat /files/f"))
        .isEqualTo("of the image");
    assertThat(volumes()).hasSize(3).contains("mine");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void volumesWithoutANameGoWithAContainerThatGoesAtItsEnd() throws Exception {
    sh("-v /a -v data:/d --mount type=volume,dst=/b", "touch /a/f /b/f /d/f");
    assertThat(volumes()).containsExactly("data");
    String id = started("--rm", "-v", "/a", CommandLine.BUSYBOX, "true");
    while (Files.exists(mydocker.running(id))) {
      Thread.onSpinWait();
    }
    assertThat(volumes()).containsExactly("data");
  }

  @Test
  void rmTakesVolumesWithoutANameAlongWhenItIsToldTo() throws Exception {
    for (String name : List.of("one", "two")) {
      mydocker.good("create", "--name", name, "-v", "/a", "-v", "data:/d", CommandLine.BUSYBOX);
    }
    mydocker.good("rm", "one");
    assertThat(volumes()).hasSize(3);
    mydocker.good("rm", "-v", "two");
    assertThat(volumes()).hasSize(2).contains("data");
    assertThat(mydocker.good("volume", "prune", "-f")).contains("Total reclaimed space: 0B");
    assertThat(volumes()).containsExactly("data");
  }

  @Test
  void aVolumeWithoutANameThatSomebodyElseHasStays() throws Exception {
    mydocker.good("create", "--name", "one", "-v", "/a", CommandLine.BUSYBOX);
    String name = volumes().get(0);
    mydocker.good("create", "--name", "two", "--volumes-from", "one", CommandLine.BUSYBOX);
    mydocker.good("rm", "-v", "one");
    assertThat(volumes()).containsExactly(name);
    mydocker.good("rm", "-v", "two");
    assertThat(volumes()).isEmpty();
  }

  @Test
  void theMountsOfAnotherContainerAreTakenOver() throws Exception {
    Files.writeString(here.resolve("f"), "the host's");
    mydocker.good(
        "create",
        "--name",
        "one",
        "--ipc",
        "host",
        "-v",
        "data:/d",
        "-v",
        "/a",
        "-v",
        here + ":/h:ro",
        CommandLine.BUSYBOX);
    sh("--volumes-from one", "echo x >/d/f; echo y >/a/f");
    assertThat(sh("--volumes-from one:ro", "cat /d/f /a/f /h/f; touch /d/g /a/g || echo no"))
        .isEqualTo("x\ny\nthe host'sno");
    assertThat(sh("--volumes-from one", "grep -c ' /dev/shm .* tmpfs shm ' /proc/self/mountinfo"))
        .isEqualTo("1");
    assertThat(sh("--volumes-from one -v other:/d", "ls /d; cat /a/f")).isEqualTo("y");
    assertThat(mydocker.bad("create", "--volumes-from", "nobody", CommandLine.BUSYBOX))
        .contains("No such container: nobody");
    assertThat(volumes()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "sub/dir,/d/f,inner",
    "sub/dir/f,/d,inner",
    "in,/d/f,inner",
    "abs,/d/f,inner",
    "./sub//dir/,/d/f,inner"
  })
  void aPartOfAVolumeCanBeMounted(String subpath, String file, String content) throws Exception {
    sh(
        "-v data:/d",
        "mkdir -p /d/sub/dir; echo inner >/d/sub/dir/f; ln -s sub/dir /d/in; ln -s /sub/dir"
            + " /d/abs");
    String mount = "--mount src=data,dst=/d,volume-subpath=" + subpath;
    assertThat(sh(mount, "cat " + file)).isEqualTo(content);
  }

  @ParameterizedTest
  @ValueSource(strings = {"out", "up", "none", "f/x"})
  void RT46_aPartOfAVolumeIsNothingOutsideOfIt(String subpath) throws Exception {
    String victim = Files.createDirectory(here.resolve("victim")).toString();
    sh("-v data:/d", "ln -s " + victim + " /d/out; ln -s ../../../../../../.. /d/up; touch /d/f");
    String mount = "--mount src=data,dst=/d,volume-subpath=" + subpath;
    if (subpath.equals("up")) {
      // Above a volume's root is its root.
      assertThat(sh(mount, "ls /d").lines()).containsExactly("f", "out", "up");
    } else {
      assertThatThrownBy(() -> sh(mount, "touch /d/x")).isInstanceOf(LaunchException.class);
    }
    assertThat(Path.of(victim)).isEmptyDirectory();
  }

  @Test
  void RT46_aPartThatIsExchangedForALinkLeadsNowhereElse() throws Exception {
    Path victim = Files.createDirectory(here.resolve("victim"));
    Files.writeString(victim.resolve("secret"), "");
    mydocker.good("volume", "create", "data");
    Files.createDirectory(content("data").resolve("d"));
    Files.writeString(content("data").resolve("d/plain"), "");
    Files.createSymbolicLink(content("data").resolve("l"), victim);
    AtomicBoolean over = new AtomicBoolean();
    Thread exchange = new Thread(() -> exchange(content("data"), over));
    exchange.start();
    try {
      for (int i = 0; i < 20; i++) {
        String mount = "type=volume,src=data,dst=/d,volume-subpath=d";
        try {
          assertThat(sh("--mount " + mount, "ls /d")).isEqualTo("plain");
        } catch (LaunchException refused) {
          assertThat(refused.exitCode()).isEqualTo(125);
        }
      }
    } finally {
      over.set(true);
      exchange.join();
    }
  }

  private static void exchange(Path in, AtomicBoolean over) {
    byte[] one = bytes(in.resolve("d").toString());
    byte[] other = bytes(in.resolve("l").toString());
    while (!over.get()) {
      Linux.renameat2(Linux.AT_FDCWD, one, Linux.AT_FDCWD, other, Linux.RENAME_EXCHANGE);
    }
  }

  @Test
  void aCreateThatFailsLeavesNoVolumeOfItsOwn() throws Exception {
    mydocker.good("create", "--name", "taken", CommandLine.BUSYBOX);
    mydocker.good("volume", "create", "there");
    String[][] failures = {
      {"--name", "taken", "-v", "new:/d", "-v", "/a", "-v", "there:/t"},
      {"-v", "new:/d", "-v", "other:/d"},
      {"-v", "new:/proc/sys"},
      {"-v", "new:/d", "--mount", "type=bind,src=/no/such,dst=/x"},
      {"-v", "new:/d", "-u", "ghost"},
    };
    for (String[] failure : failures) {
      List<String> line = new ArrayList<>(List.of("create"));
      line.addAll(List.of(failure));
      line.add(CommandLine.BUSYBOX);
      mydocker.bad(line.toArray(String[]::new));
      assertThat(volumes()).as(String.join(" ", failure)).containsExactly("there");
    }
    Files.writeString(ENGINE.root().resolve("volumes/there/volume.json"), "{");
    assertThat(mydocker.bad("create", "-v", "new:/d", "-v", "there:/t", CommandLine.BUSYBOX))
        .contains("volume there is damaged");
    assertThat(ENGINE.root().resolve("volumes/new")).doesNotExist();
    CommandLine.Result listed = mydocker.run("volume", "ls", "-q");
    assertThat(listed.out()).isEqualTo("there\n");
    assertThat(listed.err()).contains("there is damaged");
    mydocker.good("volume", "rm", "there");
  }

  @Test
  void aVolumeInUseIsNotRemoved() throws Exception {
    String id = mydocker.good("create", "-v", "data:/d", CommandLine.BUSYBOX);
    assertThat(mydocker.bad("volume", "rm", "data"))
        .isEqualTo("mydocker: volume rm: remove data: volume is in use - [" + id + "]");
    mydocker.bad("volume", "rm", "-f", "data");
    assertThat(mydocker.good("volume", "prune", "-a", "-f")).doesNotContain("data");
    assertThat(mydocker.bad("volume", "rm", "none")).contains("no such volume: none");
    mydocker.good("volume", "rm", "-f", "none");
    mydocker.good("rm", id);
    assertThat(mydocker.good("volume", "rm", "data")).isEqualTo("data");
  }

  @Test
  void CP18_aVolumeBelowWhichSomethingIsMountedStays() throws Exception {
    mydocker.good("volume", "create", "data");
    Path below = Files.createDirectory(content("data").resolve("m"));
    Path victim = Files.createDirectory(here.resolve("victim"));
    Files.writeString(victim.resolve("f"), "kept");
    byte[] target = bytes(below.toString());
    int bind = 4096;
    KernelException.check(
        Linux.mount(bytes(victim.toString()), target, bytes(""), bind, bytes("")), "mount", "m");
    try {
      String reason = mydocker.bad("volume", "rm", "data");
      assertThat(reason)
          .contains("cannot remove volume data whole")
          .containsAnyOf("EXDEV", "EBUSY");
      mydocker.good("volume", "create", "other");
      CommandLine.Result pruned = mydocker.run("volume", "prune", "-a", "-f");
      assertThat(pruned.code()).isEqualTo(1);
      assertThat(pruned.out()).contains("\nother\n").doesNotContain("data");
      assertThat(pruned.err()).contains("cannot remove volume data whole");
      assertThat(mydocker.good("system", "df")).contains("Local Volumes");
      assertThat(volumes()).containsExactly("data");
    } finally {
      Linux.umount2(target, 0);
    }
    assertThat(victim.resolve("f")).hasContent("kept");
    mydocker.good("volume", "rm", "data");
  }

  @Test
  void whatIsInAVolumeIsNoChangeOfTheContainer() throws Exception {
    String id = started("-v", "data:/d", CommandLine.BUSYBOX, "touch", "/d/f");
    mydocker.good("wait", id);
    assertThat(mydocker.good("diff", id)).doesNotContain("/d/f");
    mydocker.good("commit", id, "without:1");
    assertThat(sh("--tmpfs /x", "true")).isEmpty();
    assertThat(run("-w /", "without:1", "ls -A /d")).isEmpty();
    mydocker.good("rmi", "without:1");
  }

  @Test
  void CP09_aReadOnlyVolumeIsSoForCopiesToo() throws Exception {
    Files.writeString(here.resolve("f"), "new");
    started(
        "--name", "cc", "-v", "ro:/ro:ro", "-v", "rw:/rw", CommandLine.BUSYBOX, "sleep", "1000");
    assertThat(mydocker.bad("cp", here.resolve("f").toString(), "cc:/ro/")).contains("EROFS");
    mydocker.good("cp", here.resolve("f").toString(), "cc:/rw/");
    assertThat(content("rw").resolve("f")).hasContent("new");
    assertThat(content("ro")).isEmptyDirectory();
  }

  @Test
  void aDirectoryOfTheHostCanBeAVolume() throws Exception {
    Path host = Files.createDirectory(here.resolve("host"));
    mydocker.good(
        "volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=" + host, "data");
    sh("-v data:/d", "echo there >/d/f");
    assertThat(host.resolve("f")).hasContent("there\n");
    mydocker.good("volume", "rm", "data");
    assertThat(host.resolve("f")).exists();
    mydocker.good("volume", "create", "--opt", "o=bind", "--opt", "device=" + here + "/no", "gone");
    assertThat(mydocker.bad("create", "-v", "gone:/d", CommandLine.BUSYBOX)).contains("ENOENT");
    assertThat(mydocker.bad("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "mem"))
        .contains("use --tmpfs of run");
    assertThat(mydocker.bad("volume", "create", "-d", "nfs"))
        .contains("there is no driver \"nfs\"");
  }

  @Test
  void volumesAreListedByTheirProperties() throws Exception {
    mydocker.good("volume", "create", "--label", "stage=test", "--label", "x", "one");
    mydocker.good("volume", "create", "two");
    String id = mydocker.good("create", "--name", "cc", "-v", "two:/d", CommandLine.BUSYBOX);
    assertThat(mydocker.good("volume", "ls").lines())
        .containsExactly("DRIVER    VOLUME NAME", "local     one", "local     two");
    assertThat(filtered("dangling=true")).isEqualTo("one");
    assertThat(filtered("dangling=false")).isEqualTo("two");
    assertThat(filtered("label=stage")).isEqualTo("one");
    assertThat(filtered("label=stage=live")).isEmpty();
    assertThat(filtered("name=w")).isEqualTo("two");
    assertThat(filtered("driver=local")).isEqualTo("one\ntwo");
    assertThat(mydocker.bad("volume", "ls", "-f", "dangling=maybe")).contains("true or false");
    assertThat(mydocker.bad("volume", "ls", "-f", "size=1")).contains("invalid filter");
    assertThat(mydocker.good("volume", "ls", "--format", "{{.Name}} {{.Labels}} {{.Links}}"))
        .isEqualTo("one stage=test,x= 0\ntwo  1");
    assertThat(mydocker.good("ps", "-aq", "--no-trunc", "-f", "volume=two")).isEqualTo(id);
    assertThat(mydocker.good("ps", "-aq", "--no-trunc", "-f", "volume=/d")).isEqualTo(id);
    assertThat(mydocker.good("ps", "-aq", "-f", "volume=one")).isEmpty();
    assertThat(mydocker.good("ps", "-a", "--format", "{{.Mounts}}")).isEqualTo("two");
    assertThat(mydocker.good("volume", "prune", "-a", "-f", "--filter", "label!=stage"))
        .isEqualTo("Total reclaimed space: 0B");
    assertThat(mydocker.good("volume", "prune", "-f", "--filter", "all=1", "--filter", "label=x"))
        .startsWith("Deleted Volumes:\none");
  }

  private String filtered(String filter) {
    return mydocker.good("volume", "ls", "-q", "--filter", filter);
  }

  @Test
  void inspectShowsWhatDockersDoes() throws Exception {
    mydocker.good("volume", "create", "--label", "a=b", "data");
    Json.Arr all = (Json.Arr) Json.parse(bytes(mydocker.good("volume", "inspect", "data")));
    Json.Obj volume = (Json.Obj) all.items().get(0);
    assertThat(volume.members().keySet())
        .containsExactly("CreatedAt", "Driver", "Labels", "Mountpoint", "Name", "Options", "Scope");
    assertThat(volume.string("Mountpoint")).contains(content("data").toString());
    assertThat(volume.stringMap("Labels")).containsEntry("a", "b");
    assertThat(mydocker.good("volume", "inspect", "-f", "{{.Driver}} {{.Scope}}", "data"))
        .isEqualTo("local local");
    assertThat(mydocker.good("inspect", "-f", "{{.Name}}", "data")).isEqualTo("data");
    assertThat(mydocker.good("inspect", "--type", "volume", "-f", "{{.Name}}", "data"))
        .isEqualTo("data");
    CommandLine.Result missing = mydocker.run("volume", "inspect", "none");
    assertThat(missing.code()).isEqualTo(1);
    assertThat(missing.out()).isEqualTo("[]\n");
    assertThat(missing.err()).contains("no such volume: none");
    mydocker.good(
        "create",
        "--name",
        "cc",
        "-v",
        "data:/d:ro",
        "--mount",
        "src=data,dst=/m,volume-nocopy",
        CommandLine.BUSYBOX);
    mydocker.good("create", "--name", "oo", "--volumes-from", "cc:ro", CommandLine.BUSYBOX);
    assertThat(mydocker.good("inspect", "-f", "{{json .Mounts}}", "cc"))
        .startsWith(
            "[{\"Type\":\"volume\",\"Name\":\"data\",\"Source\":\""
                + content("data")
                + "\",\"Destination\":\"/d\",\"Driver\":\"local\",\"Mode\":\"ro\",\"RW\":false,"
                + "\"Propagation\":\"\"},");
    assertThat(mydocker.good("inspect", "-f", "{{json .HostConfig.Binds}}", "cc"))
        .isEqualTo("[\"data:/d:ro\"]");
    assertThat(mydocker.good("inspect", "-f", "{{json .HostConfig.Mounts}}", "cc"))
        .isEqualTo(
            "[{\"Type\":\"volume\",\"Source\":\"data\",\"Target\":\"/m\","
                + "\"VolumeOptions\":{\"NoCopy\":true}}]");
    assertThat(mydocker.good("inspect", "-f", "{{json .HostConfig.VolumesFrom}}", "oo"))
        .isEqualTo("[\"cc:ro\"]");
  }

  @Test
  void systemDfCountsVolumes() throws Exception {
    sh("-v data:/d", "head -c 2000 /dev/zero >/d/f");
    mydocker.good("create", "-v", "used:/d", CommandLine.BUSYBOX);
    assertThat(
            mydocker
                .good(
                    "system",
                    "df",
                    "--format",
                    "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}")
                .lines())
        .contains("Local Volumes|2|1|2kB|2kB (100%)");
    assertThat(mydocker.good("system", "df", "-v"))
        .contains(
            "Local Volumes space usage:\n\n"
                + "VOLUME NAME   LINKS     SIZE\n"
                + "data          0         2kB");
  }

  @Test
  void aDryRunMakesNoVolume() throws Exception {
    assertThat(mydocker.good("run", "--dry-run", "-v", "data:/d", "-v", "/a", CommandLine.BUSYBOX))
        .contains("/volumes/data/_data");
    assertThat(ENGINE.root().resolve("volumes/data")).doesNotExist();
    assertThat(volumes()).isEmpty();
  }

  @Test
  void aVolumeThatIsBeingGivenToAContainerIsNotPruned() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Thread pruner = new Thread(() -> prune(over));
    pruner.start();
    try {
      for (int i = 0; i < 15; i++) {
        assertThat(sh("-v data:/etc -v /a", "ls /a; cat /etc/passwd | head -c 4"))
            .isEqualTo("root");
      }
    } finally {
      over.set(true);
      pruner.join();
    }
  }

  private void prune(AtomicBoolean over) {
    try {
      while (!over.get()) {
        mydocker.engine().volumes().prune(true, volume -> true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aProgramUsesThemWithoutTheCommandLine() throws Exception {
    Volume made =
        mydocker.engine().volumes().create(Optional.of("data"), Map.of("a", "b"), Map.of());
    assertThat(mydocker.engine().volumes().find("data").content()).isEqualTo(made.content());
    mydocker.engine().volumes().remove("data");
    try {
      mydocker.engine().volumes().find("data");
    } catch (VolumeException e) {
      assertThat(e.kind()).isEqualTo(VolumeException.Kind.NOT_FOUND);
      return;
    }
    throw new AssertionError("it is still there");
  }
}
