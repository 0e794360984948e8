package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceProgramTest {
  private static final String DOCKERS = "-a *:* rwm;+c *:* m;+b *:* m;+c 1:3 rwm;+c 136:* rwm";

  /** Rules as {@code +c 1:3 rwm;-b *:* w}. */
  static List<Spec.DeviceRule> rules(String text) {
    List<Spec.DeviceRule> rules = new ArrayList<>();
    for (String one : text.isEmpty() ? new String[0] : text.split(";")) {
      String[] words = one.substring(1).split("[ :]");
      rules.add(
          new Spec.DeviceRule(
              one.startsWith("+"), words[0], number(words[1]), number(words[2]), words[3]));
    }
    return rules;
  }

  private static OptionalLong number(String text) {
    return text.equals("*") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }

  @ParameterizedTest
  @CsvSource({
    // rules | asked: device, access | the answer
    "'', c 1:3 r, false",
    DOCKERS + ", c 1:3 rw, true",
    DOCKERS + ", c 1:3 m, true",
    DOCKERS + ", c 1:1 m, true",
    DOCKERS + ", c 1:1 r, false",
    DOCKERS + ", b 1:3 r, false",
    DOCKERS + ", b 8:0 m, true",
    DOCKERS + ", b 8:0 r, false",
    DOCKERS + ", c 136:7 rw, true",
    DOCKERS + ", c 137:7 r, false",
    // the last one counts, for the kind of access that it names
    "+c 1:3 rwm;-c 1:3 w, c 1:3 r, true",
    "+c 1:3 rwm;-c 1:3 w, c 1:3 w, false",
    "+c 1:3 rwm;-c 1:3 w, c 1:3 rw, false",
    "-c 1:3 w;+c 1:3 rwm, c 1:3 rw, true",
    "+c 1:3 r;+c 1:* w, c 1:3 rw, true",
    "+c 1:3 r;+c 1:* w, c 1:5 rw, false",
    "+c 1:3 r, c 1:3 rw, false",
    // any type, any number
    "+a 7:* r, b 7:1 r, true",
    "+a 7:* r, c 7:1 r, true",
    "+a *:9 r, c 200:9 r, true",
    "+a *:9 r, c 200:8 r, false",
    "+a *:* r, b 200:8 r, true",
    "+a *:* r, b 200:8 w, false",
    // what stands before one of everything does not count
    "+c 1:3 rwm;-a *:* rwm, c 1:3 r, false",
    "-c 1:3 rwm;+a *:* rwm, c 1:3 rwm, true",
    "+a *:* rwm;-b 8:0 rw, b 8:0 r, false",
    "+a *:* rwm;-b 8:0 rw, b 8:0 m, true",
    "+a *:* rwm;-b 8:0 rw, b 8:1 rw, true",
    // a number of the kernel's has 32 bits
    "+c 4294967295:1 r, c 4294967295:1 r, true",
  })
  void lastRuleThatSpeaksOfItCounts(String rules, String asked, boolean allowed) throws Exception {
    String[] words = asked.split("[ :]");
    int access = 0;
    for (char c : words[3].toCharArray()) {
      access |= c == 'm' ? 1 : c == 'r' ? 2 : 4;
    }
    int type = words[0].equals("b") ? 1 : 2;
    int major = Integer.parseUnsignedInt(words[1]);
    int[] context = {access << 16 | type, major, Integer.parseInt(words[2])};
    assertThat(run(DeviceProgram.of(rules(rules)), context)).isEqualTo(allowed ? 1 : 0);
  }

  /** What the kernel does with the instructions that are used: bpf(2), its instruction set. */
  private static int run(byte[] program, int[] context) {
    ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    int[] r = new int[11];
    for (int at = 0; ; at += 8) {
      int to = code.get(at + 1) & 0xf;
      int from = code.get(at + 1) >> 4 & 0xf;
      int distance = code.getShort(at + 2);
      int number = code.getInt(at + 4);
      switch (code.get(at) & 0xff) {
        case 0x61 -> r[to] = context[distance / 4];
        case 0xb4 -> r[to] = number;
        case 0xbc -> r[to] = r[from];
        case 0x54 -> r[to] &= number;
        case 0x74 -> r[to] >>>= number;
        case 0x05 -> at += 8 * distance;
        case 0x46 -> at += (r[to] & number) != 0 ? 8 * distance : 0;
        case 0x56 -> at += r[to] != number ? 8 * distance : 0;
        case 0x95 -> {
          return r[0];
        }
        default -> throw new AssertionError("instruction " + Integer.toHexString(code.get(at)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "+a *:* rwm, true",
    "-b 8:0 r;+a *:* rwm;+c 1:3 r, true",
    "+a *:* rwm;-b 8:0 r, false",
    "+a *:* rw, false",
    "+c 1:3 rwm, false",
    "-a *:* rwm, false",
  })
  void rulesThatForbidNothingNeedNoProgram(String rules, boolean all) {
    assertThat(DeviceProgram.allowsEverything(rules(rules))).isEqualTo(all);
  }

  @Test
  void noAccessAndNoTypeMeanAny() throws IOException {
    Spec.DeviceRule none = new Spec.DeviceRule(true, "", number("1"), number("3"), "");
    assertThat(DeviceProgram.of(List.of(none))).isEqualTo(DeviceProgram.of(rules("+a 1:3 rwm")));
  }

  @Test
  void kindsOfDevicesThatThereAreNotAreNamed() {
    assertThatThrownBy(() -> DeviceProgram.of(rules("+u 1:3 rwm"))).hasMessageContaining("\"u\"");
    assertThatThrownBy(() -> DeviceProgram.of(rules("+c 4294967297:3 rwm")))
        .hasMessageContaining("4294967297");
    assertThatThrownBy(() -> DeviceProgram.of(rules("+c 1:-1 rwm"))).hasMessageContaining("-1");
  }
}
