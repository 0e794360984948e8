package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import dev.mydocker.spec.UsernsMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which ids of the host a container gets. */
class UserRangesTest {
  private static final List<UserRanges.Range> POOL =
      List.of(new UserRanges.Range(1000, 25), new UserRanges.Range(5000, 100));

  @TempDir Path directory;

  private ContainerStore store;

  @BeforeEach
  void open() {
    store = new ContainerStore(new Roots(directory, directory.resolve("run")));
  }

  private static String id(int number) {
    return String.format("%064x", number);
  }

  private UserRanges ranges() {
    return new UserRanges(store, new UserRanges.Pool(POOL, POOL));
  }

  private long first(int container, String mode) throws IOException, OptionException {
    UserMaps maps = ranges().claim(id(container), UsernsMode.parse(mode));
    assertThat(maps.gids()).isEqualTo(maps.uids());
    return maps.uids().get(0).hostId();
  }

  @Test
  void rangesFollowOneAnotherAndAFreedOneIsTakenAgain() throws Exception {
    assertThat(first(1, "auto:size=10")).isEqualTo(1000);
    assertThat(first(2, "auto:size=10")).isEqualTo(1010);
    assertThat(first(3, "auto:size=10")).as("5 are left of the first range").isEqualTo(5000);
    assertThat(first(4, "auto:size=5")).isEqualTo(1020);
    store.delete(id(1));
    assertThat(first(5, "auto:size=11")).isEqualTo(5010);
    assertThat(first(6, "auto:size=10")).isEqualTo(1000);
  }

  @Test
  void aContainerWithoutARecordKeepsItsRangeAsLongAsItHasADirectory() throws Exception {
    assertThat(first(1, "auto:size=25")).isEqualTo(1000);
    assertThat(store.find(id(1))).isEmpty();
    assertThat(first(2, "auto:size=25")).isEqualTo(5000);
  }

  @Test
  void givenRangesAreNotGivenAway() throws Exception {
    assertThat(first(1, "0:1003:4")).isEqualTo(1003);
    assertThat(first(2, "auto:size=3")).isEqualTo(1000);
    assertThat(first(3, "auto:size=3")).isEqualTo(1007);
  }

  @Test
  void aFullPoolSaysWhatCanBeDone() throws Exception {
    first(1, "auto:size=100");
    assertThatThrownBy(() -> first(2, "auto:size=30"))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("no 30 ids in a row are free")
        .hasMessageContaining("/etc/subuid")
        .hasMessageContaining(UserRanges.SETTING);
  }

  @Test
  void theRestIsFilledAroundCertainIds() throws Exception {
    List<Spec.IdMapping> given =
        List.of(new Spec.IdMapping(5, 1002, 2), new Spec.IdMapping(30, 7, 1));
    assertThat(UserRanges.fill(10, given, POOL, List.of(), "subuid"))
        .containsExactly(
            new Spec.IdMapping(0, 1004, 5),
            new Spec.IdMapping(5, 1002, 2),
            new Spec.IdMapping(7, 1009, 3),
            new Spec.IdMapping(30, 7, 1));
    assertThat(UserRanges.fill(2, List.of(new Spec.IdMapping(0, 50, 2)), POOL, List.of(), ""))
        .containsExactly(new Spec.IdMapping(0, 50, 2));
  }

  @Test
  void claimsAtOnceNeverMeet() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Long>> claims = new ArrayList<>();
      for (int i = 1; i <= 40; i++) {
        int container = i;
        claims.add(() -> first(container, "auto:size=3"));
      }
      Set<Long> firsts = new HashSet<>();
      for (Future<Long> claim : threads.invokeAll(claims)) {
        firsts.add(claim.get());
      }
      assertThat(firsts).hasSize(40);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void theHostsFilesSayWhatThereIsAndElseAQuarterOfAllIds() throws Exception {
    assertThat(UserRanges.Pool.of(Map.of(), directory).uids()).containsExactly(UserRanges.USUAL);
    Files.writeString(
        directory.resolve("subuid"),
        "# a comment\nother:1:2\nmydocker:100000:65536\nmydocker:x:1\nmydocker:0:5\n"
            + "mydocker:300000:1\nmydocker:4294967290:10\n");
    UserRanges.Pool pool = UserRanges.Pool.of(Map.of(), directory);
    assertThat(pool.uids())
        .containsExactly(new UserRanges.Range(100_000, 65_536), new UserRanges.Range(300_000, 1));
    assertThat(pool.gids()).containsExactly(UserRanges.USUAL);
  }

  @Test
  void theSettingComesFirst() throws Exception {
    Map<String, String> environment = Map.of(UserRanges.SETTING, "700000:5000");
    assertThat(UserRanges.Pool.of(environment, directory).gids())
        .containsExactly(new UserRanges.Range(700_000, 5000));
    assertThatThrownBy(() -> UserRanges.Pool.of(Map.of(UserRanges.SETTING, "many"), directory))
        .hasMessageContaining(UserRanges.SETTING);
  }
}
