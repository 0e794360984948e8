package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a command that joins a container is, from the container's process and what was asked. */
class ExecProcessTest {
  private static final Map<String, String> FILES =
      Map.of(
          "/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:500:501::/srv:/bin/sh\n",
          "/etc/group", "app:x:501:\nmore:x:502:app\n");
  private static final ImageFiles INSIDE =
      (path, limit) ->
          Optional.ofNullable(FILES.get(path)).map(t -> t.getBytes(StandardCharsets.UTF_8));
  private static final ImageFiles UNREAD =
      (path, limit) -> {
        throw new AssertionError(path + " is read");
      };
  private static final Set<Capability> ENGINES = Set.of(Capability.CAP_KILL, Capability.CAP_CHOWN);
  private static final ExecProcess.Engine ENGINE =
      new ExecProcess.Engine(ENGINES, OptionalLong.of(1024), 4096);

  private static Spec.Process container(long uid, List<String> env, Spec.RlimitEntry... limits) {
    List<String> held = uid == 0 ? List.of("CAP_CHOWN") : List.of();
    return new Spec.Process(
        true,
        Optional.empty(),
        new Spec.User(uid, uid, List.of(9L), OptionalInt.of(027)),
        List.of("server"),
        env,
        "/srv",
        Optional.of(new Spec.Capabilities(List.of("CAP_CHOWN"), held, List.of(), held, List.of())),
        List.of(limits),
        true,
        Optional.of("profile"),
        OptionalInt.of(3));
  }

  private static final Spec.Process ROOTS = container(0, List.of("PATH=/bin", "HOME=/root"));

  private static ExecOptions options(Optional<String> user, boolean tty, boolean privileged)
      throws OptionException {
    return new ExecOptions(
        List.of("ls", "-l"),
        List.of(),
        Optional.empty(),
        user.isEmpty() ? Optional.empty() : Optional.of(UserSpec.parse(user.get())),
        tty,
        privileged);
  }

  private static Spec.Process compile(Spec.Process container, ExecOptions options)
      throws Exception {
    return ExecProcess.of(container, options, INSIDE, ENGINE).process();
  }

  private static Spec.Process as(String user, Spec.Process container) throws Exception {
    return compile(container, options(Optional.of(user), false, false));
  }

  @Test
  void isTheContainersProcessWithAnotherCommand() throws Exception {
    Spec.Process process =
        ExecProcess.of(ROOTS, ExecOptions.of(List.of("ls", "-l")), UNREAD, ENGINE).process();
    assertThat(process)
        .isEqualTo(
            new Spec.Process(
                false,
                Optional.empty(),
                ROOTS.user(),
                List.of("ls", "-l"),
                ROOTS.env(),
                "/srv",
                ROOTS.capabilities(),
                List.of(new Spec.RlimitEntry("RLIMIT_NOFILE", 1024, 4096)),
                true,
                Optional.of("profile"),
                OptionalInt.of(3)));
  }

  @Test
  void containersLimitOfOpenFilesWins() throws Exception {
    Spec.RlimitEntry own = new Spec.RlimitEntry("RLIMIT_NOFILE", 77, 88);
    assertThat(compile(container(0, List.of(), own), ExecOptions.of(List.of("ls"))).rlimits())
        .containsExactly(own);
  }

  @Test
  void namedUserHasItsGroupsAndNoCapabilities() throws Exception {
    Spec.Process process = as("app", ROOTS);
    assertThat(process.user())
        .isEqualTo(new Spec.User(500, 501, List.of(501L, 502L), OptionalInt.of(027)));
    Spec.Capabilities caps = process.capabilities().orElseThrow();
    assertThat(caps.bounding()).containsExactly("CAP_CHOWN");
    assertThat(caps.effective()).isEmpty();
  }

  @Test
  void rootHoldsWhatBoundsTheContainer() throws Exception {
    Spec.Capabilities caps = as("root", container(500, List.of())).capabilities().orElseThrow();
    assertThat(caps.effective()).containsExactly("CAP_CHOWN");
    assertThat(caps.permitted()).containsExactly("CAP_CHOWN");
  }

  @Test
  void privilegedHasAllThatTheEngineHas() throws Exception {
    Spec.Capabilities caps =
        compile(ROOTS, options(Optional.empty(), false, true)).capabilities().orElseThrow();
    assertThat(caps.bounding()).containsExactly("CAP_CHOWN", "CAP_KILL");
    assertThat(caps.effective()).isEqualTo(caps.bounding());
  }

  @Test
  void homeFollowsTheUserUnlessItWasSetToSomethingElse() throws Exception {
    assertThat(as("app", ROOTS).env()).containsExactly("PATH=/bin", "HOME=/srv");
    assertThat(as("app", container(0, List.of("HOME=/set"))).env()).containsExactly("HOME=/set");
  }

  @Test
  void terminalHasATypeUnlessTheContainerHasOne() throws Exception {
    ExecOptions tty = options(Optional.empty(), true, false);
    assertThat(compile(ROOTS, tty).env()).contains("TERM=xterm");
    assertThat(compile(container(0, List.of("TERM=vt220")), tty).env())
        .containsExactly("TERM=vt220");
  }

  @Test
  void unusableWordsAreRefused() {
    for (ExecOptions options :
        List.of(
            ExecOptions.of(List.of("")),
            ExecOptions.of(List.of()),
            ExecOptions.of(List.of("a\0b")),
            workdir("relative"),
            workdir("/a/../b"))) {
      assertThatThrownBy(() -> compile(ROOTS, options)).isInstanceOf(OptionException.class);
    }
  }

  private static ExecOptions workdir(String path) {
    return new ExecOptions(
        List.of("ls"), List.of(), Optional.of(path), Optional.empty(), false, false);
  }
}
