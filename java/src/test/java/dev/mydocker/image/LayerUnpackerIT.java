package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.RawTar.Field;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Directory.Resolve;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every test also checks that what lies beside the layer's directory stayed as it was. */
class LayerUnpackerIT {
  private Scratch scratch;
  private Path victim;
  private Path sibling;
  private Directory root;

  @BeforeEach
  void makeVictims() throws IOException {
    scratch = new Scratch();
    victim = scratch.make("victim");
    Files.writeString(victim.resolve("hello"), "victim's");
    sibling = scratch.make("root-evil");
    Files.writeString(sibling.resolve("secret"), "sibling's");
    root = Directory.open(scratch.make("root"));
  }

  @AfterEach
  void victimsAreUntouched() throws IOException {
    root.close();
    try (Scratch s = scratch;
        var entries = Files.list(s.path())) {
      assertThat(entries.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder("root", "victim", "root-evil");
      assertThat(Files.readString(victim.resolve("hello"))).isEqualTo("victim's");
      assertThat(Files.readString(sibling.resolve("secret"))).isEqualTo("sibling's");
      assertThat(victim.toFile().list()).containsExactly("hello");
      assertThat(sibling.toFile().list()).containsExactly("secret");
      assertThat(Stat.of(victim.toString()).mode() & 07777).isEqualTo(0755);
    }
  }

  private LayerUnpacker.Result unpack(RawTar tar) throws IOException {
    return LayerUnpacker.unpack(new ByteArrayInputStream(tar.end()), root, UnpackLimits.DEFAULT);
  }

  private void assertRefused(RawTar tar) {
    assertThatThrownBy(() -> unpack(tar)).isInstanceOf(IOException.class);
  }

  private Optional<Stat> stat(String path) throws IOException {
    int slash = path.lastIndexOf('/');
    Optional<Directory> parent =
        root.findDirectory(
            Overlay.bytes(slash < 0 ? "" : path.substring(0, slash)), Resolve.BENEATH);
    if (parent.isEmpty()) {
      return Optional.empty();
    }
    try (Directory in = parent.get()) {
      return in.find(Overlay.bytes(path.substring(slash + 1)));
    }
  }

  private String content(String path) throws IOException {
    return new String(
        root.read(Overlay.bytes(path), Resolve.BENEATH, 1 << 20), StandardCharsets.ISO_8859_1);
  }

  private boolean isWhiteout(String path) throws IOException {
    return stat(path).filter(Overlay::isWhiteout).isPresent();
  }

  private boolean isOpaque(String path) throws IOException {
    return Overlay.isOpaque(root, Overlay.bytes(path));
  }

  // ---- names and links --------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {"../victim/x", "/../victim/x", "a/../../victim/x", "..", "../../x", "./../x"})
  void TAR01_dotDotInANameIsRefused(String name) {
    assertRefused(new RawTar().file(name, "evil"));
    assertRefused(new RawTar().directory(name));
    assertRefused(new RawTar().symlink(name, "x"));
    assertRefused(new RawTar().pax("path", name).file("x", "evil"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/x", "./etc/x", "etc//x", "/./etc/./x", "//etc/x"})
  void M22_absoluteAndDottedNamesAreInside(String name) throws Exception {
    unpack(new RawTar().file(name, "in"));
    assertThat(content("etc/x")).isEqualTo("in");
  }

  @Test
  void TAR03_prefixSiblingIsOutside() {
    assertRefused(new RawTar().hardlink("grab", "../root-evil/secret"));
    assertRefused(new RawTar().symlink("l", "../root-evil").file("l/x", "evil"));
  }

  @Test
  void TAR04_writeThroughSymlinkIsContained() throws Exception {
    assertRefused(new RawTar().symlink("l", "../victim").file("l/file", "evil"));
    assertRefused(
        new RawTar().directory("dir").symlink("dir/l", "../../victim").file("dir/l/new/f", "evil"));
    unpack(new RawTar().symlink("m", victim.toString()).file("m/hello", "inside"));
    assertThat(content(victim.toString().substring(1) + "/hello")).isEqualTo("inside");
  }

  @Test
  void TAR04_aFileReplacesTheLink() throws Exception {
    unpack(new RawTar().symlink("l", "../victim").file("l", "plain"));
    assertThat(content("l")).isEqualTo("plain");
  }

  @Test
  void TAR07_ownAbsoluteLinkLeadsInside() throws Exception {
    LayerUnpacker.Result result =
        unpack(new RawTar().directory("var").symlink("var/run", "/run").file("var/run/a/b", "x"));
    assertThat(content("run/a/b")).isEqualTo("x");
    assertThat(stat("var/run").orElseThrow().isSymlink()).isTrue();
    assertThat(result.implicit()).containsExactly("", "run", "run/a");
  }

  @Test
  void TAR08_relativeEscapeBeforeAnAbsoluteLinkIsRefused() throws Exception {
    assertRefused(
        new RawTar()
            .directory("target")
            .symlink("escape", "..")
            .symlink("absolute", "/target")
            .file("escape/absolute/file", "evil"));
    assertThat(stat("target/file")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../victim/hello", "/../victim/hello", "missing", "/", "a/b"})
  void TAR09_hardLinksLeadInsideOrNowhere(String target) {
    assertRefused(new RawTar().hardlink("x", target));
  }

  @Test
  void TAR09_absoluteHardLinkIsResolvedInside() throws Exception {
    unpack(new RawTar().file("usr/bin/q", "q").hardlink("p", "/usr/bin/q"));
    assertThat(stat("p").orElseThrow().inode()).isEqualTo(stat("usr/bin/q").orElseThrow().inode());
    assertRefused(new RawTar().symlink("l", "../victim").hardlink("h", "l/hello"));
  }

  @Test
  void TAR10_hardLinkToASymlinkLinksTheLink() throws Exception {
    unpack(
        new RawTar()
            .symlink("s", victim + "/hello")
            .entry(
                "h",
                '1',
                "",
                h -> {
                  RawTar.put(h, 157, "s");
                  Field.MODE.octal(0).accept(h);
                  Field.UID.octal(5).accept(h);
                }));
    assertThat(stat("h").orElseThrow().isSymlink()).isTrue();
    assertThat(stat("h").orElseThrow().inode()).isEqualTo(stat("s").orElseThrow().inode());
    assertThat(Stat.of(victim + "/hello").mode() & 07777).isEqualTo(0644);
  }

  @Test
  void TAR11_writeThroughHardLinkReplaces() throws Exception {
    unpack(new RawTar().file("a", "first").hardlink("b", "a").file("b", "second"));
    assertThat(content("a")).isEqualTo("first");
    assertThat(content("b")).isEqualTo("second");
  }

  @Test
  void aHardLinkToItselfIsNothing() throws Exception {
    unpack(new RawTar().file("a", "first").hardlink("a", "./a"));
    assertThat(content("a")).isEqualTo("first");
  }

  @Test
  void TAR12_directoryReplacesTheLink() throws Exception {
    unpack(
        new RawTar()
            .symlink("d", "../victim")
            .pax("SCHILY.xattr.user.a", "b")
            .entry("d/", '5', "", Field.MODE.octal(0777), Field.UID.octal(1234)));
    assertThat(stat("d").orElseThrow().isDirectory()).isTrue();
    assertThat(stat("d").orElseThrow().uid()).isEqualTo(1234);
    assertThat(stat("d").orElseThrow().mode() & 07777).isEqualTo(0777);
  }

  @Test
  void TAR14_typesChange() throws Exception {
    unpack(
        new RawTar()
            .directory("d")
            .directory("d/sub")
            .file("d/sub/x", "x")
            .file("d", "now a file")
            .file("f", "a file")
            .directory("f")
            .file("f/y", "y")
            .directory("e")
            .file("e/kept", "k")
            .directory("e"));
    assertThat(content("d")).isEqualTo("now a file");
    assertThat(content("f/y")).isEqualTo("y");
    assertThat(content("e/kept")).isEqualTo("k");
    assertRefused(new RawTar().file("g", "").file("g/x", ""));
    assertRefused(new RawTar().hardlink("late", "target").file("target", ""));
  }

  @Test
  void TAR14_aDirectoryMadeAgainHasNothingOfTheOldOne() throws Exception {
    unpack(
        new RawTar()
            .directory("d")
            .file("d/old", "")
            .file("d", "file")
            .file("d2/x", "")
            .directory("d")
            .file("d/new", "n"));
    assertThat(stat("d/old")).isEmpty();
    assertThat(content("d/new")).isEqualTo("n");
  }

  @Test
  void linksToNothingAreRefused() {
    assertThatThrownBy(() -> unpack(new RawTar().symlink("l", "")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("a symbolic link to nothing");
  }

  @Test
  void linkLoopsEnd() {
    assertRefused(new RawTar().symlink("a", "b").symlink("b", "a").file("a/x", ""));
  }

  // ---- whiteouts --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {".wh.", ".wh..", ".wh...", "etc/.wh.", "etc/.wh..", "etc/.wh..."})
  void TAR16_invalidWhiteoutsAreRefused(String name) throws Exception {
    assertRefused(new RawTar().file("etc/kept", "k").file(name, ""));
    assertThat(content("etc/kept")).isEqualTo("k");
  }

  @Test
  void TAR17_whiteoutThroughALinkStaysInside() throws Exception {
    assertRefused(new RawTar().symlink("l", "../victim").file("l/.wh.hello", ""));
    unpack(new RawTar().symlink("m", "/etc").file("m/.wh.x", "").file(".wh.dead", ""));
    assertThat(isWhiteout("etc/x")).isTrue();
    assertThat(isWhiteout("dead")).isTrue();
  }

  @Test
  void TAR18_opaqueThroughALinkStaysInside() {
    assertRefused(new RawTar().symlink("d", "../victim").file("d/.wh..wh..opq", ""));
  }

  @Test
  void TAR19_opaqueDoesNotDependOnOrder() throws Exception {
    LayerUnpacker.Result result =
        unpack(
            new RawTar()
                .file("first/.wh..wh..opq", "")
                .file("first/a", "1")
                .file("last/a", "1")
                .file("last/.wh..wh..opq", "")
                .file("nested/in/.wh..wh..opq", "")
                .file("whited/.wh.a", "")
                .file("whited/.wh..wh..opq", ""));
    assertThat(isOpaque("first")).isTrue();
    assertThat(isOpaque("last")).isTrue();
    assertThat(content("first/a") + content("last/a")).isEqualTo("11");
    assertThat(isOpaque("nested")).isFalse();
    assertThat(isWhiteout("whited/a")).isTrue();
    assertThat(result.opaqueRoot()).isFalse();
    assertRefused(new RawTar().file("f", "").file("f/.wh..wh..opq", ""));
  }

  @Test
  void TAR19_whiteoutAndDirectoryTogetherAreOpaque() throws Exception {
    unpack(
        new RawTar()
            .file(".wh.d", "")
            .file("d/x", "1")
            .directory("e")
            .file("e/x", "2")
            .file(".wh.e", "")
            .file("f", "3")
            .file(".wh.f", "")
            .file(".wh.g", "")
            .file("g", "4"));
    assertThat(isOpaque("d")).isTrue();
    assertThat(isOpaque("e")).isTrue();
    assertThat(content("d/x") + content("e/x") + content("f") + content("g")).isEqualTo("1234");
  }

  @Test
  void TAR21_aufsNamesServeHardLinksAndGo() throws Exception {
    unpack(
        new RawTar()
            .file(".wh..wh.aufs", "")
            .directory(".wh..wh.orph")
            .file(".wh..wh.plnk/1", "shared")
            .hardlink("x", ".wh..wh.plnk/1")
            .file("d/.wh..wh.other", ""));
    assertThat(content("x")).isEqualTo("shared");
    assertThat(root.list().stream().map(e -> Overlay.text(e.name())))
        .containsExactlyInAnyOrder("x", "d");
  }

  @Test
  void TAR22_directoriesAreNoWhiteoutsAndEverythingElseIs() throws Exception {
    unpack(
        new RawTar()
            .file(".wh.etc/somefile", "s")
            .directory(".wh.dir")
            .file(".wh.five", "bytes")
            .symlink(".wh.link", "y"));
    assertThat(content(".wh.etc/somefile")).isEqualTo("s");
    assertThat(stat(".wh.dir").orElseThrow().isDirectory()).isTrue();
    assertThat(isWhiteout("five")).isTrue();
    assertThat(isWhiteout("link")).isTrue();
  }

  // ---- metadata ---------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {04755, 02755, 01777, 07777, 0, 0666, 0600})
  void TAR25_modesAreExact(int mode) throws Exception {
    unpack(
        new RawTar()
            .entry("own", '0', "", Field.MODE.octal(mode))
            .entry("foreign", '0', "", Field.MODE.octal(mode), Field.UID.octal(7))
            .entry("dir/", '5', "", Field.MODE.octal(mode), Field.GID.octal(8))
            .file("dir/in", "")
            .entry("fifo", '6', "", Field.MODE.octal(mode), Field.UID.octal(9)));
    for (String name : new String[] {"own", "foreign", "dir", "fifo"}) {
      assertThat(stat(name).orElseThrow().mode() & 07777).as(name).isEqualTo(mode);
    }
    assertThat(stat("dir").orElseThrow().gid()).isEqualTo(8);
    assertThat(stat("foreign").orElseThrow().uid()).isEqualTo(7);
    assertThat(stat("dir/in").orElseThrow().gid()).isZero();
  }

  @Test
  void TAR26_capabilitiesAreByteExact() throws Exception {
    // Version 2, effective, permitted: CAP_SETUID (bit 7, a byte above 0x7f).
    String capability = "\1\0\0\2\u0080\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    unpack(
        new RawTar()
            .pax("SCHILY.xattr.security.capability", capability)
            .entry("cap", '0', "x", Field.UID.octal(3), Field.MODE.octal(0755))
            .hardlink("also", "cap"));
    for (String name : new String[] {"cap", "also"}) {
      assertThat(root.getXattr(Overlay.bytes(name), Overlay.bytes("security.capability")))
          .contains(RawTar.bytes(capability));
    }
  }

  @Test
  void TAR27_attributesOfOthersAreLeftOut() throws Exception {
    unpack(
        new RawTar()
            .pax(
                "SCHILY.xattr.user.x", "\0\377",
                "SCHILY.xattr.trusted.y", "t",
                "SCHILY.xattr.trusted.overlay.opaque", "y",
                "SCHILY.xattr.security.selinux", "label")
            .directory("d")
            .pax("SCHILY.xattr.user.x", "u")
            .symlink("s", "x")
            .pax("SCHILY.xattr.user.x", "u", "SCHILY.xattr.trusted.z", "t")
            .entry("p", '6', ""));
    assertThat(root.listXattrs(Overlay.bytes("d")).stream().map(Overlay::text))
        .containsExactlyInAnyOrder("user.x", "trusted.y");
    assertThat(root.getXattr(Overlay.bytes("d"), Overlay.bytes("user.x")))
        .contains(RawTar.bytes("\0\377"));
    assertThat(root.listXattrs(Overlay.bytes("s"))).isEmpty();
    assertThat(root.listXattrs(Overlay.bytes("p")).stream().map(Overlay::text))
        .containsExactly("trusted.z");
    assertRefused(new RawTar().pax("SCHILY.xattr.user.x", "v".repeat(70_000)).file("f", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u00ff",
        "caf\u00e9",
        "a\nb",
        "a\u001bb",
        "a\\b",
        "-rf",
        "*",
        " ",
        "...",
        "\u00c3\u00a9"
      })
  void TAR28_namesAreKeptByteByByte(String name) throws Exception {
    unpack(new RawTar().file(name, "x").symlink("to", name));
    assertThat(root.list().stream().map(e -> Overlay.text(e.name()))).contains(name);
    assertThat(Overlay.text(root.readlink(Overlay.bytes("to")))).isEqualTo(name);
  }

  @Test
  void TAR28_lengthsOfNames() throws Exception {
    String deep = "d/".repeat(2000) + "f";
    unpack(new RawTar().pax("path", "n".repeat(255)).file("x", "").pax("path", deep).file("x", ""));
    assertThat(stat("n".repeat(255))).isPresent();
    assertRefused(new RawTar().pax("path", "n".repeat(256)).file("x", ""));
    assertRefused(new RawTar().pax("path", "d/".repeat(2100) + "f").file("x", ""));
  }

  @Test
  void TAR30_timesAreExactOnEveryType() throws Exception {
    RawTar tar = new RawTar();
    tar.pax("mtime", "1234567890.123456789").directory("d");
    tar.pax("mtime", "1234567890.123456789").file("d/f", "x");
    tar.pax("mtime", "1234567890.123456789").symlink("d/s", "x");
    tar.pax("mtime", "1234567890.123456789").entry("d/p", '6', "");
    unpack(tar.file("d/later", ""));
    for (String name : new String[] {"d", "d/f", "d/s", "d/p"}) {
      Stat stat = stat(name).orElseThrow();
      assertThat(stat.mtimeSec()).as(name).isEqualTo(1234567890L);
      assertThat(stat.mtimeNsec()).as(name).isEqualTo(123456789L);
    }
  }

  @Test
  @Timeout(20)
  void TAR33_nodesAreMadeWithoutBeingOpened() throws Exception {
    unpack(
        new RawTar()
            .entry("fifo", '6', "")
            .entry("null", '3', "", Field.MAJOR.octal(1), Field.MINOR.octal(3))
            .entry("disk", '4', "", Field.MAJOR.octal(7), Field.MINOR.octal(300)));
    assertThat(stat("fifo").orElseThrow().type()).isEqualTo(Linux.S_IFIFO);
    assertThat(stat("null").orElseThrow().type()).isEqualTo(Linux.S_IFCHR);
    assertThat(stat("disk").orElseThrow().rdevMinor()).isEqualTo(300);
  }

  @Test
  void TAR46_holesStayHoles() throws Exception {
    long size = 3L << 30;
    unpack(
        new RawTar()
            .pax(
                "GNU.sparse.size",
                String.valueOf(size),
                "GNU.sparse.map",
                "0,4," + (size - 4) + ",4")
            .file("holes", "headtail"));
    assertThat(stat("holes").orElseThrow().size()).isEqualTo(size);
    try (Fd file = root.openRegular(Overlay.bytes("holes"), Resolve.BENEATH)) {
      long seekHole = Linux.lseek(file.number(), 0, 4);
      assertThat(seekHole).isLessThan(1 << 20);
      assertThat(file.input().readNBytes(5)).containsExactly(0, 0, 0, 0, 0);
    }
  }

  @Test
  void whatIsNotListedIsMadeForRoot() throws Exception {
    LayerUnpacker.Result result =
        unpack(new RawTar().file("a/b/c", "").directory("a").directory("x/y"));
    assertThat(result.implicit()).containsExactlyInAnyOrder("", "a/b", "x");
    assertThat(stat("a/b").orElseThrow().mode() & 07777).isEqualTo(0755);
  }
}
