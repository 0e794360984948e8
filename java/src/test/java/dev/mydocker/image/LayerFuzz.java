package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Directory.Resolve;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fuzz target: a layer's blob, unpacked between directories that must stay as they are (TAR50). The
 * first byte's lowest bit asks for headers with right checksums, which a mutation seldom has; the
 * second for a layer below.
 */
public final class LayerFuzz {
  private static final UnpackLimits LIMITS = new UnpackLimits(16 << 20, 400, 2000);
  private static final byte[] ROOT = Overlay.bytes("root");
  private static final int SEALED = 1;
  private static final int ON_BASE = 2;
  private static LayerFuzz shared;

  private final Scratch scratch = new Scratch();
  private final Directory ground = Directory.open(scratch.path());
  private final Map<String, String> around;

  private LayerFuzz() throws IOException {
    make("base", FuzzSeeds.base());
    make("victim", new RawTar().file("hello", "victim's"));
    make("root-evil", new RawTar().file("secret", "sibling's"));
    around = around();
  }

  private void make(String name, RawTar content) throws IOException {
    ground.mkdir(Overlay.bytes(name), 0755);
    try (Directory into = ground.openDirectory(Overlay.bytes(name), Resolve.BENEATH)) {
      LayerUnpacker.unpack(new ByteArrayInputStream(content.end()), into, LIMITS);
    }
  }

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    if (shared == null) {
      shared = new LayerFuzz();
    }
    if (input.length > 0) {
      shared.run(input[0], Arrays.copyOfRange(input, 1, input.length));
    }
  }

  /** Removes what lies around the layers; the fuzzer calls it by this name. */
  public static void fuzzerTearDown() throws IOException {
    if (shared != null) {
      shared.ground.close();
      shared.scratch.close();
      shared = null;
    }
  }

  private void run(int mode, byte[] blob) throws IOException {
    if ((mode & SEALED) != 0) {
      seal(blob);
    }
    ground.mkdir(ROOT, 0700);
    try (Directory into = ground.openDirectory(ROOT, Resolve.BENEATH)) {
      unpack(blob, into, (mode & ON_BASE) != 0);
    } catch (IOException refused) {
      Refusal.check(refused);
    } finally {
      ground.removeTree(ROOT);
    }
    if (!around().equals(around)) {
      throw new AssertionError("around the root were " + around + ", and now are " + around());
    }
  }

  /** As {@link LayerFetch} and {@link ImageFetch} do it. */
  private void unpack(byte[] blob, Directory into, boolean onBase) throws IOException {
    LayerUnpacker.Result result;
    try (InputStream tar =
        new DiffInput(
            Compression.detect(new ByteArrayInputStream(blob)),
            () -> blob.length,
            LIMITS,
            Digest.of(blob))) {
      result = LayerUnpacker.unpack(tar, into, LIMITS);
      tar.transferTo(OutputStream.nullOutputStream());
    }
    if (onBase) {
      Directory base = ground.openDirectory(Overlay.bytes("base"), Resolve.BENEATH);
      try (LayerStack below = new LayerStack(List.of(base))) {
        LayerSettler.settle(into, below, result, Optional.empty());
      }
    }
  }

  /** Everything beside the layer's directory; the directory of both has another time each time. */
  private Map<String, String> around() throws IOException {
    Map<String, String> all = Tree.of(ground);
    all.remove("");
    return all;
  }

  /** Mends the checksum of each block that a reader would take for a header. */
  private static void seal(byte[] tar) {
    long at = 0;
    while (at + 512 <= tar.length) {
      byte[] header = Arrays.copyOfRange(tar, (int) at, (int) at + 512);
      if (Arrays.equals(header, new byte[512])) {
        return;
      }
      RawTar.seal(header);
      System.arraycopy(header, 0, tar, (int) at, 512);
      boolean hasData = header[156] < '1' || header[156] > '6';
      at += 512 + (hasData ? (octal(header) + 511) / 512 * 512 : 0);
    }
  }

  /** A header's size, of which a reader may think differently. */
  private static long octal(byte[] header) {
    long value = 0;
    for (int i = 124; i < 136 && header[i] >= '0' && header[i] <= '7'; i++) {
      value = value * 8 + header[i] - '0';
    }
    return value;
  }
}
