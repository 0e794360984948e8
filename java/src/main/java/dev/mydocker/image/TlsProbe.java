package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/**
 * Finds out whether a server speaks TLS, at the price of one small packet and without starting the
 * JDK's TLS (300 ms when it is cold): a TLS server answers a ClientHello with a record.
 */
final class TlsProbe {
  private static final int HANDSHAKE = 22;
  private static final int ALERT = 21;
  private static final int WAIT_MILLIS = 2000;

  private TlsProbe() {}

  /** Whether what is at the other end of a new connection speaks TLS. Uses the connection up. */
  static boolean speaksTls(Socket socket) throws IOException {
    try {
      socket.setSoTimeout(WAIT_MILLIS);
      socket.getOutputStream().write(clientHello());
      int first = socket.getInputStream().read();
      return first == HANDSHAKE || first == ALERT;
    } catch (SocketTimeoutException | SocketException e) {
      return false;
    }
  }

  /**
   * A ClientHello of TLS 1.2 (RFC 5246, 7.4.1.2) with two cipher suites. Its random bytes hold line
   * ends, so that a server that reads lines answers at once instead of waiting for one.
   */
  private static byte[] clientHello() throws IOException {
    byte[] random =
        "mydocker asks for TLS\r\n\r\n\r\n\r\n\r\n\0".getBytes(StandardCharsets.US_ASCII);
    byte[] suites = {(byte) 0xc0, 0x2f, (byte) 0xc0, 0x2b};
    ByteArrayOutputStream hello = new ByteArrayOutputStream();
    hello.write(new byte[] {3, 3});
    hello.write(random);
    hello.write(0);
    hello.write(new byte[] {0, (byte) suites.length});
    hello.write(suites);
    hello.write(new byte[] {1, 0});
    int size = hello.size();
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.write(new byte[] {HANDSHAKE, 3, 1, 0, (byte) (size + 4), 1, 0, 0, (byte) size});
    hello.writeTo(record);
    return record.toByteArray();
  }
}
