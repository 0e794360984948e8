package dev.mydocker.testing;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/**
 * A name server for whom every name has the address 198.51.100.7 (RFC 5737). It prints each name
 * that it is asked for: a program, as its network namespace is another one than the test's.
 */
public final class NameServer {
  private static final int HEADER = 12;

  private NameServer() {}

  /** The argument is the address where it serves, by UDP and TCP. */
  public static void main(String[] arguments) throws IOException {
    InetAddress address = InetAddress.getByName(arguments[0]);
    DatagramSocket udp = new DatagramSocket(53, address);
    ServerSocket tcp = new ServerSocket(53, 8, address);
    Thread streams = new Thread(() -> serve(tcp));
    streams.setDaemon(true);
    streams.start();
    System.out.println("ready");
    for (; ; ) {
      DatagramPacket query = new DatagramPacket(new byte[2048], 2048);
      udp.receive(query);
      byte[] answer = answer(Arrays.copyOf(query.getData(), query.getLength()), "udp");
      udp.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
    }
  }

  private static void serve(ServerSocket tcp) {
    for (; ; ) {
      try (Socket client = tcp.accept()) {
        DataInputStream in = new DataInputStream(client.getInputStream());
        byte[] query = new byte[in.readUnsignedShort()];
        in.readFully(query);
        byte[] answer = answer(query, "tcp");
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        out.writeShort(answer.length);
        out.write(answer);
        out.flush();
      } catch (IOException e) {
        System.out.println(e);
      }
    }
  }

  private static byte[] answer(byte[] query, String by) {
    StringBuilder name = new StringBuilder();
    int at = HEADER;
    while (query[at] != 0) {
      name.append(new String(query, at + 1, query[at])).append('.');
      at += 1 + query[at];
    }
    int type = query[at + 2];
    System.out.println(by + " " + name + " " + type);
    byte[] answer = Arrays.copyOf(query, at + 5 + (type == 1 ? 16 : 0));
    answer[2] = (byte) 0x81;
    answer[3] = (byte) 0x80;
    Arrays.fill(answer, 6, HEADER, (byte) 0);
    if (type == 1) {
      byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, (byte) 198, 51, 100, 7};
      System.arraycopy(record, 0, answer, at + 5, record.length);
      answer[7] = 1;
    }
    return answer;
  }
}
