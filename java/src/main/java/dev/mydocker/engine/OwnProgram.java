package dev.mydocker.engine;

import dev.mydocker.kernel.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program of this one's classes that a monitor runs later: a JVM that lives for moments. */
final class OwnProgram {
  private OwnProgram() {}

  /**
   * The command line that runs it, with this JVM's own program, classes and archive of classes.
   *
   * @param main its class; what {@link #engine} needs comes first among its arguments
   */
  static List<String> command(Class<?> main, Roots roots, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(archive());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    // Nothing of it where others write, neither for a debugger nor when it crashes.
    command.addAll(List.of("-XX:+DisableAttachMechanism", "-XX:-CreateCoredumpOnCrash"));
    command.add("-XX:ErrorFile=" + roots.run().resolve("hs_err_pid%p.log"));
    String natives = System.getProperty(NativeLibrary.INSTALLED);
    if (natives != null) {
      command.add("-D" + NativeLibrary.INSTALLED + "=" + natives);
    }
    command.addAll(List.of("-cp", classPath(), main.getName()));
    command.addAll(List.of(roots.state().toString(), roots.run().toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * The option that names the archive, when it is the first of java, where src/main/launcher puts
   * it: any other word may be somebody else's. It saves a third of what such a program costs; an
   * archive that does not fit is left out by the JVM. As there, it is mapped where it was made for.
   */
  private static List<String> archive() throws IOException {
    byte[] own = Files.readAllBytes(Path.of("/proc/self/cmdline"));
    String[] words = new String(own, StandardCharsets.UTF_8).split("\0");
    if (words.length < 2 || !words[0].endsWith("java")) {
      return List.of();
    }
    if (words[1].startsWith("-XX:SharedArchiveFile=")) {
      return List.of(words[1], "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0");
    }
    return words[1].startsWith("-XX:AOTCache=") ? List.of(words[1]) : List.of();
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      parts.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, parts);
  }

  /** The engine that such a program's arguments name. */
  static Engine engine(String[] arguments) throws IOException {
    return Engine.open(Map.of("MYDOCKER_ROOT", arguments[0], "MYDOCKER_RUN_ROOT", arguments[1]));
  }
}
