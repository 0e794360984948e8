package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LayerBarsTest {
  private static final String ID = "3f1c9a7be001";

  private final StringBuilder screen = new StringBuilder();
  private long now;

  /** What is drawn when {@code done} bytes are there at {@code millis}. */
  private String at(LayerBars bars, long millis, long done) {
    now = millis * 1_000_000;
    screen.setLength(0);
    bars.progress(ID, "Downloading", done);
    return screen.toString();
  }

  @Test
  void rateAndRemainingTimeAreThoseOfTheLastSecond() {
    LayerBars bars = new LayerBars(screen::append, 100, 24, () -> now);
    bars.add(ID, 1_000_000_000, "Waiting");
    at(bars, 1000, 0);
    assertThat(at(bars, 1500, 1_000_000)).contains("  1MB/1GB\u001b");
    assertThat(at(bars, 3000, 10_000_000)).contains("  10MB/1GB  5MB/s 3m18s\u001b");
    assertThat(at(bars, 4000, 990_000_000)).contains("  990MB/1GB  980MB/s 1s\u001b");
    assertThat(at(bars, 4500, 1_000_000_000)).contains("  1GB/1GB\u001b");
  }

  @Test
  void aFetchThatStartsAgainHasNoRateYet() {
    LayerBars bars = new LayerBars(screen::append, 100, 24, () -> now);
    bars.add(ID, 1_000_000_000, "Waiting");
    at(bars, 1000, 0);
    assertThat(at(bars, 2000, 500_000_000)).contains("500MB/s 1s");
    assertThat(at(bars, 3000, 0)).contains("  0B/1GB\u001b");
    assertThat(at(bars, 13_000, 1_000_000)).contains("  1MB/1GB  100kB/s 2h46m\u001b");
  }
}
