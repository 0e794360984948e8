package dev.mydocker.image;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The target of {@code make fuzz} that needs root: see {@link FuzzTest}. */
class FuzzIT {

  @AfterAll
  static void remove() throws IOException {
    LayerFuzz.fuzzerTearDown();
  }

  @Test
  void TAR50_layersAreUnpackedInTheirRootOrRefused() throws IOException {
    FuzzTest.run("Layer", 2_000, LayerFuzz::fuzzerTestOneInput);
  }
}
