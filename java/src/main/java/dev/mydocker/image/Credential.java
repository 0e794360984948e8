package dev.mydocker.image;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** What proves to a registry who asks. Its text form never shows a secret. */
sealed interface Credential {

  /** The secrets in every form in which they are sent: whoever shows one shows the credential. */
  List<String> secrets();

  /** A name and its password. */
  record Password(String user, String password) implements Credential {

    /** The Authorization header's value (RFC 7617). */
    String basic() {
      byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public List<String> secrets() {
      return List.of(password, basic().substring("Basic ".length()));
    }

    @Override
    public String toString() {
      return "Password[hidden]";
    }
  }

  /** An OAuth2 refresh token, which a token service changes for others. */
  record IdentityToken(String token) implements Credential {
    @Override
    public List<String> secrets() {
      return List.of(token);
    }

    @Override
    public String toString() {
      return "IdentityToken[hidden]";
    }
  }
}
