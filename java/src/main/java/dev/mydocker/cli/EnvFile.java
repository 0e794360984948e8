package dev.mydocker.cli;

import dev.mydocker.spec.EnvEntry;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A file of {@code --env-file} or {@code --label-file}, as Docker reads it: a variable a line,
 * {@code #} in front of a comment, white space before a name ignored, everything after the first
 * {@code =} the value.
 */
final class EnvFile {
  private static final int MEGABYTES = 16;
  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final String flag;
  private final String path;
  private final Function<String, Optional<String>> callers;
  private final List<EnvEntry> entries = new ArrayList<>();
  private int line = 0;

  private EnvFile(String flag, String path, Function<String, Optional<String>> callers) {
    this.flag = flag;
    this.path = path;
    this.callers = callers;
  }

  /**
   * The variables of a file, in order. A name alone takes the caller's value, and sets nothing when
   * the caller has none.
   *
   * @param flag the one that names the file, for messages
   * @throws UsageException when a line is malformed, with its number
   * @throws IOException when the file cannot be read
   */
  static List<EnvEntry> read(String flag, String path, Function<String, Optional<String>> callers)
      throws UsageException, IOException {
    EnvFile file = new EnvFile(flag, path, callers);
    byte[] content = FlagFile.read(flag, path, MEGABYTES);
    int start = 0;
    for (int i = 0; i <= content.length; i++) {
      if (i == content.length || content[i] == '\n') {
        file.line++;
        file.add(file.decode(content, start, i));
        start = i + 1;
      }
    }
    return file.entries;
  }

  private String decode(byte[] content, int start, int end) throws UsageException {
    int last = end > start && content[end - 1] == '\r' ? end - 1 : end;
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(content, start, last - start))
              .toString();
      boolean marked = line == 1 && !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK;
      return marked ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw wrong("it is not UTF-8");
    }
  }

  private void add(String raw) throws UsageException {
    String text = raw.stripLeading();
    if (text.isEmpty() || text.charAt(0) == '#') {
      return;
    }
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    if (name.isEmpty()) {
      throw wrong("there is no name before the \"=\"");
    }
    if (name.indexOf(' ') >= 0 || name.indexOf('\t') >= 0) {
      throw wrong("the name " + Text.quote(name) + " has white space in it");
    }
    try {
      EnvEntry entry = EnvEntry.parse(text, callers);
      if (entry.value().isPresent()) {
        entries.add(entry);
      }
    } catch (OptionException e) {
      throw wrong(e.getMessage());
    }
  }

  private UsageException wrong(String why) {
    return new UsageException(flag + ": " + Text.printable(path) + ":" + line + ": " + why);
  }
}
