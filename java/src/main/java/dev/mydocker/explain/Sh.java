package dev.mydocker.explain;

import dev.mydocker.launch.Arg;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Words and comments of a POSIX shell script that hostile text cannot leave. */
final class Sh {
  private Sh() {}

  /**
   * {@code text} as exactly one word: between single quotes the shell knows no special character.
   *
   * @throws IllegalArgumentException when it has a NUL character, which no argument can have
   */
  static String quote(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a word of a shell script has a NUL character in it");
    }
    return '\'' + text.replace("'", "'\\''") + '\'';
  }

  /** {@code text} as a comment of one line: a line feed in it would end the comment. */
  static String comment(String text) {
    return "# " + Printable.line(text);
  }

  /** A command that writes exactly these bytes; text where they are text, else octal. */
  static String print(Arg.Bytes bytes) {
    byte[] value = bytes.value();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
      if (text.indexOf('\0') < 0) {
        return print(text);
      }
    } catch (CharacterCodingException e) {
      // Not text: written as octal below.
    }
    StringBuilder octal = new StringBuilder("printf %b '");
    for (byte b : value) {
      octal.append(String.format("\\0%03o", b & 0xff));
    }
    return octal.append('\'').toString();
  }

  /** A command that writes exactly this text. */
  static String print(String text) {
    return "printf %s " + quote(text);
  }
}
