package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlagsTest {

  private static Flags.Parsed parse(String... arguments) throws UsageException {
    return new Flags()
        .group("All")
        .toggle("interactive", "-i", "--interactive")
        .toggle("terminal", "-t", "--tty")
        .toggle("remove", "--rm")
        .value("BYTES", "memory", "-m", "--memory")
        .value("NAME", "name", "--name")
        .value("TEXT", "entry point", "--entrypoint")
        .list("KEY=VALUE", "environment", "-e", "--env")
        .attached("FORM", "explain", "--explain")
        .parse(List.of(arguments), false);
  }

  @ParameterizedTest
  @CsvSource({"-m256m", "-m=256m", "--memory=256m", "-itm256m", "-it -m 256m", "-m 1g -m 256m"})
  void valueIsReadInEveryFormDockerKnows(String line) throws UsageException {
    assertThat(parse(line.split(" ")).value("-m")).contains("256m");
  }

  @ParameterizedTest
  @CsvSource({
    "--rm,true",
    "--rm=true,true",
    "--rm=1,true",
    "--rm=T,true",
    "--rm=false,false",
    "--rm=0,false",
    "--rm=F,false",
    "--rm --rm=false,false",
    "-i,false"
  })
  void toggleTakesGoBooleans(String line, boolean on) throws UsageException {
    assertThat(parse(line.split(" ")).on("--rm")).isEqualTo(on);
  }

  @Test
  void clusteredTogglesAreAllOn() throws UsageException {
    Flags.Parsed parsed = parse("-it", "image");
    assertThat(parsed.on("-i")).isTrue();
    assertThat(parsed.on("--tty")).isTrue();
    assertThat(parsed.arguments()).containsExactly("image");
  }

  @Test
  void parsingStopsAtTheFirstArgument() throws UsageException {
    Flags.Parsed parsed = parse("-i", "image", "sh", "-c", "echo --rm", "--", "-t", "--nonsense");
    assertThat(parsed.arguments())
        .containsExactly("image", "sh", "-c", "echo --rm", "--", "-t", "--nonsense");
    assertThat(parsed.on("-t")).isFalse();
  }

  @Test
  void twoDashesEndTheFlags() throws UsageException {
    assertThat(parse("-i", "--", "image", "-t").arguments()).containsExactly("image", "-t");
  }

  @Test
  void toggleDoesNotTakeTheNextArgument() throws UsageException {
    assertThat(parse("--rm", "false").arguments()).containsExactly("false");
  }

  @Test
  void valueMayLookLikeAFlagAndMayBeEmpty() throws UsageException {
    Flags.Parsed parsed = parse("-e", "--rm", "--name", "-t", "--entrypoint", "", "image");
    assertThat(parsed.all("-e")).containsExactly("--rm");
    assertThat(parsed.value("--name")).contains("-t");
    assertThat(parsed.value("--entrypoint")).contains("");
    assertThat(parsed.on("--rm")).isFalse();
    assertThat(parsed.arguments()).containsExactly("image");
  }

  @Test
  void emptyAttachedValueIsAValue() throws UsageException {
    assertThat(parse("--entrypoint=", "image").value("--entrypoint")).contains("");
  }

  @Test
  void repeatedValuesKeepTheirOrderAndTheirQuotes() throws UsageException {
    assertThat(parse("-e", "A=1", "-eB=\"x, y\"", "--env=C=d=e", "-e", "@/etc/passwd").all("--env"))
        .containsExactly("A=1", "B=\"x, y\"", "C=d=e", "@/etc/passwd");
  }

  @Test
  void attachedValueIsNeverTheNextArgument() throws UsageException {
    assertThat(parse("--explain", "image").attached("--explain", "tree")).contains("tree");
    assertThat(parse("--explain", "image").arguments()).containsExactly("image");
    assertThat(parse("--explain=json").attached("--explain", "tree")).contains("json");
    assertThat(parse("image").attached("--explain", "tree")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--nonsense image,unknown flag: --nonsense",
    "--nonsense=5 image,unknown flag: --nonsense",
    "-x image,unknown shorthand flag: 'x' in -x",
    "-ix image,unknown shorthand flag: 'x' in -x",
    "--mem 5 image,unknown flag: --mem",
    "--name,flag needs an argument: --name",
    "-m,flag needs an argument: --memory",
    "-it -e,flag needs an argument: --env",
  })
  void badLineIsOneClearLine(String line, String message) {
    assertThatThrownBy(() -> parse(line.split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @Test
  void toggleRefusesWhatIsNoBoolean() {
    assertThatThrownBy(() -> parse("--rm=maybe", "image").on("--rm"))
        .hasMessage("invalid value for --rm: \"maybe\": it is on or off: write true or false");
  }
}
