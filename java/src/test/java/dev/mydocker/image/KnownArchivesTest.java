package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.KnownArchives.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownArchivesTest {
  private static final Platform PLATFORM = Platform.host();

  @TempDir Path directory;

  private final KnownArchives known = new KnownArchives();
  private final Contents contents = new Contents(null, null, new byte[0], null, Optional.empty());
  private Path file;
  private ImageRef reference;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("image.tar");
    Files.writeString(file, "one");
    reference = new ImageRef.OciArchive(file, Optional.empty());
  }

  /** As if the file had lain there for {@code milliseconds}. */
  private Optional<Stamp> stampAfter(long milliseconds) throws IOException {
    return KnownArchives.stamp(reference, changed() + milliseconds);
  }

  private long changed() throws IOException {
    return ((FileTime) Files.getAttribute(file, "unix:ctime")).toMillis();
  }

  private void keep(Stamp stamp) throws IOException {
    known.keep(reference, PLATFORM, stamp, contents, changed() + 5000);
  }

  @Test
  void anUnchangedFileIsKnown() throws IOException {
    Stamp stamp = stampAfter(5000).orElseThrow();
    keep(stamp);
    assertThat(known.find(reference, PLATFORM, stampAfter(9000).orElseThrow())).contains(contents);
  }

  @Test
  void aFileThatHasJustChangedIsReadAgain() throws IOException {
    assertThat(stampAfter(10)).isEmpty();
    assertThat(stampAfter(5000)).isPresent();
  }

  @Test
  void aFileThatChangedInPlaceIsReadAgainThoughItsTimeWasSetBack() throws IOException {
    Stamp before = stampAfter(5000).orElseThrow();
    keep(before);
    FileTime time = Files.getLastModifiedTime(file);
    Stamp after = before;
    while (after.ctime().equals(before.ctime())) { // older kernels' times are coarse
      Files.writeString(file, "two", StandardOpenOption.WRITE);
      Files.setLastModifiedTime(file, time);
      after = stampAfter(5000).orElseThrow();
    }
    assertThat(after.mtime()).isEqualTo(before.mtime());
    assertThat(after.size()).isEqualTo(before.size());
    assertThat(known.find(reference, PLATFORM, after)).isEmpty();
  }

  @Test
  void aFileThatWasReplacedIsReadAgain() throws IOException {
    keep(stampAfter(5000).orElseThrow());
    Path other = directory.resolve("other.tar");
    Files.copy(file, other, StandardCopyOption.COPY_ATTRIBUTES);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertThat(known.find(reference, PLATFORM, stampAfter(5000).orElseThrow())).isEmpty();
  }

  @Test
  void whatWasReadWhileTheFileChangedIsNotKept() throws IOException {
    Stamp before = stampAfter(5000).orElseThrow();
    Files.writeString(file, "longer");
    keep(before);
    assertThat(known.find(reference, PLATFORM, before)).isEmpty();
  }

  @Test
  void onlyArchivesHaveAStamp() {
    assertThat(KnownArchives.stamp(new ImageRef.BuiltIn(), Long.MAX_VALUE)).isEmpty();
    ImageRef missing = new ImageRef.OciArchive(directory.resolve("none"), Optional.empty());
    assertThat(KnownArchives.stamp(missing, Long.MAX_VALUE)).isEmpty();
  }
}
