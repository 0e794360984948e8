package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchiveCommandsIT {
  @TempDir private Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path rootfs;

  @BeforeEach
  void makeRootfs() throws Exception {
    Files.createDirectories(directory.resolve("tree/etc"));
    Files.writeString(directory.resolve("tree/etc/x"), "x");
    rootfs = directory.resolve("rootfs.tar");
    tar("-C", directory.resolve("tree").toString(), "-cf", rootfs.toString(), ".");
  }

  @AfterEach
  void nothingIsLeftOver() {
    for (String root : new String[] {"root", "other"}) {
      String[] work = directory.resolve(root).resolve("work").toFile().list();
      assertThat(work == null ? new String[0] : work).isEmpty();
    }
  }

  private static void tar(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "tar";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  private int run(String root, InputStream in, String... arguments) {
    out.reset();
    err.reset();
    String[] line = new String[arguments.length + 4];
    line[0] = "--root";
    line[1] = directory.resolve(root).toString();
    line[2] = "--run-root";
    line[3] = directory.resolve("run").toString();
    System.arraycopy(arguments, 0, line, 4, arguments.length);
    return new Main(new Console(in, out, err)).run(line);
  }

  private int run(String... arguments) {
    return run("root", InputStream.nullInputStream(), arguments);
  }

  private String complained() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void importSaveAndLoadWorkThroughPipesAndFiles() throws IOException {
    InputStream in = new ByteArrayInputStream(Files.readAllBytes(rootfs));
    assertThat(run("root", in, "import", "-c", "CMD [\"/x\"]", "-", "app:1")).isZero();
    assertThat(printed()).matches("sha256:[0-9a-f]{64}\n");
    assertThat(run("save", "app:1")).as(complained()).isZero();
    byte[] archive = out.toByteArray();
    Path file = directory.resolve("a.tar");
    Files.writeString(file, "old");
    assertThat(run("save", "-o", file.toString(), "app")).as(complained()).isZero();
    assertThat(Files.readAllBytes(file)).isEqualTo(archive);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(run("other", new ByteArrayInputStream(archive), "load")).as(complained()).isZero();
    assertThat(printed()).isEqualTo("Loaded image: app:1\n");
    assertThat(run("load", "-q", "-i", file.toString())).isZero();
    assertThat(printed()).isEqualTo("Loaded image: app:1\n");
    String layout = directory.resolve("layout").toString();
    assertThat(run("save", "--format", "oci-dir", "-o", layout, "app:1")).isZero();
    assertThat(run("other", InputStream.nullInputStream(), "load", "-i", layout)).isZero();
    assertThat(printed()).isEqualTo("Loaded image: app:1\n");
  }

  @Test
  void aNamelessImageIsKnownByItsId() {
    assertThat(run("import", "-m", "why", rootfs.toString())).isZero();
    String id = printed().strip();
    String file = directory.resolve("a.tar").toString();
    assertThat(run("save", "-o", file, id)).as(complained()).isZero();
    assertThat(run("other", InputStream.nullInputStream(), "load", "-i", file)).isZero();
    assertThat(printed()).isEqualTo("Loaded image ID: " + id + "\n");
  }

  @Test
  void aFileThatCannotBeWrittenStaysAsItWas() throws IOException {
    Path file = directory.resolve("a.tar");
    Files.writeString(file, "old");
    assertThat(run("save", "-o", file.toString(), "missing")).isEqualTo(1);
    assertThat(complained())
        .isEqualTo("mydocker: save: there is no image \"missing\": see mydocker images\n");
    assertThat(file).hasContent("old");
    assertThat(directory.toFile().list()).containsOnly("a.tar", "rootfs.tar", "tree");
    assertThat(run("import", rootfs.toString(), "app")).isZero();
    assertThat(run("save", "-o", directory.toString(), "app")).isEqualTo(1);
    assertThat(complained()).contains("it is a directory");
    assertThat(run("save", "-o", directory.resolve("no/a.tar").toString(), "app")).isEqualTo(1);
    assertThat(complained()).contains("its directory is not there").hasLineCount(1);
    assertThat(run("save", "-o", "/dev/null", "app")).as(complained()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      value = {
        "save@save: it needs at least one image: see mydocker save --help",
        "save --format tar x@save: --format: \"tar\" is not docker-archive, oci-archive or oci-dir:"
            + " see mydocker save --help",
        "save --format oci-dir x@save: --format oci-dir needs a directory: -o DIR:"
            + " see mydocker save --help",
        "load x@load: it takes no arguments: give the archive by -i FILE: see mydocker load --help",
        "load -i /nowhere@load: cannot open the image archive /nowhere: no such file",
        "import@import: it needs a file or - for the standard input, and perhaps a name:"
            + " see mydocker import --help",
        "import http://a/b@import: it fetches nothing: curl -L URL | mydocker import -:"
            + " see mydocker import --help",
        "import /nowhere@import: cannot import /nowhere: no such file",
        "import -c RUN - x@import: --change: \"RUN\" is not CMD, ENTRYPOINT, ENV, EXPOSE,"
            + " HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR with what it sets:"
            + " see mydocker import --help",
      })
  void badLineIsOneLineOnTheStandardError(String line, String message) {
    assertThat(run(line.split(" "))).isEqualTo(1);
    assertThat(complained()).isEqualTo("mydocker: " + message + "\n");
    assertThat(printed()).isEmpty();
  }
}
