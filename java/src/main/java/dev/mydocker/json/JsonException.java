package dev.mydocker.json;

import java.io.IOException;

/** A document that is not the JSON it should be; the message says what is wrong with it. */
public final class JsonException extends IOException {
  private static final long serialVersionUID = 1L;

  public JsonException(String message) {
    super(message);
  }
}
