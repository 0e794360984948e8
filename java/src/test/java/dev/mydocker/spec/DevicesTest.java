package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {
  @ParameterizedTest
  @CsvSource({
    "/dev/fuse,/dev/fuse:/dev/fuse:rwm",
    "/dev/fuse:r,/dev/fuse:/dev/fuse:r",
    "/dev/fuse:/dev/f,/dev/fuse:/dev/f:rwm",
    "/dev/fuse:/x/f:wr,/dev/fuse:/x/f:wr",
    "/dev//snd/:/./s/,/dev/snd:/s:rwm",
  })
  void deviceOfTheHost(String text, String full) throws Exception {
    assertThat(DeviceOption.parse(text).text()).isEqualTo(full);
  }

  @ParameterizedTest
  @CsvSource({
    "'','bad format for path: \"\"'",
    ":/dev/x,'bad format for path: \":/dev/x\"'",
    "/a:/b:r:w,'bad format for path: \"/a:/b:r:w\"'",
    "/a:/b:rr,'bad mode specified: \"rr\"'",
    "/a:/b:,'bad mode specified: \"\"'",
    "/a:/b:rx,'bad mode specified: \"rx\"'",
    "/a:b,'\"b\" is not an absolute path'",
    "/a:,'\"\" is not an absolute path'",
    "vendor.com/gpu=all,'\"vendor.com/gpu=all\" is not an absolute path'",
    "/a:/../b,'invalid path in the container: \"/../b\": it contains ''..'''",
    "/a:/,invalid mount target: it cannot be '/'",
  })
  void malformedDevice(String text, String message) {
    assertThatThrownBy(() -> DeviceOption.parse(text)).hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"c 1:3 rwm", "a *:* r", "b 8:* w", "c *:0 m", "c 4294967295:4294967295 r"})
  void rule(String text) throws Exception {
    DeviceChoice choice = DeviceChoice.parse(List.of(), List.of(text));
    assertThat(choice.ruleTexts()).containsExactly(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "c",
        "c 1:3",
        "d 1:3 r",
        "c 1 r",
        "c 1:3:4 r",
        "c 1:3 ",
        "c 1:3 x",
        "c 1:3 rwmr",
        "c  1:3 r",
        "c 1:3 r ",
        "c -1:3 r",
        "c 4294967296:0 r",
        "c 0x1:3 r",
        "c :3 r",
        "c 1:3 r\nb *:* rwm"
      })
  void malformedRule(String text) {
    assertThatThrownBy(() -> DeviceChoice.parseRule(text))
        .hasMessageStartingWith("invalid device cgroup format ");
  }

  private static CompiledSpec compile(List<String> devices, String... rules) throws Exception {
    return Sample.compile(Sample.options().devices(DeviceChoice.parse(devices, List.of(rules))));
  }

  /** What is there beyond the defaults. */
  private static List<Spec.DeviceRule> more(CompiledSpec compiled) throws Exception {
    List<Spec.DeviceRule> rules = new ArrayList<>(compiled.spec().linux().resources().devices());
    rules.removeAll(Sample.compile(Sample.options()).spec().linux().resources().devices());
    return rules;
  }

  @Test
  void chosenDeviceIsMadeAndMayBeUsed() throws Exception {
    CompiledSpec compiled = compile(List.of("/dev/fuse:/dev/f:rw"));
    assertThat(compiled.spec().linux().devices())
        .filteredOn(d -> d.major() == 10)
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.path()).isEqualTo("/dev/f");
              assertThat(d.minor()).isEqualTo(229);
              assertThat(d.fileMode()).hasValue(0600);
              assertThat(d.gid()).hasValue(6);
            });
    assertThat(new DeviceChoice(List.of(), more(compiled)).ruleTexts())
        .containsExactly("c 10:229 rw");
    assertThat(compiled.causes().texts())
        .containsEntry("device:/dev/f", "--device=/dev/fuse:/dev/f:rw")
        .containsEntry("resource:devices", "default: Docker's; --device=/dev/fuse:/dev/f:rw");
  }

  @Test
  void directoryGivesAllThatIsBelow() throws Exception {
    CompiledSpec compiled = compile(List.of("/dev/snd:/audio"), "b 8:* r");
    assertThat(compiled.spec().linux().devices())
        .extracting(Spec.Device::path)
        .contains("/audio/timer", "/audio/by-path/card")
        .doesNotHaveDuplicates();
    assertThat(new DeviceChoice(List.of(), more(compiled)).ruleTexts())
        .containsExactly("c 116:33 rwm", "c 116:7 rwm", "b 8:* r");
  }

  @Test
  void chosenDeviceTakesThePlaceOfAStandardOne() throws Exception {
    assertThat(compile(List.of("/dev/fuse:/dev/null")).spec().linux().devices())
        .filteredOn(d -> d.path().equals("/dev/null"))
        .extracting(Spec.Device::major)
        .containsExactly(10L);
  }

  @ParameterizedTest
  @CsvSource({
    "/dev/nope,'error gathering device information while adding custom device \"/dev/nope\":"
        + " no such file or directory'",
    "/etc/passwd,'error gathering device information while adding custom device \"/etc/passwd\":"
        + " not a device node'",
    "/dev/fuse:/dev/ptmx,'--device: \"/dev/ptmx\" is the container''s own: give it another path"
        + " there'",
  })
  void whatIsNoDeviceOfTheHost(String device, String message) {
    assertThatThrownBy(() -> compile(List.of(device)))
        .isInstanceOf(OptionException.class)
        .hasMessage(message);
  }

  @Test
  void privilegedContainerNeedsNoRules() throws Exception {
    CompiledSpec compiled =
        Sample.compile(
            Sample.options()
                .privileged(true)
                .devices(DeviceChoice.parse(List.of("/dev/fuse:/dev/f"), List.of())));
    assertThat(compiled.spec().linux().resources().devices()).hasSize(1);
    assertThat(compiled.spec().linux().devices())
        .extracting(Spec.Device::path)
        .contains("/dev/f", "/dev/kvm");
  }
}
