package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.kernel.UserNamespace;
import java.util.List;
import org.junit.jupiter.api.Test;

class NamespaceOwnersTest {
  private static final UserNamespace HOST = new UserNamespace(true, List.of(), List.of(), true);

  private static UserNamespace namespace(UserNamespace.Range... ranges) {
    return new UserNamespace(false, List.of(ranges), List.of(ranges), ranges.length > 1);
  }

  private static TarEntry of(int uid, int gid) {
    return TarEntry.plain("etc/file", TarEntry.Type.FILE, 0644, 0).ownedBy(uid, gid);
  }

  @Test
  void whoHasOneIdOwnsEverything() throws Exception {
    NamespaceOwners owners = new NamespaceOwners(namespace(new UserNamespace.Range(0, 1001, 1)));

    assertThat(owners.settle(of(70_000, 5))).isEqualTo(of(0, 0));
    assertThat(owners.makesDevices()).isFalse();
  }

  @Test
  void anOwnerBeyondTheRangesIsNamed() throws Exception {
    NamespaceOwners owners =
        new NamespaceOwners(
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
    NamespaceOwners owners = new NamespaceOwners(HOST);

    assertThat(owners.settle(of(-2, 70_000))).isEqualTo(of(-2, 70_000));
    assertThat(owners.makesDevices()).isTrue();
  }
}
