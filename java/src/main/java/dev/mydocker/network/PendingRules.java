package dev.mydocker.network;

import java.io.IOException;
import java.util.List;

/** Rules that nft is writing. Whoever has them holds the lock until they are finished. */
final class PendingRules {
  private final NetFiles files;
  private final NetFiles.State state;
  private final String table;
  private final String rules;
  private final long before;
  private final NetJournal journal;
  private final long start = System.nanoTime();
  private final Process nft;

  private PendingRules(
      NetFiles files,
      NetFiles.State state,
      String table,
      String rules,
      long before,
      NetJournal journal)
      throws IOException {
    this.files = files;
    this.state = state;
    this.table = table;
    this.rules = rules;
    this.before = before;
    this.journal = journal;
    this.nft = Nft.start(rules);
  }

  /**
   * Begins to write them. Until they are finished the files say that there are none.
   *
   * @param before the generation of the kernel's tables as they are now
   */
  static PendingRules begin(
      NetFiles files,
      NetFiles.State state,
      String table,
      String rules,
      long before,
      NetJournal journal)
      throws IOException {
    files.writeRules("");
    return new PendingRules(files, state, table, rules, before, journal);
  }

  /**
   * Waits until they hold, and writes that down.
   *
   * @throws NetworkException when nft refuses them
   */
  void finish() throws IOException {
    Nft.finish(nft);
    journal.did(
        "nft",
        List.of("table inet " + table),
        "translation, published ports, isolation",
        0,
        start,
        System.nanoTime());
    files.writeRules(rules);
    long after = Nft.generation();
    // Somebody else has changed a table meanwhile: what he did is looked at the next time.
    files.write(new NetFiles.State(state.endpoints(), after == before + 1 ? after : 0));
  }
}
