package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EnvFileTest {
  private static final Map<String, String> CALLER = Map.of("HOME", "/home/ann", "EMPTY", "");

  @TempDir Path directory;

  private List<String> read(String content) throws UsageException, IOException {
    return read(content.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> read(byte[] content) throws UsageException, IOException {
    Path file = Files.write(directory.resolve("env"), content);
    return EnvFile.read(
            "--env-file", file.toString(), name -> Optional.ofNullable(CALLER.get(name)))
        .stream()
        .map(entry -> entry.name() + "=" + entry.value().orElseThrow())
        .toList();
  }

  static List<Arguments> files() {
    return List.of(
        Arguments.of("", List.of()),
        Arguments.of("A=b", List.of("A=b")),
        Arguments.of("A=b\nC=d\n", List.of("A=b", "C=d")),
        Arguments.of("A=b\r\nC=d\r\n", List.of("A=b", "C=d")),
        Arguments.of("\ufeffA=b\n", List.of("A=b")),
        Arguments.of("# A=b\n   # indented\n\n \t \nC=d", List.of("C=d")),
        Arguments.of("  \tA=b\n", List.of("A=b")),
        Arguments.of("A=b=c==\n", List.of("A=b=c==")),
        Arguments.of("A= b # no comment \n", List.of("A= b # no comment ")),
        Arguments.of("A=\"quoted\"\nB='x'\n", List.of("A=\"quoted\"", "B='x'")),
        Arguments.of("A=\nHOME\nEMPTY\nNOSUCH\n", List.of("A=", "HOME=/home/ann", "EMPTY=")),
        Arguments.of("A=1\nA=2\n", List.of("A=1", "A=2")),
        Arguments.of("a.b-c=ä\n", List.of("a.b-c=ä")));
  }

  @ParameterizedTest
  @MethodSource("files")
  void linesAreReadAsDockerReadsThem(String content, List<String> expected) throws Exception {
    assertThat(read(content)).isEqualTo(expected);
  }

  static List<Arguments> badFiles() {
    return List.of(
        Arguments.of("A=b\n=c\n", ":2: there is no name before the \"=\""),
        Arguments.of("\n\nA B=c\n", ":3: the name \"A B\" has white space in it"),
        Arguments.of("A =c\n", ":1: the name \"A \" has white space in it"),
        Arguments.of("HOME \n", ":1: the name \"HOME \" has white space in it"),
        Arguments.of("A=b\n\ufeffC\tD", ":2: the name \"\ufeffC\\tD\" has white space"),
        Arguments.of("A=\0\n", ":1: invalid environment variable: \"A=?\""));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badLineIsNamed(String content, String message) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--env-file: " + directory.resolve("env") + message);
  }

  @Test
  void whatIsNotUtf8IsRefused() {
    assertThatThrownBy(() -> read(new byte[] {'A', '=', 'b', '\n', 'C', '=', (byte) 0xff}))
        .hasMessage("--env-file: " + directory.resolve("env") + ":2: it is not UTF-8");
  }

  @Test
  void directoryIsRefused() {
    assertThatThrownBy(
            () -> EnvFile.read("--env-file", directory.toString(), name -> Optional.empty()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("EISDIR");
  }
}
