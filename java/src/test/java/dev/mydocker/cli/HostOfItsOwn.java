package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Directory;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * Tests on a host and with a neighbour that are network namespaces of the test: nothing is changed,
 * and nothing sent, on this machine's own network.
 */
abstract class HostOfItsOwn {
  static final String B = TestEngine.BUSYBOX;
  static final String SERVER = "echo it-is-me > /x; while :; do nc -l -p 80 < /x > /dev/null; done";

  static Path directory;
  static Process host;
  static Process neighbour;

  @BeforeAll
  static void make() throws Exception {
    directory = Files.createTempDirectory("network-it");
    host = namespace();
    neighbour = namespace();
    String script =
        """
        ip link set lo up
        ip link add lan type veth peer name lan netns %d
        ip addr add 192.0.2.1/24 dev lan
        ip addr add 2001:db8::1/64 dev lan nodad
        ip link set lan up
        nft add table inet somebodys
        """;
    sh(host, String.format(script, neighbour.pid()));
    sh(
        neighbour,
        "ip link set lo up; ip addr add 192.0.2.2/24 dev lan;"
            + " ip addr add 2001:db8::2/64 dev lan nodad; ip link set lan up;"
            + " ip route add default via 192.0.2.1; ip route add default via 2001:db8::1");
    good("pull", "-q", B);
  }

  static Process namespace() throws Exception {
    Process process =
        new ProcessBuilder("unshare", "-n", "sh", "-c", "echo; exec sleep 10000").start();
    assertThat(process.getInputStream().read()).isEqualTo('\n');
    return process;
  }

  @AfterAll
  static void remove() throws Exception {
    host.destroyForcibly().waitFor();
    neighbour.destroyForcibly().waitFor();
    try (Directory parent = Directory.open(directory.getParent())) {
      parent.removeTree(directory.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    List<String> ids = lines(good("ps", "-aq"));
    if (!ids.isEmpty()) {
      List<String> rm = new ArrayList<>(List.of("rm", "-f"));
      rm.addAll(ids);
      good(rm.toArray(new String[0]));
    }
    good("network", "prune", "-f");
    assertThat(traces()).isEqualTo("lo\nlan\ntable inet somebodys\n");
    Path state = directory.resolve("run/networks/state.json");
    if (Files.exists(state)) {
      assertThat(Files.readString(state)).contains("\"endpoints\":[]");
    }
  }

  /** The links and tables of the host. */
  static String traces() throws Exception {
    return sh(host, "ip -o link | sed 's/^[0-9]*: //; s/[@:].*//'; nft list tables");
  }

  static List<String> lines(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\n"));
  }

  static List<String> inside(Process namespace, List<String> command) {
    List<String> all =
        new ArrayList<>(List.of("nsenter", "--net=/proc/" + namespace.pid() + "/ns/net"));
    all.addAll(command);
    return all;
  }

  static String sh(Process namespace, String script) throws Exception {
    Cli.Result result =
        Cli.end(Cli.start(inside(namespace, List.of("sh", "-c", script))), new byte[0]);
    assertThat(result.err()).as(script).isEmpty();
    return result.out();
  }

  static Process start(Process namespace, String... words) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(inside(namespace, Cli.command(words)));
    // The neighbour has an engine of its own, so that it does not take the host's for abandoned.
    Path own = namespace == host ? directory : directory.resolve("neighbour");
    builder.environment().put("MYDOCKER_ROOT", own.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", own.resolve("run").toString());
    return builder.start();
  }

  static Cli.Result run(Process namespace, String... words) throws IOException {
    return Cli.end(start(namespace, words), new byte[0]);
  }

  static String good(String... words) throws IOException {
    Cli.Result result = run(host, words);
    assertThat(result.code()).as(String.join(" ", words) + "\n" + result.err()).isZero();
    return result.out();
  }

  static String bad(int code, String... words) throws IOException {
    Cli.Result result = run(host, words);
    assertThat(result.code()).as(String.join(" ", words) + result.out()).isEqualTo(code);
    assertThat(result.err().strip()).doesNotContain("\n");
    return result.err();
  }

  /** What a server says to somebody who is in a network namespace. */
  static String ask(Process namespace, String address, int port) throws IOException {
    String command = "nc -w 2 " + address + " " + port + " < /dev/null";
    return run(namespace, "run", "--rm", "--network", "host", B, "sh", "-c", command).out().strip();
  }

  static String address(String container, String network) throws IOException {
    String path = "{{.NetworkSettings.Networks." + network + ".IPAddress}}";
    return good("inspect", "-f", path, container).strip();
  }
}
