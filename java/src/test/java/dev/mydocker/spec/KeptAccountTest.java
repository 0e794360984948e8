package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lines that an ordinary user gets in a container's passwd and group. */
class KeptAccountTest {
  private static final UserMaps IDS =
      new UserMaps(
          List.of(new Spec.IdMapping(0, 1001, 1), new Spec.IdMapping(1, 100_000, 65_536)),
          List.of(new Spec.IdMapping(0, 1002, 1), new Spec.IdMapping(1, 100_000, 65_536)));
  private static final HostUser ANN = new HostUser("ann", "people", "Ann A.", "/home/ann");
  private static final HostFacts HOST = Sample.host(new Rootless(IDS, true, false, ANN));

  private static RunOptions.Builder options(String mode) throws OptionException {
    return Sample.options().network(new NetworkMode.Pasta()).userns(UsernsMode.parse(mode));
  }

  private static KeptAccount of(RunOptions.Builder options, String passwd, String group)
      throws IOException, OptionException {
    ImageFiles files = Sample.files(passwd, group);
    return KeptAccount.of(options.build(), Sample.IMAGE, files, HOST);
  }

  private static String text(KeptAccount account, String path) {
    byte[] content = account.files().get(path);
    return content == null ? "" : new String(content, StandardCharsets.UTF_8);
  }

  @Test
  void theUserAndTheGroupComeAfterThoseOfTheImage() throws Exception {
    KeptAccount account = of(options("keep-id"), Sample.PASSWD, Sample.GROUP.stripTrailing());
    assertThat(text(account, "/etc/passwd"))
        .isEqualTo(Sample.PASSWD + "ann:*:1001:1002:Ann A.:/:/bin/sh\n");
    assertThat(text(account, "/etc/group")).isEqualTo(Sample.GROUP + "people:x:1002:ann\n");
  }

  @Test
  void anImageWithoutTheFilesGetsThem() throws Exception {
    KeptAccount account =
        KeptAccount.of(options("keep-id:uid=7,gid=8").build(), Sample.IMAGE, Sample.NO_FILES, HOST);
    assertThat(text(account, "/etc/passwd")).isEqualTo("ann:*:7:8:Ann A.:/:/bin/sh\n");
    assertThat(text(account, "/etc/group")).isEqualTo("people:x:8:ann\n");
  }

  @ParameterizedTest
  @CsvSource({
    "ann:x:5:5::/a:/bin/sh, people:x:5:, ''",
    "other:x:1001:5::/a:/bin/sh, other:x:1002:, ''",
    "other:x:5:1001::/a:/bin/sh, other:x:1002:, /etc/passwd",
    "ann:x:5:5::/a:/bin/sh, people2:x:1001:, /etc/group",
  })
  void aNameOrANumberThatTheImageKnowsStaysItsOwn(String passwd, String group, String changed)
      throws Exception {
    KeptAccount account = of(options("keep-id"), passwd, group);
    assertThat(String.join(" ", account.files().keySet())).isEqualTo(changed);
  }

  @Test
  void nobodyElseGetsOne() throws Exception {
    assertThat(of(options("keep-id").passwd(false), "", "").files()).isEmpty();
    assertThat(of(options("host"), "", "").files()).isEmpty();
    KeptAccount roots =
        KeptAccount.of(options("keep-id").build(), Sample.IMAGE, Sample.NO_FILES, Sample.host());
    assertThat(roots.files()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/src, , /src",
    "/a:b, , /",
    ", /home/ann, /home/ann",
    "/src, /home, /home/ann",
    "/src, /home/anna, /src",
  })
  void homeIsTheUsersWhenItIsMountedElseWhereTheCommandStarts(
      String workdir, String mounted, String home) throws Exception {
    RunOptions.Builder options = options("keep-id");
    if (workdir != null) {
      options.workdir(workdir);
    }
    if (mounted != null) {
      options.mounts(List.of(MountOption.parseVolume("/x:" + mounted, "/")));
    }
    KeptAccount account = of(options, "", "");
    assertThat(text(account, "/etc/passwd"))
        .isEqualTo("ann:*:1001:1002:Ann A.:" + home + ":/bin/sh\n");
    ImageFiles files = account.in(Sample.NO_FILES);
    UserMaps users = ((UsernsMode.KeepId) options.build().userns()).maps(IDS);
    HostFacts host = Sample.host(HOST.rootless().orElseThrow(), Optional.of(users));
    assertThat(
            SpecCompiler.compile(options.build(), Sample.IMAGE, files, host)
                .spec()
                .process()
                .orElseThrow()
                .env())
        .contains("HOME=" + home);
  }

  @Test
  void theHostKnowsItsUsers() throws Exception {
    String passwd = "ann:x:1001:1002:Ann A.,Room 5,1:/home/ann:/bin/bash\n";
    assertThat(HostUser.of(1001, 1002, Sample.files(passwd, "people:x:1002:\n"))).isEqualTo(ANN);
    assertThat(HostUser.of(1001, 1002, Sample.NO_FILES))
        .as("a user of a directory service")
        .isEqualTo(new HostUser("1001", "1002", "", "/"));
  }
}
