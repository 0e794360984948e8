package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** registries.conf: its grammar and what it means. */
class RegistryConfTest {
  private static final Path FILE = Path.of("/registries.conf");
  private static final String HEX = "a".repeat(64);

  @TempDir Path directory;

  private RegistriesConf load(String... texts) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String text : texts) {
      files.add(Files.writeString(directory.resolve(files.size() + ".conf"), text));
    }
    return RegistriesConf.load(files);
  }

  private static List<String> locate(RegistriesConf conf, String reference) throws IOException {
    return conf.locate(ImageRef.parseRegistry(reference)).stream()
        .map(ImageRef.Registry::name)
        .toList();
  }

  private static boolean insecure(RegistriesConf conf, String authority) {
    return conf.isInsecure(Origin.of(true, authority));
  }

  @Test
  void tablesKeysAndValuesAreRead() throws Exception {
    String text =
        "# comment\r\n"
            + "top = true # behind\n"
            + "[a . \"b.c\"]\n"
            + "  'single' = 'raw \\n'\n"
            + "\tx-1_Y=\"q\\\"\\\\\\t\"\n"
            + "list = [ \"a\", # one\n"
            + "  'b',\n"
            + "]\n"
            + "empty = []\n"
            + "none = \"\"\n"
            + "[[r]]\n"
            + "[[r]] # again";
    List<Toml.Table> tables = Toml.parse(FILE, text);
    assertThat(tables).extracting(Toml.Table::name).containsExactly("", "a.b.c", "r", "r");
    assertThat(tables).extracting(Toml.Table::line).containsExactly(1, 3, 11, 12);
    assertThat(tables.get(0).values()).isEqualTo(Map.of("top", new Json.Bool(true)));
    assertThat(tables.get(1).values())
        .containsEntry("single", new Json.Str("raw \\n"))
        .containsEntry("x-1_Y", new Json.Str("q\"\\\t"))
        .containsEntry("list", Json.strings(List.of("a", "b")))
        .containsEntry("empty", Json.strings(List.of()))
        .containsEntry("none", new Json.Str(""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a = 1 | 1",
        "a = | 1",
        "a | 1",
        "= \"x\" | 1",
        "a.b = \"x\" | 1",
        "a = {b = \"x\"} | 1",
        "a = \"\"\"x\"\"\" | 1",
        "a = '''x''' | 1",
        "a = \"x | 1",
        "a = \"\\u0041\" | 1",
        "a = \"x\" b = \"y\" | 1",
        "a = [\"x\" \"y\"] | 1",
        "a = [true] | 1",
        "a = [[\"x\"]] | 1",
        "a = [\"x\" | 1",
        "[a | 1",
        "[] | 1",
        "[[a] | 1",
        "[a]] | 1",
        "[a] b = true | 1",
        "a = truefalse | 1",
        "%a = true | 1",
        "@a = truea = true | 2",
        "@[x]@[x] | 3",
        "@[[x]]@[x] | 3",
        "a = true@a = true | 2"
      })
  void whatIsBeyondTheSubsetIsRefusedWithItsLine(String text, int line) {
    assertThatThrownBy(() -> Toml.parse(FILE, text.replace('@', '\n')))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageStartingWith("/registries.conf, line " + line + ": ");
  }

  @Test
  void IMG15_deepAndLongInputCostsNoStack() {
    assertThatThrownBy(() -> Toml.parse(FILE, "a = " + "[".repeat(1 << 20)))
        .isInstanceOf(ImageException.class);
    assertThatThrownBy(() -> Toml.parse(FILE, "[" + "a.".repeat(1 << 18)))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void withoutAnEntryAnImageComesFromItsRegistry() throws Exception {
    RegistriesConf conf =
        load("unqualified-search-registries = [\"a.test\"]\nshort-name-mode = \"enforcing\"\n");
    assertThat(locate(conf, "busybox")).containsExactly("docker.io/library/busybox:latest");
    assertThat(insecure(conf, "docker.io")).isFalse();
  }

  @Test
  void theLongestPrefixCountsAtABoundary() throws Exception {
    RegistriesConf conf =
        load(
            """
            [[registry]]
            prefix = "a.test"
            location = "b.test"
            [[registry]]
            prefix = "a.test/team"
            location = "c.test:5000/x"
            """);
    assertThat(locate(conf, "a.test/team/app:1")).containsExactly("c.test:5000/x/app:1");
    assertThat(locate(conf, "a.test/teams/app:1")).containsExactly("b.test/teams/app:1");
    assertThat(locate(conf, "a.test/team/app@sha256:" + HEX))
        .containsExactly("c.test:5000/x/app@sha256:" + HEX);
    assertThat(locate(conf, "a.test:5000/team/app:1")).containsExactly("a.test:5000/team/app:1");
    assertThat(locate(conf, "a.testing/team/app:1")).containsExactly("a.testing/team/app:1");
  }

  @Test
  void aPrefixMayStandForAllHostsBelowADomain() throws Exception {
    RegistriesConf conf =
        load(
            """
            [[registry]]
            prefix = "*.a.test"
            location = "mirror.test/a"
            [[registry]]
            prefix = "*.b.test"
            insecure = true
            """);
    assertThat(locate(conf, "x.a.test/app:1")).containsExactly("mirror.test/a/app:1");
    assertThat(locate(conf, "a.test/app:1")).containsExactly("a.test/app:1");
    assertThat(locate(conf, "x.b.test/app:1")).containsExactly("x.b.test/app:1");
    assertThat(insecure(conf, "x.b.test")).isTrue();
    assertThat(insecure(conf, "b.test")).isFalse();
  }

  @Test
  void mirrorsComeFirstInTheirOrderAndByTheirUse() throws Exception {
    RegistriesConf conf =
        load(
            """
            [[registry]]
            location = "docker.io"
            [[registry.mirror]]
            location = "one.test"
            [[registry.mirror]]
            location = "two.test/hub"
            insecure = true
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "three.test"
            pull-from-mirror = "tag-only"
            """);
    assertThat(locate(conf, "busybox"))
        .containsExactly(
            "one.test/library/busybox:latest",
            "three.test/library/busybox:latest",
            "docker.io/library/busybox:latest");
    assertThat(locate(conf, "busybox@sha256:" + HEX))
        .containsExactly(
            "one.test/library/busybox@sha256:" + HEX,
            "two.test/hub/library/busybox@sha256:" + HEX,
            "docker.io/library/busybox@sha256:" + HEX);
    assertThat(insecure(conf, "two.test")).isTrue();
    assertThat(insecure(conf, "two.test:5000")).isFalse();
    assertThat(insecure(conf, "one.test")).isFalse();
    assertThat(insecure(conf, "docker.io")).isFalse();
  }

  @Test
  void aBlockedRegistryIsRefused() throws Exception {
    RegistriesConf conf = load("[[registry]]\nlocation = \"a.test/evil\"\nblocked = true\n");
    assertThat(locate(conf, "a.test/good:1")).hasSize(1);
    assertThatThrownBy(() -> locate(conf, "a.test/evil:1"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("blocks \"a.test/evil\"");
  }

  @Test
  void aLaterFilesEntryReplacesAnEarlierOneOfThePrefix() throws Exception {
    RegistriesConf conf =
        load(
            "[[registry]]\nlocation = \"a.test\"\ninsecure = true\n",
            "[aliases]\n\"x\" = \"y.test/x\"\n[[registry]]\nprefix = \"a.test\"\n"
                + "location = \"b.test\"\n");
    assertThat(locate(conf, "a.test/app:1")).containsExactly("b.test/app:1");
    assertThat(insecure(conf, "a.test")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[[registry]]@location = \"a.test\"@insecrue = true | line 1, [registry]: unknown key",
        "[[registry]]@prefix = \"a.test\" | needs a location",
        "[[registry]]@location = true | location must be a string",
        "[[registry]]@location = \"\" | location must be a string",
        "[[registry]]@location = \"a.test\"@insecure = \"yes\" | insecure must be true or false",
        "[registry]@location = \"a.test\" | in double brackets",
        "@[registries.search]@registries = [\"a.test\"] | line 2, [registries.search]: version 1",
        "[[registry.mirror]]@location = \"a.test\" | below its [[registry]]",
        "[[registry]]@location = \"a.test\"@[[registry.mirror]] | a mirror needs a location",
        "[[registry]]@location = \"a.test\"@[[registry.mirror]]@location = \"b\"@pull-from-mirror"
            + " = \"x\" | pull-from-mirror"
      })
  void anEntryThatCannotBeMeantIsRefused(String text, String message) {
    assertThatThrownBy(() -> load(text.replace('@', '\n')))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining(directory.resolve("0.conf").toString())
        .hasMessageContaining(message);
  }

  @Test
  void aLocationWithoutAHostIsRefused() throws Exception {
    RegistriesConf conf = load("[[registry]]\nprefix = \"a.test\"\nlocation = \"mirror/path\"\n");
    assertThatThrownBy(() -> locate(conf, "a.test/app:1"))
        .hasMessageContaining("does not begin with a registry's host name");
  }

  @Test
  void theUsersFileStandsForTheHosts() throws Exception {
    Path own = Files.createDirectories(directory.resolve(".config/containers/registries.conf.d"));
    Files.writeString(
        own.resolveSibling("registries.conf"),
        "[[registry]]\nlocation = \"a.test\"\ninsecure = true\n");
    Files.writeString(
        own.resolve("1.conf"), "[[registry]]\nlocation = \"b.test\"\ninsecure = true\n");
    Files.writeString(own.resolve("ignored.txt"), "no TOML");
    RegistriesConf conf = RegistriesConf.load(Map.of("HOME", directory.toString()));
    assertThat(insecure(conf, "a.test")).isTrue();
    assertThat(insecure(conf, "b.test")).isTrue();

    Path named = Files.writeString(directory.resolve("named.conf"), "");
    RegistriesConf alone =
        RegistriesConf.load(
            Map.of("HOME", directory.toString(), "CONTAINERS_REGISTRIES_CONF", named.toString()));
    assertThat(insecure(alone, "a.test")).isFalse();
    assertThatThrownBy(
            () -> RegistriesConf.load(Map.of("CONTAINERS_REGISTRIES_CONF", "/nowhere/at.all")))
        .hasMessageContaining("does not exist");
  }
}
