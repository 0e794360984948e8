package dev.mydocker.launch;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The client's end of a monitor's socket: native/frame.h. That of a launch is attached from the
 * start; one that is {@linkplain #connect connected} is told the end only, until it attaches.
 *
 * <p>One thread relays the output; any thread may send input, sizes and signals. At most {@link
 * #WINDOW} bytes of input are under way, so a signal never waits behind input that nobody reads.
 */
public final class MonitorClient implements AutoCloseable {
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int EXIT = 3;
  private static final int TAKEN = 4;
  private static final int READY = 5;
  private static final int STDIN = 16;
  private static final int STDIN_END = 17;
  private static final int RESIZE = 18;
  private static final int SIGNAL = 19;
  private static final int ATTACH = 20;
  private static final int LISTENER = 21;
  private static final int RECORD = 22;
  private static final int ATTACH_OUTPUT = 1;
  private static final int ATTACH_STDIN = 2;
  private static final int DRAIN = 24;
  private static final int HEADER = 8;
  private static final int WINDOW = 65536;
  private static final int USUAL = 4096;

  private final Fd socket;
  private final Object writing = new Object();
  private final Object window = new Object();
  private int free = WINDOW;
  private boolean ended;

  MonitorClient(Fd socket) {
    this.socket = socket;
  }

  /**
   * Connects to the monitor of a container by its run directory.
   *
   * @throws KernelException ENOENT or ECONNREFUSED when no monitor is there
   */
  public static MonitorClient connect(Path runDirectory) throws KernelException {
    return new MonitorClient(AttachSocket.connect(runDirectory));
  }

  /**
   * Connects to the monitor of a container for somebody who is to send it a listener of seccomp(2),
   * with one byte, and nothing else.
   *
   * @throws KernelException ENOENT or ECONNREFUSED when no monitor is there
   */
  public static Fd offerListener(Path runDirectory) throws IOException {
    Fd socket = AttachSocket.connect(runDirectory);
    try {
      announce(socket, LISTENER);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Says that one byte with a descriptor comes. */
  private static void announce(Fd socket, int type) throws IOException {
    byte[] head = frame(type, 1).array();
    KernelException.check(Linux.send(socket.number(), head, 0, HEADER), "send", socket.name());
  }

  /**
   * Sends a monitor that is to be the file for its records.
   *
   * @param socket the client's end, at whose other end nobody is yet
   */
  static void record(Fd socket, Fd file) throws IOException {
    announce(socket, RECORD);
    int[] one = {file.number()};
    KernelException.check(Linux.sendFds(socket.number(), one), "sendmsg", socket.name());
  }

  /**
   * Gives the monitor of a running container a socket of the container's name server, which is
   * bound.
   *
   * @throws KernelException ENOENT or ECONNREFUSED when no monitor is there
   */
  public static void serve(Path runDirectory, Fd bound) throws IOException {
    try (Fd socket = offerListener(runDirectory)) {
      int[] one = {bound.number()};
      KernelException.check(Linux.sendFds(socket.number(), one), "sendmsg", socket.name());
    }
  }

  /**
   * Waits until the monitor has written who runs, and has made the log.
   *
   * @return false when it has gone without that
   */
  boolean awaitReady() throws IOException {
    byte[] header = new byte[HEADER];
    return readFully(header, HEADER)
        && ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt() == READY;
  }

  /**
   * Says what a connected client wants. A monitor drops one that does not take its output: it holds
   * the container up for one second in all.
   *
   * @param output to be sent what the container prints from now on
   * @param stdin that its input is the container's
   */
  public void attach(boolean output, boolean stdin) throws IOException {
    int flags = (output ? ATTACH_OUTPUT : 0) | (stdin ? ATTACH_STDIN : 0);
    send(frame(ATTACH, 4).putInt(flags));
  }

  /** Sends input; waits while the window is full. Does nothing once the container has ended. */
  public void stdin(byte[] buffer, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int piece = claim(length - done);
      if (piece == 0) {
        return;
      }
      ByteBuffer frame = frame(STDIN, piece).put(buffer, offset + done, piece);
      send(frame);
      done += piece;
    }
  }

  /** Ends the container's input. */
  public void closeStdin() throws IOException {
    send(frame(STDIN_END, 0));
  }

  /** Gives the terminal another size. */
  public void resize(int rows, int columns) throws IOException {
    send(frame(RESIZE, 4).putShort((short) rows).putShort((short) columns));
  }

  /** Sends a signal to the container's first process; below 0 to its process group as well. */
  public void signal(int number) throws IOException {
    send(frame(SIGNAL, 4).putInt(number));
  }

  /**
   * Of a command that has ended: what is in its pipes now is its last output. What it has left
   * behind may hold them open, and is not waited for.
   */
  public void drain() throws IOException {
    synchronized (writing) {
      write(frame(DRAIN, 0));
    }
  }

  /**
   * Passes output on until the container has ended and all of it has come.
   *
   * @param onExit called as soon as the first process has ended, before the last output
   * @return how it ended; empty when the monitor went away without a word
   */
  public Optional<ExitStatus> relay(Output out, ExitListener onExit) throws IOException {
    byte[] buffer = new byte[USUAL];
    Optional<ExitStatus> status = Optional.empty();
    try {
      byte[] header = new byte[HEADER];
      while (readFully(header, HEADER)) {
        ByteBuffer head = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
        int type = head.getInt();
        int size = head.getInt();
        if (size > buffer.length && size <= WINDOW) {
          buffer = new byte[WINDOW];
        }
        if (size < 0 || size > WINDOW || !readFully(buffer, size)) {
          break;
        }
        ByteBuffer body = ByteBuffer.wrap(buffer, 0, size).order(ByteOrder.nativeOrder());
        switch (type) {
          case STDOUT -> out.stdout(buffer, 0, size);
          case STDERR -> out.stderr(buffer, 0, size);
          case TAKEN -> giveBack(body.getInt());
          case EXIT -> {
            ExitStatus how = ExitStatus.of(body.getInt(), body.getInt());
            status = Optional.of(how);
            end();
            onExit.exited(how);
          }
          default -> throw new IOException("the monitor sent a frame of unknown type " + type);
        }
      }
    } finally {
      end();
    }
    return status;
  }

  /** Told once, when the container's first process has ended. */
  @FunctionalInterface
  public interface ExitListener {
    void exited(ExitStatus status) throws IOException;
  }

  /** Makes a {@link #relay} that waits come back; the container runs on. */
  public void detach() {
    Linux.shutdown(socket.number(), Linux.SHUT_RDWR);
  }

  @Override
  public void close() {
    end();
    synchronized (writing) {
      socket.close();
    }
  }

  private int claim(int wanted) throws IOException {
    synchronized (window) {
      while (free == 0 && !ended) {
        try {
          window.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted while the container's input was full", e);
        }
      }
      int piece = ended ? 0 : Math.min(free, wanted);
      free -= piece;
      return piece;
    }
  }

  private void giveBack(int taken) {
    synchronized (window) {
      free += taken;
      window.notifyAll();
    }
  }

  private void end() {
    synchronized (window) {
      ended = true;
      window.notifyAll();
    }
  }

  private static ByteBuffer frame(int type, int size) {
    return ByteBuffer.allocate(HEADER + size)
        .order(ByteOrder.nativeOrder())
        .putInt(type)
        .putInt(size);
  }

  /** A monitor that is gone has nothing to be told: its end is what relay reports. */
  private void send(ByteBuffer frame) throws IOException {
    synchronized (writing) {
      synchronized (window) {
        if (ended) {
          return;
        }
      }
      write(frame);
    }
  }

  private void write(ByteBuffer frame) throws IOException {
    byte[] bytes = frame.array();
    int done = 0;
    while (done < bytes.length) {
      int n = Linux.send(socket.number(), bytes, done, bytes.length - done);
      if (n == -Errno.EPIPE.number() || n == -Errno.ECONNRESET.number()) {
        return;
      }
      done += KernelException.check(n, "send", socket.name());
    }
  }

  /** False at the end of the stream, or when the monitor was killed. */
  private boolean readFully(byte[] buffer, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int n = Linux.read(socket.number(), buffer, done, length - done);
      if (n == 0 || n == -Errno.ECONNRESET.number()) {
        return false;
      }
      done += KernelException.check(n, "read", socket.name());
    }
    return true;
  }
}
