package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whole specifications of typical runs, with their reasons; see {@link Golden}. */
class SpecGoldenTest {

  private static void check(String name, RunOptions.Builder options, ImageDefaults image)
      throws Exception {
    CompiledSpec compiled = Sample.compile(options, image);
    Json.Obj json = compiled.spec().toJson();
    assertThat(Spec.fromJson(Json.parseObject(json.toBytes())))
        .as("it is read back the same")
        .isEqualTo(compiled.spec());
    Golden.assertSame("spec-" + name + ".json", text(json));
    Json.Obj causes = Json.object().putStrings("causes", compiled.causes().texts()).build();
    Golden.assertSame("spec-" + name + ".causes.json", text(causes));
  }

  private static String text(Json.Obj json) {
    return new String(json.toPrettyBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void nothingAsked() throws Exception {
    check("plain", RunOptions.builder("image"), Sample.IMAGE);
  }

  @Test
  void aTerminalAndLimits() throws Exception {
    check(
        "limits",
        Sample.options()
            .tty(true)
            .interactive(true)
            .memory(256L << 20)
            .memoryReservation(128L << 20)
            .nanoCpus(500_000_000)
            .cpusetCpus("0-1")
            .cpuShares(512)
            .pidsLimit(64)
            .ulimits(List.of(Ulimit.parse("nofile=1024:2048"))),
        Sample.IMAGE);
  }

  @Test
  void aUserAndMountsOverAReadOnlyRoot() throws Exception {
    ImageDefaults image =
        new ImageDefaults(
            "web",
            List.of("PATH=/usr/bin:/bin", "LANG=C"),
            List.of("/entry"),
            List.of("serve"),
            "/srv",
            Optional.of("SIGQUIT"),
            List.of());
    List<MountOption> asked =
        List.of(
            MountOption.parseVolume("/srv/a/b:/a/b:ro", "/"),
            MountOption.parseVolume("/srv/a:/a", "/"),
            MountOption.parseTmpfs("/run:size=1m,mode=755"),
            MountOption.parseVolume("/srv/hosts:/etc/hosts", "/"),
            MountOption.Volume.anonymous("/data", MountOption.Origin.IMAGE).named("made"));
    check(
        "readonly",
        RunOptions.builder("image")
            .readOnly(true)
            .mounts(asked)
            .capDrop(CapabilityChoice.parse(List.of("ALL")))
            .capAdd(CapabilityChoice.parse(List.of("NET_BIND_SERVICE")))
            .hostname("box")
            .domainname("example")
            .init(true)
            .sysctls(Map.of("net.ipv4.ip_forward", "1"))
            .env(List.of(EnvEntry.parse("LANG=de", n -> Optional.empty()))),
        image);
  }

  @Test
  void privileged() throws Exception {
    check("privileged", Sample.options().privileged(true), Sample.IMAGE);
  }

  @Test
  void theHostsNamespaces() throws Exception {
    check(
        "host",
        Sample.options()
            .network(new NetworkMode.Host())
            .pid(NamespaceMode.HOST)
            .ipc(NamespaceMode.HOST)
            .uts(NamespaceMode.HOST)
            .cgroupns(NamespaceMode.HOST),
        Sample.IMAGE);
  }
}
