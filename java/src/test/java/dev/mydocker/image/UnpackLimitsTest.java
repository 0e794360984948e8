package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackLimitsTest {

  @Test
  void theEnvironmentSetsThem() throws Exception {
    assertThat(UnpackLimits.of(Map.of("MYDOCKER_LIMIT_LAYER_BYTES", "")))
        .isEqualTo(UnpackLimits.DEFAULT);
    assertThat(
            UnpackLimits.of(
                Map.of(
                    "MYDOCKER_LIMIT_LAYER_BYTES", "1000000000000",
                    "MYDOCKER_LIMIT_LAYER_RATIO", "7",
                    "MYDOCKER_LIMIT_LAYER_ENTRIES", "8")))
        .isEqualTo(new UnpackLimits(1_000_000_000_000L, 7, 8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "1g", " 1", "9999999999999999999", "99999999999"})
  void anythingButAWholeNumberIsRefused(String text) {
    assertThatThrownBy(() -> UnpackLimits.of(Map.of("MYDOCKER_LIMIT_LAYER_RATIO", text)))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining("MYDOCKER_LIMIT_LAYER_RATIO");
  }
}
