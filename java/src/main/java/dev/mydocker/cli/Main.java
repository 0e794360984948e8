package dev.mydocker.cli;

/** The program {@code mydocker}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.out.println("usage: mydocker COMMAND");
  }
}
