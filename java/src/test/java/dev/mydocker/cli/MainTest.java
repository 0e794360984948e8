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
    "run -d x,125,mydocker: run: docker's -d is not supported yet: see mydocker run --help",
    "run --name,125,mydocker: run: flag needs an argument: --name: see mydocker run --help",
    "pull,1,mydocker: pull: it needs exactly one image: see mydocker pull --help",
    "images a b,1,mydocker: images: it takes at most one repository: see mydocker images --help",
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
  void helpOfACommandIsTheSameEitherWay() {
    run("version", "--help");
    String asFlag = printed();
    out.reset();
    run("help", "version");
    assertThat(printed()).isEqualTo(asFlag).contains("Examples:\n");
  }
}
