package dev.mydocker.cli;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.NativeLibrary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The way of this process into its user's namespace: it becomes the static program
 * (native/enter.c), which joins or makes the namespace, and becomes what is wanted there. A JVM
 * cannot join one, since it has threads (setns(2)).
 */
final class NamespaceEntry {
  private NamespaceEntry() {}

  /**
   * Starts this program again with the same arguments, there. The launcher spares that, as it goes
   * there before it starts Java.
   *
   * @throws KernelException when that fails; otherwise it does not come back
   */
  static void startAgain() throws IOException {
    byte[] own = Files.readAllBytes(Path.of("/proc/self/cmdline"));
    int first = 0;
    while (first < own.length && own[first] != 0) {
      first++;
    }
    ByteArrayOutputStream command = new ByteArrayOutputStream();
    command.writeBytes(bytes(Files.readSymbolicLink(Path.of("/proc/self/exe")).toString()));
    command.write(0);
    command.write(own, Math.min(own.length, first + 1), Math.max(0, own.length - first - 1));
    become(command.toByteArray());
  }

  /**
   * Becomes that program, there.
   *
   * @param command its words; it is looked for in PATH
   * @throws KernelException when that fails; otherwise it does not come back
   */
  static void become(List<String> command) throws IOException {
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    for (String word : command) {
      words.writeBytes(bytes(word));
      words.write(0);
    }
    become(words.toByteArray());
  }

  private static void become(byte[] command) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(bytes("mydocker\0enter\0"));
    all.writeBytes(command);
    byte[] environment = Files.readAllBytes(Path.of("/proc/self/environ"));
    int number = Linux.memfdCreate(bytes("mydocker-enter"));
    try (Fd program = Fd.of(number, "memfd_create", "mydocker-enter")) {
      program.output().write(NativeLibrary.resource("mydocker-monitor"));
      int n = Linux.execve(program.number(), all.toByteArray(), environment);
      KernelException.check(n, "execveat", "mydocker-enter");
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
