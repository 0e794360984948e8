package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.Platform;
import dev.mydocker.testing.DockerRegistry;
import dev.mydocker.testing.ImageLayout;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What push and pull --all-tags print. */
class PushCommandIT {
  private static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
  private static final String DIGEST = "sha256:[0-9a-f]{64}";

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private String run(Command command, String... arguments) throws Exception {
    Map<String, String> environment = new HashMap<>();
    environment.put("HOME", directory.toString());
    environment.put("MYDOCKER_ROOT", directory.resolve("state").toString());
    environment.put("MYDOCKER_RUN_ROOT", directory.resolve("run").toString());
    Path conf = Files.writeString(directory.resolve("registries.conf"), "");
    environment.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
    out.reset();
    Flags.Parsed parsed = command.flags().parse(List.of(arguments), command.interspersed());
    assertThat(command.run(parsed, new Session(new Console(out, err), environment))).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void allTagsArePulledAndPushedAgain() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String name = registry.authority() + "/team/busybox";
      registry.push(BUSYBOX, "team/busybox:1");
      registry.push(BUSYBOX, "team/busybox:latest");

      String first = "1: Pulling from " + name + "\n[0-9a-f]{12}: Pulling fs layer\n";
      assertThat(run(new PullCommand(), "-a", name))
          .matches(
              first
                  + "(.*\n)+Digest: "
                  + DIGEST
                  + "\nlatest: Pulling from "
                  + name
                  + "\n(.*\n)+[0-9a-f]{12}: Already exists\nDigest: "
                  + DIGEST
                  + "\nStatus: Downloaded newer image for "
                  + name
                  + "\n"
                  + name
                  + "\n");
      assertThat(run(new PullCommand(), "-a", "-q", name)).isEqualTo(name + "\n");

      String again =
          "[0-9a-f]{12}: Preparing\n[0-9a-f]{12}: Layer already exists\n"
              + "%s: digest: "
              + DIGEST
              + " size: [0-9]+\n";
      String refers = "The push refers to repository \\[" + name + "\\]\n";
      assertThat(run(new PushCommand(), name))
          .matches("Using default tag: latest\n" + refers + String.format(again, "latest"));
      assertThat(run(new PushCommand(), "--all-tags", name))
          .matches(refers + String.format(again, "1") + String.format(again, "latest"));
      assertThat(run(new PushCommand(), "-q", name + ":1")).isEqualTo(name + ":1\n");
      assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }
  }

  @Test
  void platformsArePulledShownAndPushed() throws Exception {
    Platform other = new Platform("linux", "riscv64", "");
    Path layout = directory.resolve("layout");
    List<ImageLayout> both = new ArrayList<>();
    for (Platform platform : List.of(Platform.host(), other)) {
      both.add(
          ImageLayout.in(layout)
              .platform(platform)
              .layer(new ImageLayout.Layer().file("machine", platform.architecture())));
    }
    String source = ImageLayout.end(both);
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String name = registry.authority() + "/team/app:1";
      String index = digestOf(run(new PullCommand(), source));
      run(new TagCommand(), source, name);
      String single = digestOf(run(new PushCommand(), name));
      assertThat(err.toString(StandardCharsets.UTF_8))
          .isEqualTo(
              "mydocker: push: not all platforms of "
                  + name
                  + " are here, so the one that is was sent alone: "
                  + index
                  + " -> "
                  + single
                  + "\n");
      String inspected = "{{.Architecture}} {{.Descriptor.digest}}";
      InspectCommand inspect = new InspectCommand(InspectCommand.Of.IMAGES);
      assertThat(run(inspect, "-f", inspected, name))
          .isEqualTo(Platform.host().architecture() + " " + index + "\n");

      assertThat(run(new PullCommand(), "--all-platforms", source))
          .contains("Digest: " + index + "\n")
          .contains("Downloaded newer image");
      assertThat(run(new PullCommand(), "--all-platforms", source)).contains("is up to date");
      assertThat(digestOf(run(new PushCommand(), name))).isEqualTo(index);
      assertThat(run(inspect, "-f", inspected, "--platform", other.toString(), name))
          .startsWith("riscv64 sha256:")
          .doesNotContain(index);
      assertThat(run(new HistoryCommand(), "-q", "--no-trunc", "--platform", "riscv64", name))
          .isEqualTo(run(inspect, "-f", "{{.Id}}", "--platform", other.toString(), name));
      assertThat(run(new ImagesCommand(), "--format", "{{.Digest}}", name)).isEqualTo(index + "\n");
      assertThatThrownBy(
              () -> run(new PullCommand(), "--all-platforms", "--platform", "riscv64", source))
          .isInstanceOf(UsageException.class);
      Path archive = directory.resolve("all.tar");
      run(new SaveCommand(), "-o", archive.toString(), name);
      run(new RmiCommand(), source, name);
      run(new LoadCommand(), "-i", archive.toString(), "--all-platforms");
      assertThat(digestOf(run(new PushCommand(), name))).isEqualTo(index);
    }
  }

  /** Of a pull's or a push's last lines. */
  private static String digestOf(String output) {
    int at = output.toLowerCase(java.util.Locale.ROOT).indexOf("digest: sha256:");
    return output.substring(at + "digest: ".length()).split("\\s")[0];
  }

  @Test
  void aLoginIsTriedKeptAndUsedAgain() throws Exception {
    try (DockerRegistry registry =
        DockerRegistry.in(directory.resolve("registry")).htpasswd().start()) {
      String server = registry.authority();
      String[] login = {"-u", DockerRegistry.USER, "-p", DockerRegistry.PASSWORD, server};
      assertThat(run(new LoginCommand(), login)).isEqualTo("Login Succeeded\n");
      assertThat(err.toString(StandardCharsets.UTF_8))
          .startsWith("WARNING! Using --password via the CLI is insecure.")
          .contains("stored unencrypted in '" + directory + "/.docker/config.json'.\n")
          .doesNotContain(DockerRegistry.PASSWORD);
      assertThat(run(new LoginCommand(), server))
          .isEqualTo("Authenticating with existing credentials...\nLogin Succeeded\n");
      assertThat(run(new LogoutCommand(), server))
          .isEqualTo("Removing login credentials for " + server + "\n");
      assertThat(run(new LogoutCommand(), server)).isEqualTo("Not logged in to " + server + "\n");
    }
  }
}
