package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Whom a TLS connection trusts, and as whom it comes. To the JDK's own authorities (or those of
 * SSL_CERT_FILE) come the host's, in the directories that docker and podman use: {@code HOST:PORT/}
 * with {@code *.crt} for authorities and {@code NAME.cert} with {@code NAME.key} for the client.
 */
final class RegistryTls {
  private static final int MAX_FILE = 1 << 20;
  private static final char[] NO_PASSWORD = new char[0];

  private final List<Path> directories;
  private final String authorities;
  private final Map<Origin, SSLSocketFactory> factories = new HashMap<>();

  /** See certs.d(5). */
  RegistryTls(Map<String, String> environment) {
    List<Path> found = new ArrayList<>();
    String home = environment.getOrDefault("HOME", "");
    if (!home.isEmpty()) {
      found.add(Path.of(home, ".config/containers/certs.d"));
      found.add(Path.of(home, ".config/docker/certs.d"));
    }
    found.add(Path.of("/etc/containers/certs.d"));
    found.add(Path.of("/etc/docker/certs.d"));
    this.directories = List.copyOf(found);
    this.authorities = environment.getOrDefault("SSL_CERT_FILE", "");
  }

  /**
   * The maker of connections to a host; the same each time, so that it resumes TLS sessions.
   *
   * @param verified false trusts whoever answers: only for a registry that was configured so, and
   *     always the same for an origin
   * @throws ImageException CONFIGURATION when a file of the host's directory cannot be used
   */
  synchronized SSLSocketFactory factory(Origin origin, boolean verified) throws ImageException {
    SSLSocketFactory factory = factories.get(origin);
    if (factory == null) {
      factory = newFactory(origin, verified);
      factories.put(origin, factory);
    }
    return factory;
  }

  private SSLSocketFactory newFactory(Origin origin, boolean verified) throws ImageException {
    List<Path> files = hostFiles(origin);
    List<Path> extra = files.stream().filter(f -> f.toString().endsWith(".crt")).toList();
    List<Path> clients = files.stream().filter(f -> f.toString().endsWith(".cert")).toList();
    try {
      if (verified && extra.isEmpty() && clients.isEmpty() && authorities.isEmpty()) {
        return SSLContext.getDefault().getSocketFactory();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(clients), verified ? trusted(extra) : ANYBODY, null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      if (e instanceof ImageException known) {
        throw known;
      }
      throw new ImageException(
          Kind.CONFIGURATION, "cannot set up TLS: " + ImageException.quote(e.getMessage()), e);
    }
  }

  private List<Path> hostFiles(Origin origin) throws ImageException {
    TreeSet<String> names = new TreeSet<>(List.of(origin.host() + ":" + origin.port()));
    names.add(origin.authority());
    List<Path> files = new ArrayList<>();
    for (Path directory : directories) {
      for (String name : names) {
        Path host = directory.resolve(name);
        try (DirectoryStream<Path> list = Files.newDirectoryStream(host)) {
          list.forEach(files::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
          // Most hosts have none.
          continue;
        } catch (IOException e) {
          throw bad(host, "cannot be read", e);
        }
      }
    }
    files.sort(null);
    return files;
  }

  private TrustManager[] trusted(List<Path> extra) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    List<Certificate> all = new ArrayList<>();
    if (authorities.isEmpty()) {
      for (TrustManager manager : managers(null)) {
        if (manager instanceof X509TrustManager x509) {
          all.addAll(List.of(x509.getAcceptedIssuers()));
        }
      }
    } else {
      all.addAll(certificates(Path.of(authorities)));
    }
    for (Path file : extra) {
      all.addAll(certificates(file));
    }
    for (int i = 0; i < all.size(); i++) {
      store.setCertificateEntry("authority" + i, all.get(i));
    }
    return managers(store);
  }

  private static TrustManager[] managers(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager[] keys(List<Path> clients)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    for (Path file : clients) {
      String name = file.toString();
      Path key = Path.of(name.substring(0, name.length() - ".cert".length()) + ".key");
      store.setKeyEntry(
          name, privateKey(key), NO_PASSWORD, certificates(file).toArray(Certificate[]::new));
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static Collection<? extends Certificate> certificates(Path file) throws ImageException {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes(file)));
      if (!found.isEmpty()) {
        return found;
      }
    } catch (GeneralSecurityException e) {
      throw bad(file, "is not a file of PEM certificates", e);
    }
    throw bad(file, "holds no certificate", null);
  }

  private static PrivateKey privateKey(Path file) throws ImageException {
    String begin = "-----BEGIN PRIVATE KEY-----";
    String text = new String(bytes(file), StandardCharsets.US_ASCII);
    int start = text.indexOf(begin);
    int end = text.indexOf("-----END PRIVATE KEY-----");
    if (start >= 0 && end > start) {
      for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
        try {
          byte[] der = Base64.getMimeDecoder().decode(text.substring(start + begin.length(), end));
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (InvalidKeySpecException e) {
          // A key of another kind: the next one is tried, and none is an error below.
          continue;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
          break;
        }
      }
    }
    throw bad(
        file, "is not a key without password in PKCS #8: convert it with openssl pkcs8", null);
  }

  private static byte[] bytes(Path file) throws ImageException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE);
      if (bytes.length < MAX_FILE) {
        return bytes;
      }
    } catch (IOException e) {
      throw bad(file, "cannot be read", e);
    }
    throw bad(file, "is too large", null);
  }

  private static ImageException bad(Path file, String why, Throwable cause) {
    return new ImageException(Kind.CONFIGURATION, file + " " + why, cause);
  }

  /** Trusts whoever answers. */
  private static final TrustManager[] ANYBODY = {
    new X509TrustManager() {
      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type) {}

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type) {}

      @Override
      public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
      }
    }
  };
}
