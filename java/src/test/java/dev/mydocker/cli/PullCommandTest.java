package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Platform;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PullCommandTest {
  private static final Digest DIGEST = Digest.of(new byte[] {1});
  private static final Digest OTHER = Digest.of(new byte[] {2});

  private static Image image(String name, Digest manifest) {
    ImageConfig config = ImageConfig.of(Platform.host(), List.of());
    return new Image(name, manifest, manifest, OTHER, config, List.of(), 0);
  }

  @ParameterizedTest
  @CsvSource({
    "busybox,'Using default tag: latest\nlatest: Pulling from library/busybox\n'",
    "busybox:latest,'latest: Pulling from library/busybox\n'",
    "localhost:5000/a/b:1,'1: Pulling from localhost:5000/a/b\n'",
    "oci:/images/x:1,'Pulling from oci:/images/x:1\n'",
  })
  void headingSaysWhatIsPulledFromWhere(String given, String heading) throws Exception {
    assertThat(PullCommand.heading(ImageRef.parse(given), given)).isEqualTo(heading);
  }

  @Test
  void closingTellsWhetherTheImageIsNew() throws Exception {
    String name = "docker.io/library/busybox:latest";
    Image image = image(name, DIGEST);
    ImageRef reference = ImageRef.parse("busybox");
    String digest = "Digest: " + DIGEST + "\n";
    String newer = digest + "Status: Downloaded newer image for busybox:latest\n" + name + "\n";
    String same = digest + "Status: Image is up to date for busybox:latest\n" + name + "\n";
    assertThat(PullCommand.closing(image, reference, List.of())).isEqualTo(newer);
    assertThat(PullCommand.closing(image, reference, List.of(image(name, OTHER)))).isEqualTo(newer);
    assertThat(PullCommand.closing(image, reference, List.of(image(name, DIGEST)))).isEqualTo(same);
  }
}
