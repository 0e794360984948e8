package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatsReaderTest {

  @Test
  void everyDeviceButLoopbackCounts() {
    List<String> devices =
        List.of(
            "Inter-|   Receive                            |  Transmit",
            " face |bytes packets errs drop fifo frame compressed multicast|bytes packets ...",
            "    lo: 900 9 0 0 0 0 0 0 900 9 0 0 0 0 0 0",
            "  eth0: 100 1 0 0 0 0 0 0 30 2 0 0 0 0 0 0",
            "eth1:5 1 0 0 0 0 0 0 7 2 0 0 0 0 0 0");
    assertThat(StatsReader.sum(devices, 0)).isEqualTo(105);
    assertThat(StatsReader.sum(devices, 8)).isEqualTo(37);
    assertThat(StatsReader.sum(List.of(), 0)).isZero();
  }
}
