package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoginCommandTest {
  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "login a b|login: it takes at most one server: see mydocker login --help",
        "login -u me -p x --password-stdin|login: --password and --password-stdin are mutually"
            + " exclusive: see mydocker login --help",
        "login --password-stdin|"
            + "login: --password-stdin needs --username: see mydocker login --help",
        "login word|"
            + "login: \"word\" is no registry's name: write HOST.DOMAIN, HOST:PORT or localhost",
        "logout a b|logout: it takes at most one server: see mydocker logout --help",
        "push|push: it needs exactly one image: see mydocker push --help",
        "push -a x:1|push: a tag can't be used with --all-tags: see mydocker push --help",
        "push oci:x|push: oci:x names no registry: pull it, tag it, and push that name:"
            + " see mydocker push --help",
        "pull -a x:1|pull: a tag can't be used with --all-tags: see mydocker pull --help",
        "pull -a x:latest|pull: a tag can't be used with --all-tags: see mydocker pull --help",
        "pull -a oci:x|pull: --all-tags needs the name of a registry's repository: see mydocker"
            + " pull --help",
      })
  void badLineIsOneLineOnTheStandardError(String line, String message) {
    assertThat(new Main(new Console(out, err)).run(line.split(" "))).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("mydocker: " + message + "\n");
  }

  @Test
  void logoutTellsWhetherThereWasALogin() throws Exception {
    Path config = directory.resolve("config.json");
    Files.writeString(config, "{\"auths\":{\"registry.test\":{\"auth\":\"bWU6cHc=\"}}}");
    Map<String, String> environment =
        Map.of("DOCKER_CONFIG", directory.toString(), "PATH", "/nowhere");
    LogoutCommand command = new LogoutCommand();
    Session session = new Session(new Console(out, err), environment);
    for (int i = 0; i < 2; i++) {
      command.run(command.flags().parse(List.of("https://registry.test"), true), session);
    }
    command.run(command.flags().parse(List.of(), true), session);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "Removing login credentials for registry.test\n"
                + "Not logged in to registry.test\n"
                + "Not logged in to https://index.docker.io/v1/\n");
  }

  /** In a pseudo-terminal of script(1), whose echo would show what is typed. */
  @Test
  void passwordIsAskedForWithoutEcho() throws Exception {
    String program = "'" + String.join("' '", OwnProcess.command("prompt")) + "'";
    Process script =
        new ProcessBuilder("script", "-qec", program + "; stty -a", "/dev/null")
            .redirectErrorStream(true)
            .start();
    StringBuilder shown = new StringBuilder();
    try (var typed = script.getOutputStream()) {
      for (String[] step : new String[][] {{"Username: ", "me\n"}, {"Password: ", "s3cr3t\n"}}) {
        while (!shown.toString().endsWith(step[0])) {
          shown.append((char) script.getInputStream().read());
        }
        typed.write(step[1].getBytes(StandardCharsets.UTF_8));
        typed.flush();
      }
      shown.append(new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
    assertThat(script.waitFor()).isZero();
    assertThat(shown.toString().replace("\r", ""))
        .startsWith("Username: me\nPassword: \nuser me, 6 characters\n")
        .contains(" echo ");
  }
}
