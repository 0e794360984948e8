package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.RawTar.Field;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Directory.Resolve;
import dev.mydocker.kernel.Linux;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LayerWriterIT {
  private static final String CAPABILITY = "\1\0\0\2\u0080\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

  private Scratch scratch;
  private Path path;
  private Directory tree;
  private LayerWriter.LeftOut leftOut;

  @BeforeEach
  void make() throws IOException {
    scratch = new Scratch();
    path = scratch.make("tree");
    tree = Directory.open(path);
  }

  @AfterEach
  void remove() throws IOException {
    tree.close();
    scratch.close();
  }

  private byte[] layer() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    leftOut = LayerWriter.layer(tree, out);
    return out.toByteArray();
  }

  private void unpack(byte[] tar, Directory into) throws IOException {
    LayerUnpacker.unpack(new ByteArrayInputStream(tar), into, UnpackLimits.DEFAULT);
  }

  private static List<TarEntry> entries(byte[] tar) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(tar), UnpackLimits.DEFAULT);
    List<TarEntry> out = new ArrayList<>();
    for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
      out.add(e.get());
    }
    return out;
  }

  private static List<String> names(byte[] tar) throws IOException {
    return entries(tar).stream().map(TarEntry::name).toList();
  }

  private String run(String... command) throws Exception {
    Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = Overlay.text(p.getInputStream().readAllBytes());
    assertThat(p.waitFor()).as(String.join(" ", command) + ": " + out).isZero();
    return out;
  }

  /** A layer with everything in it that one can have. */
  private static RawTar everything() {
    RawTar tar = new RawTar().entry("./", '5', "", Field.MODE.octal(01751), Field.GID.octal(5));
    tar.directory("bin")
        .entry("bin/su", '0', "su", Field.MODE.octal(06755), Field.UID.octal(0))
        .pax("SCHILY.xattr.security.capability", CAPABILITY, "mtime", "1234567890.123456789")
        .entry("bin/cap", '0', "cap", Field.MODE.octal(0755), Field.UID.octal(3))
        .hardlink("bin/cap2", "bin/cap")
        .pax("SCHILY.xattr.user.note", "\0\u00ffx=\n", "uid", "4294967290")
        .entry("bin/note", '0', "n".repeat(3000))
        .symlink("bin/link", "/nowhere/\u00ff")
        .hardlink("bin/link2", "bin/link")
        .pax("mtime", "-1.5")
        .file("old", "before 1970")
        .pax("SCHILY.xattr.user.d", "d")
        .directory("attributed")
        .entry("dev/null", '3', "", Field.MAJOR.octal(1), Field.MINOR.octal(3))
        .entry("dev/loop", '4', "", Field.MODE.octal(0660), Field.MAJOR.octal(7))
        .entry("dev/fifo", '6', "", Field.MODE.octal(0600), Field.UID.octal(9))
        .file("opaque/.wh..wh..opq", "")
        .file("opaque/new", "")
        .file(".wh.gone", "")
        .file("bin/.wh.\u00ff", "")
        .pax("path", "deep/" + "d\u00ff/".repeat(100) + "f")
        .file("x", "deep");
    for (String name :
        new String[] {"\u00ff", "\u00fe", "caf\u00e9", "a\nb", "\u001b[1m", "-rf *"}) {
      tar.file("names/" + name, name);
    }
    return tar.pax("path", "names/" + "n".repeat(255)).file("x", "long");
  }

  @Test
  void TAR24_TAR26_TAR28_whatIsWrittenUnpacksToTheSameTree() throws Exception {
    unpack(everything().end(), tree);
    byte[] written = layer();
    assertThat(leftOut).isEqualTo(new LayerWriter.LeftOut(0, 0, 0));
    try (Directory again = Directory.open(scratch.make("again"))) {
      unpack(written, again);
      Map<String, String> expected = Tree.of(tree);
      assertThat(Tree.of(again)).isEqualTo(expected).hasSizeGreaterThan(120);
      assertThat(expected.get("bin/cap")).contains(CAPABILITY);
      tree.close();
      tree = Directory.open(scratch.path().resolve("again"));
      assertThat(layer()).as("the same bytes from another place").isEqualTo(written);
    }
  }

  @Test
  void gnuTarReadsIt() throws Exception {
    unpack(everything().end(), tree);
    Path file = scratch.path().resolve("layer.tar");
    Files.write(file, layer());
    String list = run("tar", "--numeric-owner", "--quoting-style=escape", "-tvf", file.toString());
    assertThat(list).doesNotContain("tar:").contains("4294967290/0").contains("bin/.wh.\\377");
    Path into = scratch.make("gnu");
    run("tar", "-C", into.toString(), "--xattrs", "--xattrs-include=*", "-xpf", file.toString());
    try (Directory gnu = Directory.open(into)) {
      Map<String, String> expected = Tree.of(tree);
      Map<String, String> actual = Tree.of(gnu);
      // Whiteouts are files to GNU tar, and change the time of nothing else.
      expected.keySet().removeIf(p -> expected.get(p).equals("whiteout") || p.startsWith("opaque"));
      actual.keySet().removeIf(p -> p.contains(".wh.") || p.startsWith("opaque"));
      assertThat(actual).isEqualTo(expected);
    }
  }

  @Test
  void membersComeInTheOrderOfTheirBytes() throws Exception {
    unpack(
        new RawTar().file("b/y", "").file("\u00ff", "").file("b/x/z", "").file("a", "").end(),
        tree);
    assertThat(names(layer())).containsExactly("./", "a", "\u00ff", "b/", "b/y", "b/x/", "b/x/z");
  }

  @Test
  void socketsAreLeftOutAndCounted() throws Exception {
    tree.mknod(Overlay.bytes("s"), Linux.S_IFSOCK | 0600, 0, 0);
    tree.mknod(Overlay.bytes("p"), Linux.S_IFIFO | 0600, 0, 0);
    assertThat(names(layer())).containsExactly("./", "p");
    assertThat(leftOut.sockets()).isEqualTo(1);
  }

  @Test
  void attributesNoPaxKeyCanNameAreLeftOutAndCounted() throws Exception {
    tree.setXattr(Overlay.bytes("user.a=b"), new byte[] {1});
    tree.setXattr(Overlay.bytes("user.c"), new byte[] {2});
    tree.setXattr(Overlay.bytes("trusted.overlay.origin"), new byte[] {3});
    List<TarEntry.Xattr> kept = entries(layer()).get(0).xattrs();
    assertThat(kept).extracting(TarEntry.Xattr::name).containsExactly("user.c");
    assertThat(leftOut.attributes()).isEqualTo(1);
  }

  @Test
  void whatWouldMeanSomethingElseInALayerIsRefused() throws Exception {
    Files.createFile(path.resolve(".wh.x"));
    assertThatThrownBy(this::layer).hasMessageContaining(".wh.x").hasMessageContaining("rename it");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LayerWriter.tree(CopyPlace.whole(tree), out);
    assertThat(names(out.toByteArray())).containsExactly("./", ".wh.x");
    Files.delete(path.resolve(".wh.x"));
    Files.createDirectory(path.resolve("d"));
    tree.setXattr(Overlay.bytes("d"), Overlay.bytes("trusted.overlay.redirect"), new byte[] {'e'});
    assertThatThrownBy(this::layer).hasMessageContaining("redirect_dir=off");
  }

  @Test
  void whatIsMountedIsNotEntered() throws Exception {
    Files.createDirectory(path.resolve("proc"));
    Files.writeString(path.resolve("hosts"), "covered");
    Path other = Files.writeString(scratch.path().resolve("other"), "secret");
    String script =
        "mount -t tmpfs -o size=1m tmpfs proc; touch proc/inside; mount --bind \"$1\" hosts;"
            + " trap 'umount hosts proc' EXIT; echo; read -r line";
    Process holder =
        new ProcessBuilder("sh", "-ec", script, "sh", other.toString())
            .directory(path.toFile())
            .start();
    try {
      assertThat(holder.getInputStream().read()).isEqualTo('\n');
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      LayerWriter.tree(CopyPlace.whole(tree), out);
      assertThat(names(out.toByteArray())).containsExactly("./", "hosts", "proc/");
      assertThat(Overlay.text(out.toByteArray())).doesNotContain("secret").doesNotContain("inside");
    } finally {
      holder.getOutputStream().close();
      assertThat(holder.waitFor()).isNotNegative();
    }
  }

  @Test
  void linksAreNotFollowedWhileTheTreeChanges() throws Exception {
    Path victim = scratch.make("victim");
    Files.writeString(victim.resolve("f"), "the secret of the victim");
    Files.createDirectory(path.resolve("d"));
    Files.writeString(path.resolve("d/f"), "harmless");
    Files.createSymbolicLink(path.resolve("l"), victim);
    Files.writeString(path.resolve("g"), "harmless");
    Files.createSymbolicLink(path.resolve("m"), victim.resolve("f"));
    AtomicBoolean over = new AtomicBoolean();
    Thread swapper =
        new Thread(
            () -> {
              try (Directory own = Directory.open(path)) {
                while (!over.get()) {
                  own.rename(Overlay.bytes("d"), own, Overlay.bytes("l"), Linux.RENAME_EXCHANGE);
                  own.rename(Overlay.bytes("g"), own, Overlay.bytes("m"), Linux.RENAME_EXCHANGE);
                }
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    swapper.start();
    try {
      for (int i = 0; i < 300; i++) {
        byte[] tar = layer();
        assertThat(Overlay.text(tar)).doesNotContain("the secret");
        assertThat(names(tar)).startsWith("./");
      }
    } finally {
      over.set(true);
      swapper.join();
    }
  }

  // ---- layers of images -------------------------------------------------------------------------

  private static ImageMaker.Description description(ConfigChange... changes) throws IOException {
    return new ImageMaker.Description(
        Optional.of(ImageRef.parseRegistry("made:1")),
        List.of(changes),
        Instant.EPOCH,
        Optional.of("me"),
        Optional.of("sh"),
        Optional.of("why"));
  }

  @Test
  void TAR24_changesOfAnOverlayBecomeAnImageThatShowsThem() throws Exception {
    TestImage base = new TestImage(scratch.path().resolve("layout"));
    base.layer(
            new RawTar()
                .directory("etc")
                .file("etc/keep", "k")
                .file("etc/gone", "g")
                .directory("swap")
                .file("swap/old", "o")
                .directory("rename")
                .file("rename/in", "i")
                .hardlink("etc/keep2", "etc/keep")
                .file("cap", "c")
                .end())
        .tag("t");
    Images images = Images.open(scratch.path().resolve("root"), Map.of());
    Image below = images.get(base.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
    String lower = images.layers().resolve(below.diffIds().get(0).hex()).toString();
    String work = scratch.make("work").toString();
    String merged = scratch.make("merged").toString();
    String snapshot = scratch.make("snapshot").toString();
    String copy = "tar -c --xattrs --sort=name --numeric-owner . | tar -tvv --full-time >";
    run(
        "unshare",
        "-m",
        "sh",
        "-ec",
        "mount -t overlay -o redirect_dir=off,metacopy=off,lowerdir="
            + lower
            + ",upperdir="
            + path
            + ",workdir="
            + work
            + " o "
            + merged
            + "; cd "
            + merged
            + "; rm etc/gone; rm -r swap; mkdir swap; echo n >swap/new; chmod 2770 swap"
            + "; cp -r rename other; rm -r rename; echo new >etc/keep; mkdir a; ln etc/keep2 a/hard"
            + "; mknod a/n c 1 3; ln -s /etc a/l; chown 7:8 cap; rm a/n; mkfifo a/p; sync"
            + "; "
            + copy
            + snapshot
            + "/before");
    Image made =
        images
            .maker()
            .addLayer(
                below,
                tree,
                description(ConfigChange.parse("CMD run"), ConfigChange.parse("ENV A=1")),
                PullListener.NONE);
    assertThat(made.diffIds()).hasSize(2).startsWith(below.diffIds().get(0));
    assertThat(made.name()).isEqualTo("docker.io/library/made:1");
    assertThat(made.config().cmd()).containsExactly("/bin/sh", "-c", "run");
    assertThat(made.config().history()).hasSize(1);
    run(
        "unshare",
        "-m",
        "sh",
        "-ec",
        "mount -t overlay -o lowerdir="
            + images.layers().resolve(made.diffIds().get(1).hex())
            + ":"
            + lower
            + " o "
            + merged
            + "; cd "
            + merged
            + "; "
            + copy
            + snapshot
            + "/after");
    assertThat(Files.readString(Path.of(snapshot, "after")))
        .isEqualTo(Files.readString(Path.of(snapshot, "before")))
        .contains("./swap/new")
        .doesNotContain("gone");
    String layout = "oci:" + scratch.path().resolve("root/images") + ":" + made.name();
    String copied = scratch.path().resolve("copied").toString();
    run("skopeo", "copy", "--insecure-policy", "-q", layout, "oci:" + copied + ":x");
    run("umoci", "unpack", "--image", copied + ":x", scratch.path().resolve("bundle").toString());
    try (Directory rootfs = Directory.open(scratch.path().resolve("bundle/rootfs"))) {
      assertThat(Overlay.text(rootfs.read(Overlay.bytes("a/hard"), Resolve.BENEATH, 10)))
          .isEqualTo("k");
      assertThat(rootfs.find(Overlay.bytes("rename"))).isEmpty();
      assertThat(Tree.of(rootfs)).doesNotContainKey("swap/old").containsKey("swap/new");
    }
    assertThat(scratch.path().resolve("root/work").toFile().list()).isEmpty();
  }

  @Test
  void dockersLayersBecomeTheOcis() throws Exception {
    byte[] plain = new RawTar().file("a", "").end();
    byte[] zipped = GzipInputTest.gzip(new RawTar().file("b", "").end());
    TestImage base = new TestImage(scratch.path().resolve("layout"));
    base.layer(plain, MediaType.DOCKER_LAYER, Digest.of(plain))
        .layer(
            zipped, MediaType.DOCKER_LAYER + ".gzip", Digest.of(new RawTar().file("b", "").end()))
        .tag("t");
    Images images = Images.open(scratch.path().resolve("root"), Map.of());
    Image below = images.get(base.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
    Image made = images.maker().addLayer(below, tree, description(), PullListener.NONE);
    Path manifest = scratch.path().resolve("root/images/blobs/sha256");
    assertThat(Files.readString(manifest.resolve(made.manifestDigest().hex())))
        .doesNotContain("docker")
        .contains("layer.v1.tar\"", "layer.v1.tar+gzip\"");
  }

  @Test
  void anImageIsMadeWholeOrNotAtAll() throws Exception {
    TestImage base = new TestImage(scratch.path().resolve("layout"));
    base.layer(new RawTar().file("a", "").end()).tag("t");
    Images images = Images.open(scratch.path().resolve("root"), Map.of());
    Image below = images.get(base.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
    Files.createFile(path.resolve(".wh.x"));
    assertThatThrownBy(() -> images.maker().addLayer(below, tree, description(), PullListener.NONE))
        .isInstanceOf(ImageException.class);
    assertThat(images.list()).hasSize(1);
    assertThat(scratch.path().resolve("root/work").toFile().list()).isEmpty();
  }
}
