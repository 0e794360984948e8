package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The grammar of {@code --cgroup-conf}. */
class CgroupConfTest {
  @Test
  void aSettingIsAFileOfAControllerAndItsValue() throws OptionException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String text :
        new String[] {
          "memory.high=1", "hugetlb.2MB.max=0", "io.max=8:0 rbps=1", "memory.high=max"
        }) {
      CgroupConf.parse(text, settings);
    }
    assertThat(settings)
        .containsExactly(
            Map.entry("memory.high", "max"),
            Map.entry("hugetlb.2MB.max", "0"),
            Map.entry("io.max", "8:0 rbps=1"));
  }

  /** Its name becomes a part of a path of the host, and is written to by root. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "memory.high",
        "memory.high=",
        "memory.high= ",
        "memory=1",
        "memory.=1",
        "memory..high=1",
        "memory./../x=1",
        "../memory.high=1",
        "memory.high/x=1",
        "/memory.high=1",
        "cgroup.procs=1",
        "cgroup.freeze=1",
        "cgroup.subtree_control=+cpu",
        "devices.allow=a",
        "MEMORY.high=1",
        "memory.high=1\n2",
        "memory.hi\u00e9=1",
      })
  void RT51_nothingElseIsASetting(String text) {
    assertThatThrownBy(() -> CgroupConf.parse(text, new HashMap<>()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("--cgroup-conf");
  }
}
