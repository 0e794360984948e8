package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.launch.SeccompCompiler;
import dev.mydocker.launch.SeccompProgram;
import dev.mydocker.spec.Machine;
import dev.mydocker.spec.Seccomp;
import dev.mydocker.spec.SeccompProfile;
import dev.mydocker.spec.SeccompReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * Filters of system calls, and what was made before: reading the engine's profile and compiling it
 * takes a hundred times as long as a launch may.
 *
 * <p>A file holds the question word for word and the answer, and a checksum of both. One that is
 * damaged, or answers another question, is as good as none; so is one that cannot be written.
 */
final class SeccompFilters implements Seccomp.Builtin {
  /** The checksum of seccomp/default.json: profiles made from another one are not taken. */
  static final long BUILTIN = 0xad26d217L;

  private static final int HEADER = Long.BYTES + Integer.BYTES;

  /** More come from tests and mistakes: then all are forgotten. */
  private static final int MOST = 64;

  private final Path directory;

  /**
   * Filters.
   *
   * @param directory the engine's own; made when it is needed
   */
  SeccompFilters(Path directory) {
    this.directory = directory;
  }

  /** The engine's own profile. */
  @Override
  public Seccomp of(Machine machine, List<String> capabilities) throws IOException {
    String question =
        "profile "
            + SeccompProgram.version()
            + ' '
            + Long.toHexString(BUILTIN)
            + ' '
            + machine.architecture()
            + ' '
            + machine.major()
            + '.'
            + machine.minor()
            + ' '
            + String.join(",", capabilities);
    Optional<byte[]> known = find(bytes(question));
    if (known.isPresent()) {
      return new Seccomp(new String(known.get(), StandardCharsets.UTF_8));
    }
    Seccomp made = Seccomp.builtin(machine, capabilities);
    keep(bytes(question), bytes(made.json()));
    return made;
  }

  /**
   * A profile of a configuration, compiled.
   *
   * @throws IOException when it is none, or is too large for the kernel
   */
  SeccompProgram program(Seccomp profile) throws IOException {
    byte[] question = bytes("filter " + SeccompProgram.version() + ' ' + profile.json());
    Optional<byte[]> known = find(question);
    if (known.isPresent()) {
      return SeccompProgram.of(known.get());
    }
    SeccompProgram made = SeccompCompiler.compile(read(profile));
    keep(question, made.toBytes());
    return made;
  }

  /** {@link #program} of what a configuration has. */
  Optional<SeccompProgram> program(Optional<Seccomp> profile) throws IOException {
    return profile.isEmpty() ? Optional.empty() : Optional.of(program(profile.get()));
  }

  /** Its conditions have been looked at when the configuration was made. */
  private static SeccompProfile read(Seccomp profile) throws IOException {
    try {
      return SeccompReader.read(
          Json.parseObject(bytes(profile.json())), HostProbe.machine(), List.of());
    } catch (JsonException e) {
      throw new IOException("the configuration's seccomp profile: " + e.getMessage(), e);
    }
  }

  private Optional<byte[]> find(byte[] question) {
    byte[] file;
    try {
      file = Files.readAllBytes(file(question));
    } catch (IOException none) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(file);
    int answer = HEADER + question.length;
    if (file.length < answer
        || in.getLong() != checksum(file, Long.BYTES)
        || in.getInt() != question.length
        || !Arrays.equals(file, HEADER, answer, question, 0, question.length)) {
      return Optional.empty();
    }
    return Optional.of(Arrays.copyOfRange(file, answer, file.length));
  }

  private void keep(byte[] question, byte[] answer) {
    ByteBuffer out = ByteBuffer.allocate(HEADER + question.length + answer.length);
    out.putLong(0).putInt(question.length).put(question).put(answer);
    out.putLong(0, checksum(out.array(), Long.BYTES));
    try {
      StateFile.makeDirectories(directory);
      forgetWhenMany();
      StateFile.write(file(question), out.array(), true);
    } catch (IOException e) {
      // It is made again next time.
    }
  }

  private void forgetWhenMany() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.toList();
    }
    if (files.size() >= MOST) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Path file(byte[] question) {
    return directory.resolve(Long.toHexString(checksum(question, 0)) + "-" + question.length);
  }

  private static long checksum(byte[] bytes, int from) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, bytes.length - from);
    return crc.getValue();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
