package dev.mydocker.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The built classes as one jar, with an archive of what commands load of them: a process of the
 * tests starts in half the time, as one by the installed launcher does. A JVM has no archive of
 * classes that lie in a directory.
 */
final class ClassArchive {
  private static final Path CLASSES = Path.of("target/classes").toAbsolutePath();
  private static final Path HOME = Path.of("target/archive").toAbsolutePath();

  private static List<String> options = List.of();

  private ClassArchive() {}

  /** The options of a JVM that starts by it, the class path among them. */
  static synchronized List<String> options() {
    if (options.isEmpty()) {
      try {
        options = make();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return options;
  }

  private static List<String> make() throws IOException {
    if (!Files.isDirectory(CLASSES)) {
      // In a virtual machine of java/src/test/vm they come from the program's jar.
      return List.of("-cp", System.getProperty("java.class.path"));
    }
    Files.createDirectories(HOME);
    Path jar = HOME.resolve(state() + ".jar");
    String classPath = classPath(jar);
    Path archive = HOME.resolve(state() + ".jsa");
    if (!Files.exists(archive)) {
      writeJar(jar);
      train(archive, classPath);
    }
    // As the launcher does: a JVM from 25 on says that the JDK's own archive is made without native
    // access, on the standard output.
    return List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:disable", "-cp", classPath);
  }

  /** Differs when another JVM, other classes or other libraries are used. */
  private static String state() throws IOException {
    CRC32 sum = new CRC32();
    sum.update(
        (System.getProperty("java.home") + classPath(CLASSES)).getBytes(StandardCharsets.UTF_8));
    for (Path file : classes()) {
      String line = file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file) + "\n";
      sum.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return Long.toHexString(sum.getValue());
  }

  private static List<Path> classes() throws IOException {
    try (Stream<Path> all = Files.walk(CLASSES)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /**
   * The jar, the libraries, and last what lies in directories: what an archive is made of is first.
   */
  private static String classPath(Path program) {
    List<String> jars = new ArrayList<>(List.of(program.toString()));
    List<String> directories = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (part.endsWith(".jar")) {
        jars.add(part);
      } else if (!Path.of(part).equals(CLASSES)) {
        directories.add(part);
      }
    }
    jars.addAll(directories);
    return String.join(File.pathSeparator, jars);
  }

  private static void writeJar(Path jar) throws IOException {
    Path temporary = Files.createTempFile(HOME, "new", ".jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(temporary))) {
      out.setLevel(1);
      for (Path file : classes()) {
        out.putNextEntry(new ZipEntry(CLASSES.relativize(file).toString()));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
    Files.move(temporary, jar, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void train(Path archive, String classPath) throws IOException {
    Path scratch = Files.createTempDirectory("mydocker-test-");
    Path made = HOME.resolve("new-" + ProcessHandle.current().pid() + ".jsa");
    String jars = classPath.substring(0, classPath.lastIndexOf(".jar") + ".jar".length());
    List<String> command = new ArrayList<>(List.of("unshare", "--net"));
    command.addAll(Cli.java());
    command.addAll(List.of("-XX:ArchiveClassesAtExit=" + made, "-cp", jars));
    command.addAll(List.of("dev.mydocker.cli.Training", "apart"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MYDOCKER_ROOT", scratch.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", scratch.resolve("run").toString());
    Cli.Result result = Cli.end(builder.start(), new byte[0]);
    if (!Files.exists(made)) {
      throw new IOException("no archive of classes was made: " + result.out() + result.err());
    }
    Files.move(made, archive, StandardCopyOption.ATOMIC_MOVE);
    TestEngine.remove(scratch);
  }
}
