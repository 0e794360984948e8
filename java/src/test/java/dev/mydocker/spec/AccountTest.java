package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccountTest {

  private static Account of(String user, ImageFiles files, String... groupAdd)
      throws OptionException, IOException {
    List<UserSpec.Principal> added = new ArrayList<>();
    for (String group : groupAdd) {
      added.add(UserSpec.Principal.parse(group));
    }
    RunOptions options = Sample.options().user(UserSpec.parse(user)).groupAdd(added).build();
    return Account.of(options, Sample.IMAGE, files, new Causes.Collector());
  }

  private static Account of(String user, String... groupAdd) throws OptionException, IOException {
    return of(user, Sample.files(), groupAdd);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "web|1000|100|100,29,44|/srv/web",
        "1000|1000|100|100,29,44|/srv/web",
        "web:users|1000|100|100|/srv/web",
        "web:44|1000|44|44|/srv/web",
        "1000:1000|1000|1000|1000|/srv/web",
        "0|0|0|0,29|/root",
        "root:audio|0|29|29|/root",
        "4242|4242|0|0|/",
        "4242:4343|4242|4343|4343|/"
      })
  void RT38_primaryGroupComesFirstAndTheImagesGroupsForAUserItKnows(
      String user, long uid, long gid, String groups, String home) throws Exception {
    Account account = of(user);
    assertThat(account.user().uid()).isEqualTo(uid);
    assertThat(account.user().gid()).isEqualTo(gid);
    assertThat(account.user().additionalGids())
        .containsExactlyElementsOf(Arrays.stream(groups.split(",")).map(Long::valueOf).toList());
    assertThat(account.home()).isEqualTo(home);
  }

  @Test
  void RT38_addedGroupsAreLookedUpByNameAndNamedOnce() throws Exception {
    assertThat(of("4242", "audio", "7", "29", "video").user().additionalGids())
        .containsExactly(0L, 29L, 7L, 44L);
  }

  @Test
  void anImageWithoutPasswdStillHasNumbers() throws Exception {
    assertThat(of("1000:7", Sample.NO_FILES).user().uid()).isEqualTo(1000);
    assertThat(of("0", Sample.NO_FILES).home()).isEqualTo("/");
  }

  @Test
  void whoIsNotThereIsNamed() {
    assertThatThrownBy(() -> of("foo"))
        .isInstanceOf(OptionException.class)
        .hasMessage("unable to find user \"foo\": no matching entries in passwd file");
    assertThatThrownBy(() -> of("web:foo"))
        .isInstanceOf(OptionException.class)
        .hasMessage("unable to find group \"foo\": no matching entries in group file");
    assertThatThrownBy(() -> of("0", "foo")).hasMessageContaining("unable to find group \"foo\"");
    assertThatThrownBy(() -> of("web", Sample.NO_FILES)).hasMessageContaining("unable to find");
  }

  @Test
  void theImagesUserCountsUnlessOneIsGiven() throws Exception {
    ImageDefaults image = Sample.imageWithUser("web");
    CompiledSpec spec = Sample.compile(Sample.options(), image);
    assertThat(spec.spec().process().orElseThrow().user().uid()).isEqualTo(1000);
    assertThat(spec.causes().of("user")).isEqualTo("image: User");
    RunOptions.Builder root = Sample.options().user(UserSpec.ROOT);
    assertThat(Sample.compile(root, image).spec().process().orElseThrow().user().uid()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4294967296", "-1", "+0", " 0", "1000:4294967296", "a:b:c", "a\nb"})
  void RT39_aTrapInTheImagesUserIsRefusedAsTheImages(String user) {
    assertThatThrownBy(() -> Sample.compile(Sample.options(), Sample.imageWithUser(user)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("the image's User: ");
  }

  @Test
  void RT39_aNumberIsNeverLookedUpAsAName() throws Exception {
    ImageFiles files =
        Sample.files("4294967296:x:0:0::/:\n1000:x:0:0::/:\n-1:x:0:0::/:\n", "1000:x:0:\n");
    assertThat(of("1000", files).user().uid()).isEqualTo(1000);
    assertThat(of("1:1000", files).user().gid()).isEqualTo(1000);
    assertThat(of("1", files, "1000").user().additionalGids()).containsExactly(0L, 1000L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "web:x:4294967296:0::/:",
        "web:x:4294967295:0::/:",
        "web:x:-1:0::/:",
        "web:x:+0:0::/:",
        "web:x:0x0:0::/:",
        "web:x: 0:0::/:",
        "web:x::0::/:",
        "web:x:0::/:",
        "web:x:0",
        "web:x",
        "web",
        "web:x:0:99999999999::/:",
        "web:x:00000000000000000000000000000001000:0::/:",
        " web:x:0:0::/:",
        "#web:x:0:0::/:",
        "+web:x:0:0::/:",
        "-web:x:0:0::/:",
        "+::::::",
        "web\u0000:x:0:0::/:",
        "WEB:x:0:0::/:"
      })
  void RT40_aLineThatCannotBeUsedIsNobodys(String line) throws Exception {
    assertThatThrownBy(() -> of("web", Sample.files(line, "")))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("no matching entries in passwd file");
    ImageFiles twice = Sample.files(line + "\nweb:x:7:8::/home:\n", "");
    assertThat(of("web", twice).user().uid()).isEqualTo(7);
  }

  @Test
  void RT40_aShortLineWithItsIdsIsEnough() throws Exception {
    Account account = of("web", Sample.files("web:x:7:8", "g:x:9:web"));
    assertThat(account.user().additionalGids()).containsExactly(8L, 9L);
    assertThat(account.home()).isEqualTo("/");
  }

  @Test
  void RT40_aGroupThatCannotBeUsedIsLeftOut() throws Exception {
    String group = "a:x:-1:web\nb:x:4294967295:web\nc:x:5:web\n+d:x:6:web\ne:x:7:webb,we,xweb\n";
    assertThat(of("web", Sample.files(Sample.PASSWD, group)).user().additionalGids())
        .containsExactly(100L, 5L);
  }

  @Test
  void RT40_aFileOverTheLimitIsAnErrorAndNotRead() {
    ImageFiles huge = Sample.files(new byte[(10 << 20) + 1], new byte[0]);
    assertThatThrownBy(() -> of("1000", huge)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", ":", ",", "x", "a\n", "a:x:1:web,\n", "+\n", "#"})
  void RT40_aFileAtTheLimitFullOfOneThingIsSearchedInTime(String unit) throws Exception {
    byte[] content = unit.repeat((10 << 20) / unit.length()).getBytes("US-ASCII");
    assertThatThrownBy(() -> of("web", Sample.files(content, new byte[0])))
        .hasMessageContaining("no matching entries");
    byte[] passwd = Sample.PASSWD.getBytes("US-ASCII");
    assertThat(of("web", Sample.files(passwd, content)).user().uid()).isEqualTo(1000);
  }

  @Test
  void RT40_noiseIsNeverAnythingButAnAnswerOrAClearError() throws Exception {
    Random random = new Random(40);
    byte[] letters = "web:x0+-#\n,\u0000\u00ff".getBytes("ISO-8859-1");
    for (int i = 0; i < 2000; i++) {
      byte[] passwd = new byte[random.nextInt(200)];
      for (int j = 0; j < passwd.length; j++) {
        passwd[j] = letters[random.nextInt(letters.length)];
      }
      try {
        assertThat(of("web", Sample.files(passwd, passwd)).user().uid()).isNotNegative();
      } catch (OptionException e) {
        assertThat(e).hasMessageContaining("no matching entries");
      }
    }
  }

  @Test
  void RT40_moreGroupsThanTheKernelTakesAreAnError() {
    StringBuilder group = new StringBuilder();
    for (int gid = 0; gid < 70_000; gid++) {
      group.append("g:x:").append(gid).append(":web\n");
    }
    assertThatThrownBy(() -> of("web", Sample.files(Sample.PASSWD, group.toString())))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("more than 65536 groups");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "relative", "/a\u001b[2J", "/a\rb", "../x"})
  void RT41_anOddHomeIsTheRoot(String home) throws Exception {
    ImageFiles files = Sample.files("web:x:7:8::" + home + ":/bin/sh\n", "");
    assertThat(of("web", files).home()).isEqualTo("/");
  }
}
