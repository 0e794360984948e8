package dev.mydocker.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The targets of {@code make fuzz}, each over its seeds and the same random changes of them. */
class FuzzTest {

  @Test
  void manifestsAreReadOrRefused() throws IOException {
    run("Manifest", 5_000, ManifestFuzz::fuzzerTestOneInput);
  }

  @Test
  void configurationsAreReadOrRefused() throws IOException {
    run("Configuration", 5_000, ConfigurationFuzz::fuzzerTestOneInput);
  }

  @Test
  void referencesAreReadOrRefused() throws IOException {
    run("Reference", 20_000, ReferenceFuzz::fuzzerTestOneInput);
  }

  /** A fuzz target. */
  interface Target {
    void take(byte[] input) throws IOException;
  }

  /** Runs a target with its seeds, and {@code changed} times with one that was changed. */
  static void run(String name, int changed, Target target) throws IOException {
    List<byte[]> seeds = FuzzSeeds.all().get(name);
    for (byte[] seed : seeds) {
      target.take(seed.clone());
    }
    for (int i = 0; i < changed; i++) {
      Random random = new Random(i);
      byte[] input = seeds.get(random.nextInt(seeds.size()));
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        input = changed(input, seeds.get(random.nextInt(seeds.size())), random);
      }
      try {
        target.take(input.clone());
      } catch (Throwable e) {
        throw new AssertionError(name + ", change " + i, e);
      }
    }
  }

  /** An input with a byte changed, a part removed or doubled, or a part of another one put in. */
  private static byte[] changed(byte[] input, byte[] other, Random random) {
    if (input.length == 0) {
      return other;
    }
    int at = random.nextInt(input.length);
    int part = 1 + random.nextInt(Math.min(64, input.length - at));
    int from = random.nextInt(other.length);
    byte[] changed;
    switch (random.nextInt(5)) {
      case 0 -> {
        changed = input.clone();
        changed[at] ^= (byte) (1 << random.nextInt(8));
        return changed;
      }
      case 1 -> {
        changed = input.clone();
        changed[at] = (byte) random.nextInt();
        return changed;
      }
      case 2 -> {
        return spliced(input, at, at + part, new byte[0]);
      }
      case 3 -> {
        return spliced(input, at, at, Arrays.copyOfRange(input, at, at + part));
      }
      default -> {
        int to = from + 1 + random.nextInt(Math.min(64, other.length - from));
        return spliced(input, at, at, Arrays.copyOfRange(other, from, to));
      }
    }
  }

  private static byte[] spliced(byte[] input, int from, int to, byte[] between) {
    byte[] out = Arrays.copyOf(input, from + between.length + input.length - to);
    System.arraycopy(between, 0, out, from, between.length);
    System.arraycopy(input, to, out, from + between.length, input.length - to);
    return out;
  }
}
