package dev.mydocker.cli;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments and the environment of this process as the kernel has them, read as UTF-8.
 *
 * <p>The JVM decodes both by the locale: under {@code LC_ALL=C} every character beyond ASCII is
 * lost. See proc_pid_cmdline(5) and proc_pid_environ(5).
 */
final class ProcessStrings {
  private static final int PATH_MAX = 4096;

  private ProcessStrings() {}

  /** {@code decoded} again from the kernel's bytes, if the JVM may have lost something. */
  static List<String> arguments(String[] decoded) throws IOException {
    if (isPlain(decoded)) {
      return List.of(decoded);
    }
    List<String> all = strings(Files.readAllBytes(Path.of("/proc/self/cmdline")));
    int first = all.size() - decoded.length;
    return first < 0 ? List.of(decoded) : List.copyOf(all.subList(first, all.size()));
  }

  /** The environment that this process was started with. */
  static Map<String, String> environment() throws IOException {
    Map<String, String> out = new LinkedHashMap<>();
    for (String entry : strings(Files.readAllBytes(Path.of("/proc/self/environ")))) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        out.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return out;
  }

  /** The directory this process is in. See proc_pid_cwd(5). */
  static String workingDirectory() throws KernelException {
    byte[] buffer = new byte[PATH_MAX];
    byte[] link = "/proc/self/cwd".getBytes(StandardCharsets.UTF_8);
    int length =
        KernelException.check(
            Linux.readlinkat(Linux.AT_FDCWD, link, buffer), "readlinkat", "/proc/self/cwd");
    return new String(buffer, 0, length, StandardCharsets.UTF_8);
  }

  /** The C locale's decoder puts a question mark or U+FFFD for what it does not know. */
  private static boolean isPlain(String[] arguments) {
    for (String argument : arguments) {
      for (int i = 0; i < argument.length(); i++) {
        char c = argument.charAt(i);
        if (c >= 0x7f || c == '?') {
          return false;
        }
      }
    }
    return true;
  }

  /** Strings that are each ended by a NUL. */
  static List<String> strings(byte[] bytes) {
    List<String> out = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        out.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    return out;
  }
}
