package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandTest {

  private static List<String> words(String text) {
    return text == null ? List.of() : List.of(text.split(" "));
  }

  private static ImageDefaults image(String entrypoint, String cmd, String workingDir) {
    return new ImageDefaults(
        "", List.of(), words(entrypoint), words(cmd), workingDir, Optional.empty(), List.of());
  }

  private static RunOptions.Builder options(String entrypoint, String command) {
    RunOptions.Builder options = RunOptions.builder("image").command(words(command));
    if (entrypoint != null) {
      options.entrypoint(entrypoint.equals("-") ? List.of() : words(entrypoint));
    }
    return options;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // image's entrypoint and cmd, --entrypoint, command | args | cause
        "/e x|c d|||/e x c d|image: Entrypoint, image: Cmd",
        "/e x|c d||a b|/e x a b|image: Entrypoint, the command line",
        "/e|c|/o||/o|--entrypoint",
        "/e|c|/o|a|/o a|--entrypoint, the command line",
        "/e|c|-|a|a|the command line",
        "|c d|||c d|image: Cmd",
        "|c||a|a|the command line",
        "/e||||/e|image: Entrypoint"
      })
  void anEntryPointThatIsGivenReplacesTheImagesAndItsCmd(
      String entrypoint, String cmd, String own, String command, String args, String cause)
      throws Exception {
    Causes.Collector why = new Causes.Collector();
    assertThat(Command.args(options(own, command).build(), image(entrypoint, cmd, ""), why))
        .isEqualTo(words(args));
    assertThat(why.collected().of("args")).isEqualTo(cause);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"|||", "/e|c|-|"})
  void nothingToExecuteIsAnError(String entrypoint, String cmd, String own, String command) {
    assertThatThrownBy(() -> Sample.compile(options(own, command), image(entrypoint, cmd, "")))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("no command specified");
  }

  @Test
  void aNulInTheImagesCommandIsRefused() {
    assertThatThrownBy(() -> Sample.compile(options(null, null), image(null, "sh\0x", "")))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("has a NUL");
  }

  @ParameterizedTest
  @CsvSource({"'',,/", "/a,,/a", "/a,/b,/b", "//a/./b/,,/a/b", "/proc/self/fd/7,,/proc/self/fd/7"})
  void theDirectoryIsTheUsersOrTheImagesOrTheRoot(String image, String own, String cwd)
      throws Exception {
    RunOptions.Builder options = Sample.options();
    if (own != null) {
      options.workdir(own);
    }
    assertThat(
            Sample.compile(options, image(null, "sh", image)).spec().process().orElseThrow().cwd())
        .isEqualTo(cwd);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "./a", "..", "/..", "/a/../..", "/a/../b", "/a\0", " /a"})
  void BD06_aDirectoryThatIsNotPlainlyInTheRootIsRefused(String path) {
    assertThatThrownBy(() -> Sample.compile(Sample.options(), image(null, "sh", path)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("the image's WorkingDir: ");
    assertThatThrownBy(() -> Sample.compile(Sample.options().workdir(path)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--workdir: ");
  }
}
