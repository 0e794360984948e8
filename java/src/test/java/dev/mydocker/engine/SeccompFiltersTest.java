package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.launch.SeccompProgram;
import dev.mydocker.spec.Machine;
import dev.mydocker.spec.Seccomp;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of filters that have been made. */
class SeccompFiltersTest {
  private static final List<String> CAPABILITIES = List.of("CAP_KILL");

  @TempDir Path directory;

  private SeccompFilters filters() {
    return new SeccompFilters(directory.resolve("seccomp"));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("seccomp"))) {
      return all.sorted().toList();
    }
  }

  private static Machine machine() throws IOException {
    return HostProbe.machine();
  }

  private byte[] made() throws IOException {
    return filters().program(filters().of(machine(), CAPABILITIES)).toBytes();
  }

  /** Profiles made from another file must not be taken for this one's. */
  @Test
  void theChecksumIsThatOfTheProfile() throws IOException {
    CRC32 crc = new CRC32();
    try (InputStream in = SeccompFilters.class.getResourceAsStream("/seccomp/default.json")) {
      crc.update(in.readAllBytes());
    }
    assertThat(SeccompFilters.BUILTIN).isEqualTo(crc.getValue());
  }

  @Test
  void whatWasMadeIsFoundAgain() throws IOException {
    byte[] first = made();
    List<Path> kept = files();
    assertThat(kept).hasSize(2);
    assertThat(made()).isEqualTo(first);
    assertThat(files()).isEqualTo(kept);
    Seccomp profile = filters().of(machine(), CAPABILITIES);
    assertThat(profile.json()).isEqualTo(Seccomp.builtin(machine(), CAPABILITIES).json());
    assertThat(filters().of(machine(), List.of("CAP_SYS_ADMIN")).json())
        .isNotEqualTo(profile.json());
  }

  /** Any byte of a file that is another one, or is not there, is found. */
  @Test
  void damagedFilesAreMadeAnew() throws IOException {
    byte[] whole = made();
    for (Path file : files()) {
      byte[] good = Files.readAllBytes(file);
      for (int at : new int[] {0, 9, 40, good.length / 2, good.length - 1}) {
        byte[] bad = good.clone();
        bad[at] ^= 1;
        Files.write(file, bad);
        assertThat(made()).isEqualTo(whole);
        assertThat(file).hasBinaryContent(good);
      }
      for (int length : new int[] {0, 7, 12, good.length / 2, good.length - 8}) {
        Files.write(file, Arrays.copyOf(good, length));
        assertThat(made()).isEqualTo(whole);
        assertThat(file).hasBinaryContent(good);
      }
    }
  }

  /** A file of another question is no answer, whatever its name says. */
  @Test
  void anotherProfilesFilterIsNotTaken() throws IOException {
    SeccompProgram all = filters().program(new Seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"));
    Path open = files().get(0);
    byte[] whole = made();
    for (Path file : files()) {
      if (!file.equals(open)) {
        Files.copy(open, file, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    assertThat(made()).isEqualTo(whole).isNotEqualTo(all.toBytes());
  }

  @Test
  void withoutAPlaceFiltersAreMadeAllTheSame() throws IOException {
    byte[] whole = made();
    Path file = Files.createFile(directory.resolve("file"));
    SeccompFilters homeless = new SeccompFilters(file.resolve("seccomp"));
    Seccomp profile = homeless.of(machine(), CAPABILITIES);
    assertThat(homeless.program(profile).toBytes()).isEqualTo(whole);
  }

  @Test
  void manyAreForgotten() throws IOException {
    for (int i = 0; i < 70; i++) {
      filters().of(machine(), List.of("CAP_" + i));
    }
    assertThat(files().size()).isLessThan(65);
  }
}
