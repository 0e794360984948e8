package dev.mydocker.cli;

import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * An image's name in Docker's two columns, and its times.
 *
 * @param repository as people write it; an archive with its transport; {@code <none>}
 * @param tag the tag, in the registry or in the archive; {@code <none>}
 */
record ImageColumns(String repository, String tag) {
  static final String NONE = "<none>";
  static final String UNKNOWN = "N/A";

  /** The columns of a full reference, which is empty for an image that lost its names. */
  static ImageColumns of(String name) throws ImageException {
    if (name.isEmpty()) {
      return new ImageColumns(NONE, NONE);
    }
    ImageRef reference = ImageRef.parse(name);
    if (reference instanceof ImageRef.Registry r) {
      return new ImageColumns(r.familiarRepository(), r.tag().orElse(NONE));
    }
    if (reference instanceof ImageRef.OciLayout r) {
      return new ImageColumns("oci:" + r.directory(), r.tag().orElse(NONE));
    }
    if (reference instanceof ImageRef.OciArchive r) {
      return new ImageColumns("oci-archive:" + r.file(), r.tag().orElse(NONE));
    }
    if (reference instanceof ImageRef.DockerArchive r) {
      String tag = r.reference().map(ImageRef.Registry::tagged).orElse(NONE);
      return new ImageColumns("docker-archive:" + r.file(), tag);
    }
    return new ImageColumns(reference.name(), NONE);
  }

  /** When an image was made; {@link Instant#MIN} when it does not say, or says a zero of Go's. */
  static Instant created(Image image) {
    return instant(image.config().created());
  }

  /** A time of a document, as {@link #created}. */
  static Instant instant(Optional<String> text) {
    try {
      Instant created =
          text.isPresent() ? OffsetDateTime.parse(text.get()).toInstant() : Instant.MIN;
      return created.isBefore(Instant.EPOCH) ? Instant.MIN : created;
    } catch (DateTimeException e) {
      return Instant.MIN;
    }
  }

  /** {@code 3 weeks ago}. */
  static String since(Instant created, Instant now) {
    return created.isAfter(Instant.MIN)
        ? Human.duration(Duration.between(created, now)) + " ago"
        : UNKNOWN;
  }

  /** {@code 2026-03-01 12:00:00 +0000 UTC}. */
  static String date(Instant created) {
    return created.isAfter(Instant.MIN)
        ? DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss Z 'UTC'", Locale.ROOT)
            .format(created.atOffset(ZoneOffset.UTC))
        : UNKNOWN;
  }
}
