package dev.mydocker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A user of this host without any rights, made for a test and removed after it, with an engine
 * installed that the user can read.
 */
public final class OrdinaryUser implements AutoCloseable {
  /** How a command ended, and what it wrote. */
  public record Result(int code, String out, String err) {}

  private static final List<String> FILES = List.of("/etc/subuid", "/etc/subgid");

  private final String name;
  private final Path directory;
  private final long uid;
  private final Thread ifKilled = new Thread(this::remove);

  private OrdinaryUser(String name, Path directory, long uid) {
    this.name = name;
    this.directory = directory;
    this.uid = uid;
  }

  /**
   * Makes one.
   *
   * @param directory an empty one for it, and for the engine
   * @param subordinate whether it has ids in /etc/subuid and /etc/subgid
   */
  public static OrdinaryUser make(Path directory, boolean subordinate) throws Exception {
    String name = "mydt" + ProcessHandle.current().pid() + (subordinate ? "s" : "o");
    command("useradd", "-M", "-d", directory.resolve("home").toString(), "-s", "/bin/sh", name);
    String id = new String(run(Map.of(), "id", "-u", name).getBytes(StandardCharsets.US_ASCII));
    OrdinaryUser user = new OrdinaryUser(name, directory, Long.parseLong(id.strip()));
    Runtime.getRuntime().addShutdownHook(user.ifKilled);
    for (String file : FILES) {
      user.setSubordinate(Path.of(file), subordinate);
    }
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    for (Path at = directory;
        at.startsWith(temporary) && !at.equals(temporary);
        at = at.getParent()) {
      Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    for (String own : List.of("home", "run")) {
      Path made = Files.createDirectory(directory.resolve(own));
      Files.setAttribute(made, "unix:uid", (int) user.uid);
    }
    Files.setPosixFilePermissions(
        directory.resolve("run"), PosixFilePermissions.fromString("rwx------"));
    user.install();
    return user;
  }

  /** Some useradd(8) gives ids, and some does not. */
  private void setSubordinate(Path file, boolean wanted) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    boolean has = lines.stream().anyMatch(line -> line.startsWith(name + ":"));
    if (has && !wanted) {
      lines.removeIf(line -> line.startsWith(name + ":"));
      Files.write(file, lines);
    } else if (!has && wanted) {
      lines.add(name + ":1879048192:65536");
      Files.write(file, lines);
    }
  }

  private void install() throws IOException {
    Path natives = Files.createDirectory(directory.resolve("native"));
    try (Stream<Path> all =
        Files.list(Path.of("build/resources/native", System.getProperty("os.arch")))) {
      for (Path one : all.toList()) {
        Files.copy(one, natives.resolve(one.getFileName()));
      }
    }
    Files.setPosixFilePermissions(
        natives.resolve("mydocker-monitor"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.copy(Path.of("mydocker.jar"), jar());
    Files.copy(Path.of("images/out/busybox.oci.tar"), directory.resolve("busybox.oci.tar"));
    String script = Files.readString(Path.of("java/src/main/launcher/mydocker.sh"));
    Path launcher = directory.resolve("mydocker");
    Files.writeString(launcher, script.replace("@LIB@", directory.toString()));
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What this host calls it, and its group. */
  public String name() {
    return name;
  }

  /** Its number on this host. */
  public long uid() {
    return uid;
  }

  public Path jar() {
    return directory.resolve("mydocker.jar");
  }

  public Path home() {
    return directory.resolve("home");
  }

  /** What the user's run root is. */
  public Path run() {
    return directory.resolve("run/mydocker");
  }

  /** The busybox image, to stand where an image is named. */
  public String busybox() {
    return "oci-archive:" + directory.resolve("busybox.oci.tar");
  }

  /** Runs the installed engine as the user. */
  public Result mydocker(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(directory.resolve("mydocker").toString()));
    command.addAll(List.of(arguments));
    return as(command);
  }

  /** One that succeeds; its output. */
  public String good(String... arguments) throws Exception {
    Result result = mydocker(arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isZero();
    return result.out().strip();
  }

  /** One that fails with one line; that line. */
  public String bad(String... arguments) throws Exception {
    Result result = mydocker(arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isNotZero();
    assertThat(result.err().lines()).as("%s", List.of(arguments)).hasSize(1);
    return result.err().strip();
  }

  /**
   * Runs a command as the user, where the device /dev/net/tun can be opened by everybody, as usual
   * hosts have it; nobody else sees that.
   */
  public Result as(List<String> words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "--propagation=private",
                "sh",
                "-c",
                "if [ -e /dev/net/tun ]; then mount -t tmpfs -o mode=755 tun /dev/net"
                    + " && mknod -m 666 /dev/net/tun c 10 200; fi; cd \"$1\"; shift; exec \"$@\"",
                "sh",
                home().toString(),
                "setpriv",
                "--reuid=" + name,
                "--regid=" + name,
                "--init-groups",
                "env",
                "-i",
                "HOME=" + home(),
                "XDG_RUNTIME_DIR=" + directory.resolve("run"),
                "JAVA_HOME=" + System.getProperty("java.home"),
                "MYDOCKER_ARCHIVE=off",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
    command.addAll(words);
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("it does not end: " + words);
    }
    Result result = new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    Files.delete(out);
    Files.delete(err);
    return result;
  }

  /** The number of what holds the user's namespace, and when it was started. */
  public String namespace() throws IOException {
    return Files.readString(run().resolve("user-namespace"));
  }

  private void remove() {
    try {
      String holder = Files.exists(run().resolve("user-namespace")) ? namespace() : "";
      if (!holder.isEmpty()) {
        long pid = Long.parseLong(holder.split(" ")[0]);
        ProcessHandle.of(pid)
            .filter(p -> isPause(p.pid()))
            .ifPresent(ProcessHandle::destroyForcibly);
      }
      // By force: what was killed a moment ago may not have been reaped.
      command("userdel", "-f", name);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("the user " + name + " could not be removed", e);
    }
  }

  private static boolean isPause(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/comm")).equals("mydocker-pause\n");
    } catch (IOException gone) {
      return false;
    }
  }

  private static void command(String... words) throws IOException, InterruptedException {
    run(Map.of(), words);
  }

  private static String run(Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", words) + ": " + said);
    }
    return said;
  }

  /** Removes the user and what holds the user's namespace; the directory stays. */
  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(ifKilled);
    remove();
  }
}
