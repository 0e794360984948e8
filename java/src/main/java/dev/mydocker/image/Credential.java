package dev.mydocker.image;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What proves to a registry who pulls. Its text form never shows a secret. */
sealed interface Credential {

  /** A name and its password. */
  record Password(String user, String password) implements Credential {

    /** The Authorization header's value (RFC 7617). */
    String basic() {
      byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public String toString() {
      return "Password[hidden]";
    }
  }

  /** An OAuth2 refresh token, which a token service changes for others. */
  record IdentityToken(String token) implements Credential {
    @Override
    public String toString() {
      return "IdentityToken[hidden]";
    }
  }
}
