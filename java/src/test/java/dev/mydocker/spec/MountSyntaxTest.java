package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountSyntaxTest {

  private static MountOption parse(String text) throws OptionException {
    return MountOption.parseMount(text, "/home/me");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "type=bind,source=/a,target=/b|/a|false|rprivate|ENABLED",
        "target=/b,src=/a,type=bind|/a|false|rprivate|ENABLED",
        "type=bind,src=/a,dst=/b,ro|/a|true|rprivate|ENABLED",
        "type=bind,src=/a,destination=/b,readonly=true|/a|true|rprivate|ENABLED",
        "type=bind,src=/a,dst=/b,readonly=0|/a|false|rprivate|ENABLED",
        "type=bind,src=./a,dst=/b|/home/me/./a|false|rprivate|ENABLED",
        "type=bind,src=/a,dst=/b,bind-propagation=rslave|/a|false|rslave|ENABLED",
        "type=bind,src=/a,dst=/b,bind-nonrecursive|/a|false|rprivate|DISABLED",
        "type=bind,src=/a,dst=/b,bind-recursive=disabled|/a|false|rprivate|DISABLED",
        "type=bind,src=/a,dst=/b,ro,bind-recursive=writable|/a|true|rprivate|WRITABLE",
        "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly|/a|true|rprivate|READONLY"
      })
  void aBindMountIsRead(
      String text,
      String source,
      boolean readOnly,
      String propagation,
      MountOption.Recursion recursion)
      throws OptionException {
    assertThat(parse(text))
        .isEqualTo(new MountOption.Bind(source, "/b", readOnly, propagation, recursion, false));
  }

  @Test
  void aFieldMayBeQuotedAsCsv() throws OptionException {
    MountOption.Bind bind = (MountOption.Bind) parse("type=bind,\"source=/a,\"\"b\"\"\",target=/c");
    assertThat(bind.source()).isEqualTo("/a,\"b\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "type=volume,source=data,target=/b|data|false||true",
        "src=data,dst=/b,ro|data|true||true",
        "type=volume,source=data,target=/b,volume-nocopy|data|false||false",
        "type=volume,source=data,target=/b,volume-nocopy=true,volume-driver=local|data|false||false",
        "type=volume,source=data,target=/b,volume-subpath=a/b c/d|data|false|a/b c/d|true",
        "type=volume,source=data,target=/b,volume-subpath=a..b|data|false|a..b|true",
        "type=volume,target=/b||false||true",
        "dst=/b||false||true"
      })
  void aVolumeIsRead(String text, String name, boolean readOnly, String subpath, boolean copy)
      throws OptionException {
    String given = name == null ? "" : name;
    assertThat(parse(text))
        .isEqualTo(
            new MountOption.Volume(
                given,
                "/b",
                readOnly,
                subpath == null ? "" : subpath,
                copy,
                given.isEmpty(),
                MountOption.Origin.MOUNT_FLAG));
  }

  @Test
  void aTmpfsIsRead() throws OptionException {
    assertThat(parse("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770,ro"))
        .isEqualTo(
            new MountOption.Tmpfs(
                "/t",
                OptionalLong.of(1 << 20),
                OptionalInt.of(01770),
                List.of("noexec", "nosuid", "nodev", "ro")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "type=bind",
        "type=bind,source=/a",
        "type=bind,target=/b",
        "type=bind,source=a,target=/b",
        "type=bind,source=/a,target=b",
        "type=bind,source=/a,target=/",
        "type=bind,source=/a,target=/b/../c",
        "type=bind,source=/a,target=",
        "type=bind,source=/a,src=/c,target=/b",
        "type=bind,source=/a,target=/b,readonly=maybe",
        "type=bind,source=/a,target=/b,nonsense=1",
        "type=bind,source=/a,target=/b,nonsense",
        "type=bind,source=/a,target=/b,tmpfs-size=1m",
        "type=bind,source=/a,target=/b,bind-propagation=everywhere",
        "type=bind,source=/a,target=/b,bind-recursive=readonly",
        "type=bind,source=/a,target=/b,bind-recursive=writable",
        "type=bind,source=/a,target=/b,ro,bind-propagation=rslave,bind-recursive=readonly",
        "type=tmpfs,target=/t,source=/a",
        "type=tmpfs,target=/t,tmpfs-size=x",
        "type=tmpfs,target=/t,tmpfs-mode=888",
        "type=tmpfs,target=/t,bind-propagation=rslave",
        "type=volume,source=v,target=/b",
        "type=volume,source=/v,target=/b",
        "type=volume,source=data",
        "type=volume,source=data,target=/b,bind-propagation=rslave",
        "type=volume,source=data,target=/b,tmpfs-size=1m",
        "type=volume,source=data,target=/b,volume-driver=nfs",
        "type=volume,source=data,target=/b,volume-nocopy=maybe",
        "type=volume,source=data,target=/b,volume-opt=o=bind",
        "type=volume,source=data,target=/b,volume-subpath=/etc",
        "type=volume,source=data,target=/b,volume-subpath=..",
        "type=volume,source=data,target=/b,volume-subpath=a/../../x",
        "type=bind,source=/a,target=/b,volume-nocopy",
        "type=npipe,target=/b",
        "\"type=bind,source=/a,target=/b",
        "type=bind,source=\"/a\",target=/b",
        "type=bind,source=/a\0,target=/b"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(OptionException.class);
  }
}
