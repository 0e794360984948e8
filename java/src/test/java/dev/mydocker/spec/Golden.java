package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files that say what a result was when somebody last looked at it. {@code mvn test
 * -Dtest=SpecGoldenTest -Dgolden.update=true} writes them anew; {@code git diff} then shows what
 * changed.
 */
final class Golden {
  private static final Path DIRECTORY = Path.of("java/src/test/resources/golden");

  private Golden() {}

  /** Compares with the file of that name, or writes it. */
  static void assertSame(String name, String text) throws IOException {
    Path file = DIRECTORY.resolve(name);
    if (Boolean.getBoolean("golden.update")) {
      Files.createDirectories(DIRECTORY);
      Files.writeString(file, text);
    }
    assertThat(text)
        .as("%s; see Golden for how to write it anew", file)
        .isEqualTo(Files.readString(file, StandardCharsets.UTF_8));
  }
}
