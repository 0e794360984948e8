package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.DeviceChoice;
import dev.mydocker.spec.DeviceOption;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.Spec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerStoreTest {
  private static final String ID = "0123456789abcdef".repeat(4);

  @TempDir Path directory;

  private ContainerRecord record(boolean remove) throws OptionException {
    return new ContainerRecord(
        ID,
        "calm_fox",
        "image",
        "sha256:0",
        List.of("sha256:1"),
        List.of("sh", "-c", "true"),
        1,
        new ContainerSettings(
            remove,
            true,
            new NetworkMode.Joined(
                List.of(
                    NetworkJoin.of("front"),
                    NetworkJoin.parse(
                        "name=back,ip=10.5.0.7,ip6=fd00::7,mac-address=02:42:0A:05:00:07,alias=db"))),
            PortChoice.parse(
                List.of("8080:80", "[::1]:53:53/udp", "9000-9010:90", "127.0.0.1::22"),
                false,
                List.of("443/tcp")),
            NameChoice.parse(
                List.of("9.9.9.9"),
                List.of("example.org"),
                List.of("ndots:2"),
                List.of("db:10.5.0.9", "up=host-gateway")),
            Map.of("a", "b"),
            3,
            new RestartPolicy(RestartPolicy.When.ON_FAILURE, 5),
            new LogOptions(true, 1000, 3),
            Optional.of(HealthCheck.ofText("true").complete()),
            new DeviceChoice(
                List.of(new DeviceOption("/dev/fuse", "/dev/f", "rw")),
                List.of(
                    new Spec.DeviceRule(
                        true, "c", OptionalLong.of(1), OptionalLong.empty(), "rwm"))),
            List.of(
                new MountOption.Volume(
                    "data", "/d", true, "a/b", false, true, MountOption.Origin.MOUNT_FLAG)),
            List.of("other:ro")),
        Optional.of(new ContainerRecord.LastRun(2, 3, new Exit(137, 9, true))),
        4,
        true);
  }

  @Test
  void aRecordThatAPowerCutEmptiedIsDamaged() throws Exception {
    ContainerStore store = new ContainerStore(new Roots(directory, directory.resolve("run")));
    store.make(ID);
    store.write(record(true));
    assertThat(store.find(ID)).contains(record(true));
    Files.write(store.directory(ID).resolve("record.json"), new byte[0]);
    assertThatThrownBy(() -> store.find(ID)).isInstanceOf(ContainerException.class);
  }

  @Test
  void aNameGoesToOneContainerUntilThatIsDeleted() throws Exception {
    ContainerStore store = new ContainerStore(new Roots(directory, directory.resolve("run")));
    store.make(ID);
    store.write(record(false));
    assertThat(store.claim("calm_fox", ID)).isEqualTo(ID);
    String other = "f".repeat(64);
    Files.createDirectories(store.directory(other));
    assertThat(store.claim("calm_fox", other)).isEqualTo(ID);
    store.delete(ID);
    assertThat(store.claim("calm_fox", other)).isEqualTo(other);
  }
}
