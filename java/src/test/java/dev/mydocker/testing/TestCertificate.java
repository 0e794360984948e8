package dev.mydocker.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A self-signed RSA certificate and its key, made by keytool: an authority nobody trusts yet. */
public final class TestCertificate {
  private static final char[] PASSWORD = "password".toCharArray();

  private final Path directory;
  private final KeyStore store;

  private TestCertificate(Path directory, KeyStore store) {
    this.directory = directory;
    this.store = store;
  }

  /**
   * Makes one.
   *
   * @param directory where its files are put
   * @param names subject alternative names as keytool takes them: {@code dns:localhost}
   */
  public static TestCertificate make(Path directory, String names)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path file = directory.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-keyalg",
                "RSA",
                "-alias",
                "test",
                "-dname",
                "CN=mydocker test",
                "-ext",
                "san=" + names,
                "-ext",
                "bc=ca:true",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    return new TestCertificate(directory, store);
  }

  /** A file with the certificate in PEM. */
  public Path certificate() throws IOException, GeneralSecurityException {
    return pem("certificate.pem", "CERTIFICATE", x509().getEncoded());
  }

  /** A file with the key in PEM, PKCS #8. */
  public Path key() throws IOException, GeneralSecurityException {
    return pem("key.pem", "PRIVATE KEY", privateKey().getEncoded());
  }

  public Certificate x509() throws GeneralSecurityException {
    return store.getCertificate("test");
  }

  public PrivateKey privateKey() throws GeneralSecurityException {
    return (PrivateKey) store.getKey("test", PASSWORD);
  }

  /** A server's TLS with this certificate, which it also trusts in a client. */
  public SSLContext serverContext() throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    try {
      trusted.load(null, PASSWORD);
    } catch (IOException e) {
      throw new IllegalStateException("an empty store reads nothing", e);
    }
    trusted.setCertificateEntry("test", x509());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private Path pem(String name, String kind, byte[] der) throws IOException {
    byte[] newline = {'\n'};
    return Files.writeString(
        directory.resolve(name),
        "-----BEGIN "
            + kind
            + "-----\n"
            + Base64.getMimeEncoder(64, newline).encodeToString(der)
            + "\n-----END "
            + kind
            + "-----\n");
  }
}
