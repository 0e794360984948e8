package dev.mydocker.image;

import java.nio.charset.StandardCharsets;

/** Fuzz target: what a user writes for an image. */
public final class ReferenceFuzz {
  private ReferenceFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws ImageException {
    ImageRef reference;
    try {
      reference = ImageRef.parse(new String(input, StandardCharsets.UTF_8));
    } catch (ImageException refused) {
      Refusal.check(refused);
      return;
    }
    for (String name : new String[] {reference.name(), reference.familiar(), reference.tagged()}) {
      ImageRef again = ImageRef.parse(name);
      if (!again.equals(reference)) {
        throw new AssertionError(reference + " is parsed again as " + again);
      }
    }
  }
}
