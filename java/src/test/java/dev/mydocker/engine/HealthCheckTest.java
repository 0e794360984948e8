package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageConfig;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HealthCheckTest {
  private static HealthCheck image(String config) throws Exception {
    String text =
        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
            + "\"diff_ids\":[]},\"config\":{"
            + config
            + "}}";
    return HealthCheck.of(ImageConfig.parse(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static HealthCheck said(String test, int interval, int timeout, int retries) {
    return new HealthCheck(
        test.isEmpty() ? List.of() : List.of(test.split(" ")),
        Duration.ofSeconds(interval),
        Duration.ofSeconds(timeout),
        Duration.ZERO,
        Duration.ZERO,
        retries,
        List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "CMD a,1,2,3,'',0,0,0,CMD a,1,2,3",
    "CMD a,1,2,3,CMD b,4,5,6,CMD b,4,5,6",
    "CMD a,1,2,3,'',4,0,0,CMD a,4,2,3",
    "CMD a,1,2,3,'',0,5,0,CMD a,1,5,3",
    "CMD a,1,2,3,'',0,0,6,CMD a,1,2,6",
    "CMD a,1,2,3,CMD b,0,0,0,CMD b,1,2,3",
    "CMD a,1,2,3,NONE,0,0,0,NONE,1,2,3",
    "NONE,0,0,0,CMD b,0,0,0,CMD b,0,0,0",
    "'',0,0,0,'',4,0,0,'',4,0,0",
  })
  void whatIsNotSaidIsTheImages(
      String imageTest,
      int imageInterval,
      int imageTimeout,
      int imageRetries,
      String test,
      int interval,
      int timeout,
      int retries,
      String endTest,
      int endInterval,
      int endTimeout,
      int endRetries) {
    HealthCheck image = said(imageTest, imageInterval, imageTimeout, imageRetries);
    assertThat(said(test, interval, timeout, retries).over(image))
        .isEqualTo(said(endTest, endInterval, endTimeout, endRetries));
  }

  @Test
  void startTimesAreMergedAsWell() throws Exception {
    HealthCheck image =
        image("\"Healthcheck\":{\"StartPeriod\":3000000,\"StartInterval\":4000000}");
    assertThat(HealthCheck.ofText("a").over(image).startPeriod()).isEqualTo(Duration.ofMillis(3));
    assertThat(HealthCheck.ofText("a").over(image).startInterval()).isEqualTo(Duration.ofMillis(4));
  }

  @Test
  void usualValuesAreDockers() {
    HealthCheck usual = HealthCheck.ofText("a").complete();
    assertThat(usual.interval()).isEqualTo(Duration.ofSeconds(30));
    assertThat(usual.timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(usual.startPeriod()).isZero();
    assertThat(usual.startInterval()).isEqualTo(Duration.ofSeconds(5));
    assertThat(usual.retries()).isEqualTo(3);
    assertThat(usual.command()).containsExactly("/bin/sh", "-c", "a");
  }

  @Test
  void textIsRunByTheImagesShell() throws Exception {
    HealthCheck image =
        image(
            "\"Shell\":[\"/bin/ash\",\"-ec\"],"
                + "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"b  c\"]}");
    assertThat(image.complete().command()).containsExactly("/bin/ash", "-ec", "b  c");
    assertThat(HealthCheck.ofText("d").over(image).complete().command())
        .containsExactly("/bin/ash", "-ec", "d");
  }

  @Test
  void programIsRunWithoutOne() throws Exception {
    HealthCheck image = image("\"Healthcheck\":{\"Test\":[\"CMD\",\"a\",\"b c\"]}");
    assertThat(image.complete().command()).containsExactly("a", "b c");
  }

  @ParameterizedTest
  @CsvSource({"'',false", "NONE,false", "CMD a,true", "CMD-SHELL a,true", "EXEC a,false"})
  void someChecksAreNone(String test, boolean checks) {
    assertThat(said(test, 0, 0, 0).checks()).isEqualTo(checks);
  }

  @Test
  void isReadAsItWasWritten() throws Exception {
    for (HealthCheck check :
        List.of(HealthCheck.NONE, HealthCheck.UNSAID, HealthCheck.ofText("a").complete())) {
      assertThat(HealthCheck.parse(check.toJson(), check.shell())).isEqualTo(check);
    }
    assertThat(HealthCheck.ofText("a").toJson().toText())
        .isEqualTo("{\"Test\":[\"CMD-SHELL\",\"a\"]}");
    assertThat(said("CMD a", 1, 0, 3).toJson().toText())
        .isEqualTo("{\"Test\":[\"CMD\",\"a\"],\"Interval\":1000000000,\"Retries\":3}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"Interval\":-1}",
        "{\"Timeout\":999999}",
        "{\"StartPeriod\":1}",
        "{\"StartInterval\":-1000000000}",
        "{\"Retries\":-1}",
        "{\"Retries\":5000000000}",
        "{\"Interval\":1.5}",
        "{\"Test\":\"CMD\"}",
      })
  void imageThatSaysNonsenseIsRefused(String json) {
    assertThatThrownBy(() -> image("\"Healthcheck\":" + json))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("the image's health check cannot be used: ");
  }

  @Test
  void imageMayHaveNone() throws Exception {
    assertThat(image("")).isEqualTo(HealthCheck.UNSAID);
    assertThat(image("\"Healthcheck\":null")).isEqualTo(HealthCheck.UNSAID);
    assertThat(HealthCheck.parse(Json.object().build(), List.of())).isEqualTo(HealthCheck.UNSAID);
  }
}
