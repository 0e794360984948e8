package dev.mydocker.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NameFilesTest {
  @TempDir Path directory;

  private static Network network(String id, String name, boolean internal) {
    return new Network(
        id, name, Network.BRIDGE, 0, internal, false, 0, Map.of(), Map.of(), List.of());
  }

  private static Endpoint endpoint(String container, String network, String ip, String... names)
      throws OptionException {
    return new Endpoint(
        container + network,
        container,
        network,
        "eth0",
        true,
        Optional.of(Ip.parse(ip)),
        Optional.empty(),
        "02:42:00:00:00:01",
        List.of(names),
        List.of());
  }

  private String read(String file) throws IOException {
    return Files.readString(directory.resolve(file));
  }

  @Test
  void eachNameIsToldAloneAndInItsNetworkInLowerCase() throws Exception {
    assertThat(
            NameFiles.names(
                network("n", "Front", false), endpoint("c", "n", "10.0.0.2", "Web", "www")))
        .isEqualTo(
            "A 10.0.0.2 web\nA 10.0.0.2 web.front\nA 10.0.0.2 www\nA 10.0.0.2 www.front\n"
                + "P 10.0.0.2 web.front\n");
  }

  @Test
  void filesFollowTheEndpoints() throws Exception {
    Files.createDirectories(directory.resolve("networks"));
    Files.createDirectories(directory.resolve("containers/c"));
    Files.createDirectories(directory.resolve("containers/d"));
    NetFiles files = new NetFiles(directory, directory.resolve("networks"));
    List<Network> networks =
        List.of(
            network("1", "bridge", false), network("2", "front", false), network("3", "in", true));
    Endpoint usual = endpoint("c", "1", "10.0.1.2", "web");
    Endpoint front = endpoint("c", "2", "10.0.2.2", "web");
    Endpoint inner = endpoint("d", "3", "10.0.3.2", "db");
    NameFiles.update(files, networks, List.of(), List.of(usual, front, inner));
    assertThat(directory.resolve("networks/names.1")).doesNotExist();
    assertThat(read("networks/names.2")).startsWith("A 10.0.2.2 web\n");
    assertThat(read("containers/c/networks"))
        .isEqualTo("forward\nnames ../../networks/names.2\nforward\n");
    assertThat(read("containers/d/networks"))
        .as("nothing leads out of it")
        .isEqualTo("names ../../networks/names.3\n");
    Files.delete(directory.resolve("containers/d/networks"));
    NameFiles.update(files, networks, List.of(usual, front, inner), List.of(usual, inner));
    assertThat(directory.resolve("networks/names.2")).doesNotExist();
    assertThat(read("containers/c/networks")).isEqualTo("forward\n");
    assertThat(directory.resolve("containers/d/networks")).as("unchanged").doesNotExist();
    NameFiles.update(files, networks, List.of(usual, inner), List.of());
    assertThat(directory.resolve("containers/c/networks")).doesNotExist();
    assertThat(directory.resolve("networks/names.3")).doesNotExist();
  }
}
