package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTest {

  static List<String> commands() {
    return Commands.ALL.stream().map(Commands.Entry::name).toList();
  }

  @Test
  void overviewListsEveryCommandRunFirst() {
    String overview = Help.overview();
    for (String name : commands()) {
      assertThat(overview).contains("\n  " + name + " ");
    }
    assertThat(commands().get(0)).isEqualTo("run");
  }

  static List<String> everyCommand() {
    return Stream.concat(
            commands().stream(),
            Stream.of(
                "container inspect",
                "container prune",
                "image inspect",
                "image prune",
                "system df",
                "system check",
                "system prune",
                "system start",
                "volume create",
                "volume inspect",
                "volume ls",
                "volume prune",
                "volume rm"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void helpShowsEveryFlagWithItsText(String name) {
    Command command = Commands.find(name).orElseThrow();
    String help = Help.of(command);
    for (List<Flags.Flag> group : command.flags().groups().values()) {
      for (Flags.Flag flag : group) {
        assertThat(help).contains(String.join(", ", flag.names()) + flag.parameter());
        assertThat(help).contains(flag.text());
      }
    }
    assertThat(help.lines()).allMatch(line -> line.length() <= 100);
  }

  /** picocli would say so, but is told only of those flags that a command line names. */
  @ParameterizedTest
  @MethodSource("everyCommand")
  void noNameIsTwoFlags(String name) {
    Set<String> names = new HashSet<>();
    for (List<Flags.Flag> group : Commands.find(name).orElseThrow().flags().groups().values()) {
      for (Flags.Flag flag : group) {
        assertThat(flag.names()).allMatch(names::add);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void examplesAreCommandLinesThatParse(String name) throws Exception {
    Command command = Commands.find(name).orElseThrow();
    assertThat(command.examples()).isNotEmpty();
    for (String example : command.examples()) {
      String start = "mydocker " + name;
      assertThat(example).contains(start);
      String rest = example.substring(example.indexOf(start) + start.length()).strip();
      List<String> arguments = rest.isEmpty() ? List.of() : List.of(rest.split(" "));
      Flags.Parsed parsed = command.flags().parse(arguments, command.interspersed());
      if (command instanceof RunCommand) {
        assertThat(RunFlags.read(parsed, Map.of())).isNotNull();
      }
    }
  }
}
