package dev.mydocker.image;

import com.github.luben.zstd.Zstd;
import dev.mydocker.image.RawTar.Field;
import dev.mydocker.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** What the fuzz targets start from: each kind of document, and the tars of the TAR cases. */
final class FuzzSeeds {
  private static final String HEX = "0123456789abcdef".repeat(4);

  private FuzzSeeds() {}

  /** Writes them below a directory, one directory for each target. */
  public static void main(String[] arguments) throws IOException {
    for (Map.Entry<String, List<byte[]>> target : all().entrySet()) {
      Path directory = Files.createDirectories(Path.of(arguments[0], target.getKey()));
      for (byte[] seed : target.getValue()) {
        Files.write(directory.resolve(Digest.of(seed).shortHex()), seed);
      }
    }
  }

  /** The seeds of each target, by the first word of its class's name. */
  static Map<String, List<byte[]>> all() throws IOException {
    return Map.of(
        "Manifest", manifests(),
        "Configuration", texts(configurations()),
        "Reference", texts(references()),
        "Layer", layers());
  }

  private static List<byte[]> texts(List<String> texts) {
    return texts.stream().map(t -> t.getBytes(StandardCharsets.UTF_8)).toList();
  }

  private static List<byte[]> manifests() {
    String descriptor = "{\"mediaType\":\"%s\",\"digest\":\"sha256:" + HEX + "\",\"size\":%s%s}";
    String manifest = "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s,%s]}";
    String annotated =
        ",\"urls\":[\"http://127.0.0.1/x\"],\"data\":\"eA==\",\"annotations\":{\"a\":\"b\"}";
    String platform = ",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\",\"variant\":\"%s\"}";
    List<byte[]> seeds = new ArrayList<>();
    for (boolean oci : new boolean[] {true, false}) {
      String config = oci ? MediaType.OCI_CONFIG : MediaType.DOCKER_CONFIG;
      String type = oci ? MediaType.OCI_MANIFEST : MediaType.DOCKER_MANIFEST;
      String list = oci ? MediaType.OCI_INDEX : MediaType.DOCKER_LIST;
      String layer = oci ? MediaType.OCI_LAYER + "+zstd" : MediaType.DOCKER_LAYER + ".gzip";
      String one =
          manifest.formatted(
              type,
              descriptor.formatted(config, 7, ""),
              descriptor.formatted(layer, 9, annotated),
              descriptor.formatted(MediaType.DOCKER_LAYER_FOREIGN, 1L << 40, ""));
      String arm = descriptor.formatted(type, 3, platform.formatted("arm", "v7"));
      String amd = descriptor.formatted(type, 4, platform.formatted("amd64", ""));
      String odd = descriptor.formatted(type, 5, platform.formatted("odd\\n\\u001b", "\\u0085"));
      String index = "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s,%s]}";
      for (String text :
          new String[] {one, index.formatted(list, arm, amd), index.formatted(list, arm, odd)}) {
        for (int declared = 0; declared < 5; declared++) {
          seeds.add(withFirst(declared, text.getBytes(StandardCharsets.UTF_8)));
        }
      }
    }
    return seeds;
  }

  private static List<String> configurations() {
    return List.of(
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-01T00:00:00Z\","
            + "\"config\":{\"User\":\"1:2\",\"Env\":[\"A=b\"],\"Cmd\":[\"sh\"],\"Entrypoint\":null,"
            + "\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/w\","
            + "\"Labels\":{\"k\":\"\\u00e9\\ud83d\\ude00\"},\"StopSignal\":\"SIGINT\"},"
            + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
            + HEX
            + "\"]},\"history\":[{\"created_by\":\"x\",\"empty_layer\":true}]}",
        "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"x\":[1,-2.5e10,{}],"
            + "\"rootfs\":{\"type\":\"layers\"}}",
        "{\"os\":\"linux\",\"architecture\":\"arm\",\"rootfs\":{\"type\":\"layers\"},\"x\":"
            + "[".repeat(Json.MAX_DEPTH - 1)
            + "]".repeat(Json.MAX_DEPTH - 1)
            + "}");
  }

  private static List<String> references() {
    return List.of(
        "hello",
        HEX,
        "busybox:1.36",
        "sha256:" + HEX,
        "docker.io/library/a__b/c--d.e_f:Tag_1.2-3",
        "[2001:db8::1]:5000/repo@sha256:" + HEX,
        "localhost:5000/a:b@sha512:" + HEX + HEX,
        "index.docker.io/xn--n3h.example/i",
        "oci:/a/../b:x:1",
        "oci-archive:a.tar",
        "docker-archive:/a.tar:busybox");
  }

  /** A layer for others to lie on, with links that lead anywhere. */
  static RawTar base() {
    return new RawTar()
        .directory("run")
        .directory("etc")
        .symlink("run/up", "../../victim")
        .symlink("abs", "/etc")
        .symlink("l", "../victim")
        .symlink("loop", "loop")
        .directory("var")
        .symlink("var/run", "/run")
        .symlink("var/deep", "../missing/a/b")
        .file("f", "file");
  }

  private static List<byte[]> layers() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (RawTar tar : tars()) {
      for (int mode = 0; mode < 4; mode++) {
        seeds.add(withFirst(mode, tar.end()));
      }
    }
    byte[] tar = new RawTar().file("a", "x".repeat(2000)).symlink("b", "a").end();
    byte[] zstd = Zstd.compress(tar);
    for (byte[] blob :
        new byte[][] {
          gzip(tar),
          joined(gzip(Arrays.copyOf(tar, 700)), gzip(Arrays.copyOfRange(tar, 700, tar.length))),
          joined(gzip(tar), new byte[100]),
          zstd,
          joined(new byte[] {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'}, zstd),
          joined(zstd, Zstd.compress(new byte[512])),
          RawTar.bytes("BZh9"),
          new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0}
        }) {
      seeds.add(withFirst(0, blob));
    }
    return seeds;
  }

  private static List<RawTar> tars() {
    String map = "2\n0\n4\n1000\n4\n";
    byte[] oldSparse = new RawTar().entry("s", 'S', "", Field.SIZE.octal(3)).open();
    RawTar.put(oldSparse, 257, "ustar  \0");
    RawTar.put(oldSparse, 386, "00000000010\0" + "00000000002\0");
    oldSparse[482] = 1;
    Field.REAL_SIZE.octal(1000).accept(oldSparse);
    RawTar.seal(oldSparse);
    byte[] extension = new byte[512];
    RawTar.put(extension, 0, "00000000500\0" + "00000000001\0");
    return List.of(
        // TAR01 to TAR14: names and links
        new RawTar().file("../victim/x", "evil").file("/etc/./x", "in"),
        new RawTar().pax("path", "a/../../victim/x").file("x", "evil"),
        new RawTar().hardlink("grab", "../root-evil/secret"),
        new RawTar().symlink("l", "../victim").file("l/file", "evil"),
        new RawTar().directory("d").symlink("d/l", "../../victim").file("d/l/n/f", "evil"),
        new RawTar().symlink("l", "../victim").file("l", "plain"),
        new RawTar().directory("var").symlink("var/run", "/run").file("var/run/a/b", "x"),
        new RawTar().file("var/run/a/b", "x").file("run/c", "").file("var/deep/x", ""),
        new RawTar().file("abs/x", "").file("l/hello", "").file("loop/x", "").file("f/x", ""),
        new RawTar().symlink("escape", "..").symlink("a", "/t").file("escape/a/f", "evil"),
        new RawTar().file("usr/bin/q", "q").hardlink("p", "/usr/bin/q").hardlink("p", "./p"),
        new RawTar().symlink("s", "/etc/passwd").hardlink("h", "s").file("h", "x"),
        new RawTar().file("a", "first").hardlink("b", "a").file("b", "second"),
        new RawTar().symlink("d", "../victim").entry("d/", '5', "", Field.MODE.octal(0777)),
        new RawTar().directory("d").file("d/x", "x").file("d", "").directory("d").file("d/y", ""),
        new RawTar().symlink("a", "b").symlink("b", "a").file("a/x", ""),
        // TAR16 to TAR22: whiteouts
        new RawTar().file("etc/kept", "k").file("etc/.wh..", ""),
        new RawTar().symlink("l", "../victim").file("l/.wh.hello", ""),
        new RawTar().symlink("m", "/etc").file("m/.wh.x", "").file("m/.wh..wh..opq", ""),
        new RawTar().file(".wh..wh..opq", "").file("n/i/.wh..wh..opq", "").file("n/i/a", "1"),
        new RawTar().file(".wh.d", "").file("d/x", "").directory("e").file(".wh.e", ""),
        new RawTar().file(".wh..wh.plnk/1", "s").hardlink("x", ".wh..wh.plnk/1"),
        new RawTar().directory(".wh..wh.orph").file(".wh.etc/f", "").symlink(".wh.link", "y"),
        // TAR25 to TAR33: metadata
        new RawTar()
            .entry("f", '0', "x", Field.MODE.octal(07777), Field.UID.octal(7))
            .entry("d/", '5', "", Field.MODE.octal(0), Field.GID.binary(4_000_000_000L))
            .file("d/in", ""),
        new RawTar()
            .pax(
                "SCHILY.xattr.security.capability",
                "\1\0\0\2\u0080\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                "SCHILY.xattr.trusted.overlay.opaque",
                "y",
                "SCHILY.xattr.user.x",
                "\0\377")
            .file("f", ""),
        new RawTar()
            .pax("mtime", "-1.25", "uid", "3", "gid", "4", "linkpath", "to")
            .symlink("s", "x")
            .pax("SCHILY.xattr.trusted.z", "t")
            .entry("p", '6', ""),
        new RawTar()
            .entry("null", '3', "", Field.MAJOR.octal(1), Field.MINOR.octal(3))
            .entry("white", '3', "", Field.MAJOR.octal(0), Field.MINOR.octal(0))
            .entry("disk", '4', "", Field.MAJOR.octal(7), Field.MTIME.binary(Long.MAX_VALUE)),
        // TAR35 to TAR41: parsers that disagree
        new RawTar().pax("size", "2").entry("L", 'L', "long\0").entry("x", '0', "ab"),
        new RawTar().entry("l", '2', "", Field.SIZE.octal(512)).file("hidden", ""),
        new RawTar().entry("d/", '0', "data"),
        new RawTar().entry("g", 'g', RawTar.record("path", "evil")).file("a", ""),
        new RawTar().file("a", "").raw(new byte[512]).file("b", ""),
        new RawTar().entry("K", 'K', "../victim/hello\0").hardlink("k", "x"),
        new RawTar().entry("x", 'x', "6 a=bx").file("a", ""),
        new RawTar().entry("name", '0', "", h -> RawTar.put(h, 345, "some/dir")),
        new RawTar().entry("c", '7', "contiguous").entry("z", 'Z', ""),
        // TAR46: sparse files
        new RawTar()
            .pax(
                "GNU.sparse.major", "1",
                "GNU.sparse.minor", "0",
                "GNU.sparse.name", "holes",
                "GNU.sparse.realsize", "1004")
            .file("x", map + "\0".repeat(512 - map.length()) + "headtail"),
        new RawTar()
            .pax("GNU.sparse.size", "1000", "GNU.sparse.map", "10,2,998,2")
            .file("m", "abcd")
            .pax("GNU.sparse.size", "9", "GNU.sparse.offset", "5", "GNU.sparse.numbytes", "2")
            .file("records", "ef"),
        new RawTar().raw(oldSparse).raw(extension).raw(Arrays.copyOf(RawTar.bytes("abc"), 512)));
  }

  private static byte[] withFirst(int first, byte[] rest) {
    return joined(new byte[] {(byte) first}, rest);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    }
    return out.toByteArray();
  }
}
