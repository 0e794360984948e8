package dev.mydocker.kernel;

/**
 * Names and numbers that nobody can guess, from getrandom(2). {@code java.security.SecureRandom}
 * reads its configuration and loads its providers first, which is a tenth of a launch.
 */
public final class RandomName {
  private static final String DIGITS = "0123456789abcdef";

  private RandomName() {}

  /** A name of that many hexadecimal digits, which is even and at most 512. */
  public static String hex(int digits) {
    StringBuilder name = new StringBuilder(digits);
    for (byte b : bytes(digits / 2)) {
      name.append(DIGITS.charAt(b >> 4 & 0xf)).append(DIGITS.charAt(b & 0xf));
    }
    return name.toString();
  }

  /** A number from 0 up to a bound that it does not reach; as good as even below a million. */
  public static int below(int bound) {
    long number = 0;
    for (byte b : bytes(Integer.BYTES)) {
      number = number << 8 | b & 0xff;
    }
    return (int) (number % bound);
  }

  /** That many bytes, at most 256. */
  public static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    int got = Linux.getrandom(bytes);
    if (got != count) {
      throw new IllegalStateException("getrandom gave " + got + " instead of " + count);
    }
    return bytes;
  }
}
