package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PullBarsTest {
  private static final String UP_2 = "\u001b[2A\r";
  private static final String DOWN_2 = "\u001b[K\u001b[2B\r";

  private final StringBuilder screen = new StringBuilder();

  private PullBars bars(int columns, int rows) {
    PullBars bars = new PullBars(screen::append, columns, rows);
    bars.layer("3f1c9a7be001", 12_000_000);
    bars.layer("77aa00bb11cc", 900);
    return bars;
  }

  private String drawnBy(Runnable event) {
    screen.setLength(0);
    event.run();
    return screen.toString();
  }

  @Test
  void layersAreListedInTheirOrder() {
    bars(100, 24);
    assertThat(screen)
        .hasToString("3f1c9a7be001: Pulling fs layer\r\n77aa00bb11cc: Pulling fs layer\r\n");
  }

  @Test
  void barIsDrawnInTheLayersLine() {
    PullBars bars = bars(100, 24);
    assertThat(drawnBy(() -> bars.progress("3f1c9a7be001", 3_400_000)))
        .isEqualTo(
            UP_2
                + "3f1c9a7be001: Downloading [=============>                                    ]"
                + "  3.4MB/12MB"
                + DOWN_2);
  }

  @Test
  void barFitsANarrowTerminal() {
    PullBars bars = bars(60, 24);
    assertThat(drawnBy(() -> bars.progress("3f1c9a7be001", 6_000_000)))
        .isEqualTo(UP_2 + "3f1c9a7be001: Downloading [=========>           ]  6MB/12MB" + DOWN_2);
    PullBars narrow = bars(45, 24);
    assertThat(drawnBy(() -> narrow.progress("3f1c9a7be001", 6_000_000)))
        .isEqualTo(UP_2 + "3f1c9a7be001: Downloading 6MB/12MB" + DOWN_2);
  }

  @Test
  void finishedBarIsFull() {
    PullBars bars = bars(60, 24);
    assertThat(drawnBy(() -> bars.progress("3f1c9a7be001", 12_000_000)))
        .contains("[====================]");
  }

  @Test
  void statesFollowTheLayer() {
    PullBars bars = bars(60, 24);
    assertThat(drawnBy(() -> bars.verified("3f1c9a7be001"))).contains(": Download complete");
    assertThat(drawnBy(() -> bars.unpacking("3f1c9a7be001"))).contains(": Extracting");
    assertThat(drawnBy(() -> bars.done("3f1c9a7be001"))).contains(": Pull complete");
    assertThat(drawnBy(() -> bars.alreadyExists("77aa00bb11cc")))
        .isEqualTo("\u001b[1A\r77aa00bb11cc: Already exists\u001b[K\u001b[1B\r");
  }

  @Test
  void lineThatScrolledAwayIsNotDrawn() {
    PullBars bars = bars(60, 2);
    assertThat(drawnBy(() -> bars.verified("3f1c9a7be001"))).isEmpty();
    assertThat(drawnBy(() -> bars.verified("77aa00bb11cc"))).isNotEmpty();
  }

  @Test
  void linesAreWrittenWhereThereIsNoTerminal() {
    PullLines lines = new PullLines(screen::append);
    lines.layer("3f1c9a7be001", 12_000_000);
    lines.progress("3f1c9a7be001", 5);
    lines.verified("3f1c9a7be001");
    lines.done("3f1c9a7be001");
    assertThat(screen)
        .hasToString(
            "3f1c9a7be001: Pulling fs layer\n3f1c9a7be001: Download complete\n"
                + "3f1c9a7be001: Pull complete\n");
  }
}
