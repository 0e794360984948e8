package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
                    "MYDOCKER_LIMIT_LAYER_ENTRIES", "8",
                    "MYDOCKER_LIMIT_LAYER_PATH", "9",
                    "MYDOCKER_LIMIT_DOCUMENT_BYTES", "10",
                    "MYDOCKER_LIMIT_DOCUMENT_DEPTH", "11",
                    "MYDOCKER_LIMIT_LAYERS", "12",
                    "MYDOCKER_LIMIT_MANIFESTS", "13")))
        .isEqualTo(
            new UnpackLimits(1_000_000_000_000L, 7, 8, 9, new DocumentLimits(10, 11, 12, 13)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "1g", " 1", "9999999999999999999", "99999999999"})
  void anythingButAWholeNumberIsRefused(String text) {
    assertThatThrownBy(() -> UnpackLimits.of(Map.of("MYDOCKER_LIMIT_LAYER_RATIO", text)))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining("MYDOCKER_LIMIT_LAYER_RATIO");
  }

  @ParameterizedTest
  @CsvSource({"LAYER_PATH, 4095", "LAYERS, 500", "DOCUMENT_BYTES, 16777216", "DOCUMENT_DEPTH, 200"})
  void whatCannotBeHadIsRefused(String limit, int most) throws Exception {
    String name = "MYDOCKER_LIMIT_" + limit;
    UnpackLimits.of(Map.of(name, String.valueOf(most)));
    assertThatThrownBy(() -> UnpackLimits.of(Map.of(name, String.valueOf(most + 1))))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("from 1 to " + most);
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"a\":[{}]}', true",
    "'{\"a\":[{}],\"b\":[[]]}', true",
    "'{\"a\":[{\"b\":[]}]}', false",
    "'{\"[[[[\":\"\\\"[[[[\"}', true",
    "'[[[[', false",
    "'', true"
  })
  void IMG07_depthIsWhatBracketsSay(String json, boolean within) throws Exception {
    DocumentLimits limits = new DocumentLimits(100, 3, 1, 1);
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    if (within) {
      limits.check(bytes, "it");
    } else {
      assertThatThrownBy(() -> limits.check(bytes, "it"))
          .hasMessage("it is nested more than 3 deep (MYDOCKER_LIMIT_DOCUMENT_DEPTH)");
    }
  }
}
