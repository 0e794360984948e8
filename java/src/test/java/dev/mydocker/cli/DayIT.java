package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The commands of day.txt, one after the other over one state, each a process of its own. */
@ExtendWith(NothingLeft.class)
class DayIT {
  @TempDir static Path directory;

  /**
   * A command, and what is promised of it.
   *
   * @param out of the whole output
   * @param err of all that is said on stderr
   */
  private record Step(String line, int code, String out, String err) {}

  private static List<Step> steps() throws IOException {
    List<Step> steps = new ArrayList<>();
    try (InputStream in = DayIT.class.getResourceAsStream("/day.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      for (String block : text.split("\n\n+")) {
        List<String> lines = block.lines().filter(line -> !line.startsWith("#")).toList();
        if (!lines.isEmpty()) {
          String[] promise = lines.get(1).split(" ", 2);
          steps.add(
              new Step(
                  lines.get(0).substring(2),
                  Integer.parseInt(promise[0]),
                  promise.length > 1 ? promise[1] : "",
                  lines.size() > 2 ? lines.get(2).substring(2) : ""));
        }
      }
    }
    return steps;
  }

  /** At spaces, but for what stands in single quotes. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    String[] parts = line.split("'", -1);
    for (int i = 0; i < parts.length; i++) {
      if (i % 2 == 1) {
        words.add(parts[i]);
      } else if (!parts[i].isBlank()) {
        words.addAll(List.of(parts[i].strip().split(" +")));
      }
    }
    return words;
  }

  @Test
  void aDayGoesAsDockerPromises() throws Exception {
    Files.writeString(directory.resolve("env"), "A=from-a-file\n");
    List<Step> steps = steps();
    assertThat(steps).hasSizeGreaterThanOrEqualTo(60);
    SoftAssertions day = new SoftAssertions();
    for (Step step : steps) {
      String line =
          step.line().replace("IMAGE", TestEngine.BUSYBOX).replace("TMP", directory.toString());
      Cli.Result result = Cli.run(words(line).toArray(String[]::new));
      day.assertThat(result.code()).as("%s: %s", line, result.err()).isEqualTo(step.code());
      day.assertThat(result.out()).as(line).matches(Pattern.compile(step.out()));
      day.assertThat(result.err()).as(line).matches(Pattern.compile(step.err()));
    }
    day.assertAll();
  }
}
