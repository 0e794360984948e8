package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;

/** Fuzz target: an image's configuration. */
public final class ConfigurationFuzz {
  private ConfigurationFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    try {
      ImageConfig.parse(input);
    } catch (ImageException refused) {
      Refusal.check(refused);
      return;
    }
    // It is written again where an image is made from another one.
    Json value = Json.parse(input);
    if (!Json.parse(value.toBytes()).equals(value)) {
      throw new AssertionError("it is read back as " + Json.parse(value.toBytes()).toText());
    }
  }
}
