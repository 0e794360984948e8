package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... arguments) {
    return new Main(new Console(out, err)).run(arguments);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String complained() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void nothingGivenPrintsTheShortHelp() {
    assertThat(run()).isZero();
    assertThat(printed()).startsWith("Usage: mydocker [OPTIONS] COMMAND\n");
    assertThat(complained()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "frobnicate,1,mydocker: 'frobnicate' is not a mydocker command: see mydocker --help",
    "--nope,1,mydocker: unknown flag: --nope: see mydocker --help",
    "run --nope x,125,mydocker: run: unknown flag: --nope: see mydocker run --help",
    "run -m lots x,125,mydocker: run: --memory: invalid size: \"lots\": see mydocker run --help",
    "run --gpus all x,125,mydocker: run: docker's --gpus is not supported yet: see mydocker run"
        + " --help",
    "run --name,125,mydocker: run: flag needs an argument: --name: see mydocker run --help",
    "pull,1,mydocker: pull: it needs exactly one image: see mydocker pull --help",
    "images a b,1,mydocker: images: it takes at most one repository: see mydocker images --help",
    "rmi,1,mydocker: rmi: it needs at least one image: see mydocker rmi --help",
    "image frob,1,mydocker: 'image frob' is not a mydocker command: see mydocker --help",
    "image rm,1,mydocker: rmi: it needs at least one image: see mydocker rmi --help",
    "image inspect,1,mydocker: image inspect: it needs at least one image: see mydocker image"
        + " inspect --help",
    "inspect --type pod x,1,'mydocker: inspect: --type: \"pod\": use container, image, network or"
        + " volume: see mydocker inspect --help'",
    "volume rm,1,mydocker: volume rm: it needs at least one volume: see mydocker volume rm --help",
    "volume create a b,1,mydocker: volume create: it takes at most one name: see mydocker volume"
        + " create --help",
    "image prune x,1,mydocker: image prune: it takes no arguments: see mydocker image prune --help",
    "system df -v --format json,1,mydocker: system df: -v and --format do not go together: see"
        + " mydocker system df --help",
    "version --nope,1,mydocker: version: unknown flag: --nope: see mydocker version --help",
  })
  void badLineIsOneLineOnTheStandardError(String line, int code, String message) {
    assertThat(run(line.split(" "))).isEqualTo(code);
    assertThat(complained()).isEqualTo(message + "\n");
    assertThat(printed()).isEmpty();
  }

  @Test
  void traceIsShownWithDebugAlone() {
    run("--debug", "version", "--nope");
    assertThat(complained()).contains("\n\tat dev.mydocker.cli.");
  }

  @Test
  void RT25_escapeSequencesInAnErrorAreEscaped() {
    run("\u001b[31mred");
    assertThat(complained())
        .isEqualTo("mydocker: '\\x1b[31mred' is not a mydocker command: see mydocker --help\n");
  }

  @Test
  void aGroupAloneListsItsCommands() {
    assertThat(run("image")).isZero();
    assertThat(printed()).contains("\n  ls ").contains("\n  prune ").contains("\n  rm ");
    String alone = printed();
    out.reset();
    run("image", "--help");
    assertThat(printed()).isEqualTo(alone);
    out.reset();
    run("image", "ls", "--help");
    assertThat(printed()).startsWith("Usage: mydocker images ");
    out.reset();
    run("help", "image", "prune");
    assertThat(printed()).startsWith("Usage: mydocker image prune ");
  }

  @Test
  void helpOfACommandIsTheSameEitherWay() {
    run("version", "--help");
    String asFlag = printed();
    out.reset();
    run("help", "version");
    assertThat(printed()).isEqualTo(asFlag).contains("Examples:\n");
  }
}
