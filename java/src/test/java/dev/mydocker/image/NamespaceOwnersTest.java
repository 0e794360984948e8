package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.kernel.UserNamespace;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NamespaceOwnersTest {
  private static final UserNamespace HOST = new UserNamespace(true, List.of(), List.of(), true);

  private static UserNamespace namespace(UserNamespace.Range... ranges) {
    return new UserNamespace(false, List.of(ranges), List.of(ranges), ranges.length > 1);
  }

  private static NamespaceOwners owners(UserNamespace namespace) {
    return new NamespaceOwners(namespace, Optional.empty());
  }

  private static TarEntry of(int uid, int gid) {
    return TarEntry.plain("etc/file", TarEntry.Type.FILE, 0644, 0).ownedBy(uid, gid);
  }

  @Test
  void whoHasOneIdOwnsEverything() throws Exception {
    NamespaceOwners owners = owners(namespace(new UserNamespace.Range(0, 1001, 1)));

    assertThat(owners.settle(of(70_000, 5))).isEqualTo(of(0, 0));
    assertThat(owners.makesDevices()).isFalse();
  }

  @Test
  void anOwnerBeyondTheRangesIsNamed() throws Exception {
    NamespaceOwners owners =
        owners(
            namespace(
                new UserNamespace.Range(0, 1001, 1), new UserNamespace.Range(1, 100_000, 65_536)));

    assertThat(owners.settle(of(65_536, 1))).isEqualTo(of(65_536, 1));
    assertThatThrownBy(() -> owners.settle(of(65_537, 0)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("\"etc/file\" belongs to user 65537")
        .hasMessageContaining("/etc/subuid");
    assertThatThrownBy(() -> owners.settle(of(0, -2))).hasMessageContaining("group 4294967294");
  }

  @Test
  void rootChangesNothing() throws Exception {
    NamespaceOwners owners = owners(HOST);

    assertThat(owners.settle(of(-2, 70_000))).isEqualTo(of(-2, 70_000));
    assertThat(owners.makesDevices()).isTrue();
  }

  /** As user 1000 of --userns=keep-id, who is 0 in the namespace around, and its root 1. */
  @Test
  void filesOfAnotherNamespaceHaveThatOnesOwners() throws Exception {
    Owners kept =
        new Owners(
            List.of(new Owners.Range(0, 1, 1000), new Owners.Range(1000, 0, 1)),
            List.of(new Owners.Range(0, 1, 50), new Owners.Range(50, 0, 1)));
    NamespaceOwners owners =
        new NamespaceOwners(
            namespace(
                new UserNamespace.Range(0, 1001, 1), new UserNamespace.Range(1, 100_000, 65_536)),
            Optional.of(kept));

    assertThat(owners.settle(of(0, 0))).isEqualTo(of(1, 1));
    assertThat(owners.settle(of(1000, 50))).isEqualTo(of(0, 0));
    assertThatThrownBy(() -> owners.settle(of(1001, 0))).hasMessageContaining("has no id 1001");
    assertThat(owners.keeps(new TarEntry.Xattr("user.x", new byte[0]))).isTrue();
    assertThat(owners.keeps(new TarEntry.Xattr("system.posix_acl_access", new byte[0]))).isFalse();
    assertThat(kept.directoryName()).isEqualTo("u0-1-1000_1000-0-1.g0-1-50_50-0-1");
    assertThat(Owners.isDirectoryName(kept.directoryName())).isTrue();
    assertThat(Owners.isDirectoryName("u0-1-1000")).isFalse();
  }
}
