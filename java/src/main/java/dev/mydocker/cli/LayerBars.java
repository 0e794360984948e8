package dev.mydocker.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A transfer on a terminal: a line per layer, redrawn in place.
 *
 * <p>The cursor rests below the last line between two drawings, so that anything else that is
 * printed comes after the bars.
 */
final class LayerBars {
  private static final int BAR = 50;
  private static final int SMALLEST_BAR = 10;
  private static final long REDRAW_NANOS = 80_000_000L;

  /** Over which a rate is taken: over less it flickers, over more it lags. */
  private static final long RATE_NANOS = 1_000_000_000L;

  private final PullLines.Writer writer;
  private final int columns;
  private final int rows;
  private final LongSupplier clock;
  private final Map<String, Layer> layers = new LinkedHashMap<>();

  /** What is known of one layer. */
  private static final class Layer {
    final int line;
    final long total;
    String state;
    long done = -1;
    long drawn;

    /** Where the span began that a rate is taken over. */
    long spanStart;

    long spanDone;

    /** Bytes a second in the last whole span, 0 before there was one. */
    double rate;

    Layer(int line, long total, String state) {
      this.line = line;
      this.total = total;
      this.state = state;
    }
  }

  /**
   * @param columns the terminal's width
   * @param rows its height: of more layers than that the first are drawn once and left
   */
  LayerBars(PullLines.Writer writer, int columns, int rows) {
    this(writer, columns, rows, System::nanoTime);
  }

  /**
   * @param clock nanoseconds
   */
  LayerBars(PullLines.Writer writer, int columns, int rows, LongSupplier clock) {
    this.clock = clock;
    this.writer = writer;
    this.columns = columns;
    this.rows = rows;
  }

  /** Draws a line for a layer of {@code total} bytes, unless it has one. */
  synchronized void add(String id, long total, String state) {
    if (!layers.containsKey(id)) {
      layers.put(id, new Layer(layers.size(), total, state));
      writer.write(fit(id + ": " + state) + "\r\n");
    }
  }

  /** Draws a bar for {@code done} bytes, when the last one is not too young. */
  synchronized void progress(String id, String state, long done) {
    Layer layer = layers.get(id);
    if (layer == null) {
      return;
    }
    layer.state = state;
    long now = clock.getAsLong();
    measure(layer, done, now);
    layer.done = done;
    if (layer.drawn == 0 || now - layer.drawn >= REDRAW_NANOS || done >= layer.total) {
      layer.drawn = now;
      draw(id, layer);
    }
  }

  private static void measure(Layer layer, long done, long now) {
    if (layer.done < 0 || done < layer.done) {
      layer.rate = 0;
    } else if (now - layer.spanStart < RATE_NANOS) {
      return;
    } else {
      layer.rate = (done - layer.spanDone) * 1e9 / (now - layer.spanStart);
    }
    layer.spanStart = now;
    layer.spanDone = done;
  }

  /** Draws the state alone. */
  synchronized void state(String id, String state) {
    Layer layer = layers.get(id);
    if (layer != null) {
      layer.state = state;
      layer.done = -1;
      draw(id, layer);
    }
  }

  private void draw(String id, Layer layer) {
    int up = layers.size() - layer.line;
    if (up >= rows) {
      return;
    }
    String text = id + ": " + layer.state;
    if (layer.done >= 0) {
      text = text + " " + bar(text.length() + 1, layer);
    }
    String line = fit(text);
    writer.write("\u001b[" + up + "A\r" + line + "\u001b[K\u001b[" + up + "B\r");
  }

  /** {@code [=====> ] 3.4MB/12MB 1.5MB/s 6s}, its bar as wide as the line leaves room for. */
  private String bar(int taken, Layer layer) {
    String figures =
        "  " + Human.size(layer.done, 4) + "/" + Human.size(layer.total, 4) + rate(layer);
    int width = Math.min(BAR, columns - taken - figures.length() - 3);
    if (width < SMALLEST_BAR) {
      return figures.substring(2);
    }
    int full = layer.total <= 0 ? 0 : (int) Math.min(width, layer.done * width / layer.total);
    StringBuilder out = new StringBuilder(width + 24).append('[');
    for (int i = 0; i < width; i++) {
      out.append(i < full - 1 || full == width ? '=' : i == full - 1 ? '>' : ' ');
    }
    return out.append(']').append(figures).toString();
  }

  /** How fast it comes, and how long the rest takes at that rate; nothing before it is known. */
  private static String rate(Layer layer) {
    if (layer.rate < 1 || layer.done >= layer.total) {
      return "";
    }
    long seconds = (long) Math.ceil((layer.total - layer.done) / layer.rate);
    return "  " + Human.size((long) layer.rate, 3) + "/s " + remaining(seconds);
  }

  /** {@code 7s}, {@code 3m07s}, {@code 2h03m}. */
  private static String remaining(long seconds) {
    if (seconds < 60) {
      return seconds + "s";
    }
    boolean hours = seconds >= 3600;
    long large = hours ? seconds / 3600 : seconds / 60;
    long small = hours ? seconds / 60 % 60 : seconds % 60;
    return large + (hours ? "h" : "m") + (small < 10 ? "0" : "") + small + (hours ? "m" : "s");
  }

  /** One column stays free: a terminal wraps when its last one is written. */
  private String fit(String text) {
    return text.length() < columns ? text : text.substring(0, Math.max(0, columns - 1));
  }
}
