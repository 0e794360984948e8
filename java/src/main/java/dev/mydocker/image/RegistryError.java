package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/** Says in a sentence why a registry did not do what was asked for. */
final class RegistryError {
  /** The most bytes of an error's body that are read. */
  static final int MAX_BODY = 64 << 10;

  private RegistryError() {}

  /**
   * What an answer that is not 2xx means. Reads its body.
   *
   * @param host who answered, {@code host[:port]}
   * @param wanted {@code manifest}, {@code blob 0123abcd}
   * @param auth as whom it was asked
   */
  static ImageException of(HttpAnswer answer, String host, String wanted, RegistryAuth auth) {
    String detail = detail(answer, auth);
    int status = answer.status();
    if (status == 404) {
      return new ImageException(
          Kind.NOT_FOUND,
          "the registry has no such "
              + wanted
              + detail
              + (wanted.equals("manifest") ? ": check name and tag" : ""));
    }
    return isDenial(status)
        ? denial(status, host, detail, auth)
        : new ImageException(Kind.UNREACHABLE, host + " gave no " + wanted + detail);
  }

  /**
   * What an answer to something that was sent means. Reads its body.
   *
   * @param sent {@code manifest}, {@code blob 0123abcd}
   */
  static ImageException ofPush(HttpAnswer answer, String host, String sent, RegistryAuth auth) {
    String detail = detail(answer, auth);
    int status = answer.status();
    if (isDenial(status)) {
      return denial(status, host, detail, auth);
    }
    String why = host + " did not take the " + sent + detail;
    return switch (status) {
      case 404 -> new ImageException(Kind.NOT_FOUND, why + ": check the repository's name");
      case 405 -> new ImageException(Kind.UNSUPPORTED, why + ": it can only be pulled from");
      case 413 -> new ImageException(Kind.TOO_LARGE, why + ": it is too large for it");
      default -> new ImageException(Kind.UNREACHABLE, why);
    };
  }

  private static boolean isDenial(int status) {
    return status == 401 || status == 403 || status == 429;
  }

  private static ImageException denial(int status, String host, String detail, RegistryAuth auth) {
    return switch (status) {
      case 401 ->
          new ImageException(
              Kind.UNAUTHORIZED,
              host
                  + (auth.hasCredentials() ? " refuses the credentials" : " wants credentials")
                  + detail
                  + ": "
                  + auth.advice());
      case 403 ->
          new ImageException(
              Kind.UNAUTHORIZED,
              host
                  + " denies access"
                  + detail
                  + ": check the name, or log in as somebody who may "
                  + auth.purpose().verb());
      default ->
          new ImageException(
              Kind.UNREACHABLE, host + " limits how often it is asked" + detail + ": try later");
    };
  }

  /** What broke an exchange with a host. */
  static ImageException of(IOException failure, String host) {
    if (failure instanceof ImageException known) {
      return known;
    }
    String why;
    if (failure instanceof SocketTimeoutException) {
      why = host + " stopped answering";
    } else if (failure instanceof ProtocolException) {
      // Its messages are our own.
      why = host + " sent " + failure.getMessage();
    } else if (failure instanceof EOFException || failure instanceof SocketException) {
      why = "the connection to " + host + " broke";
    } else {
      why = host + ": " + ImageException.quote(String.valueOf(failure.getMessage()));
    }
    return new ImageException(Kind.UNREACHABLE, why, failure);
  }

  /** Status, code and message of an error as the distribution-spec has it, in parentheses. */
  private static String detail(HttpAnswer answer, RegistryAuth auth) {
    StringBuilder out = new StringBuilder(" (" + answer.status());
    try (answer) {
      byte[] body = answer.body().readNBytes(MAX_BODY);
      if (Json.parseObject(body).array("errors").stream().findFirst().orElse(null)
          instanceof Json.Obj error) {
        String code = error.string("code").orElse("");
        String message = error.string("message").orElse("");
        if (isCode(code) && !auth.isRevealedBy(code)) {
          out.append(' ').append(code);
        }
        // That of a 404 only says again what our own sentence says better.
        if (!message.isEmpty() && answer.status() != 404) {
          out.append(' ')
              .append(
                  auth.isRevealedBy(message)
                      ? "a message with our credentials in it, not shown"
                      : ImageException.quote(message));
        }
      }
    } catch (IOException e) {
      // Any other body has nothing to say; the status has.
      return out.append(')').toString();
    }
    return out.append(')').toString();
  }

  private static boolean isCode(String code) {
    return !code.isEmpty()
        && code.length() <= 40
        && code.chars().allMatch(c -> c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_');
  }
}
