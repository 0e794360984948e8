package dev.mydocker.engine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A container as it was at one moment.
 *
 * @param id 64 hexadecimal digits
 * @param name what it is called
 * @param image the reference it was made from
 * @param imageId the digest of that image's configuration
 * @param command its program and arguments
 * @param created when it was made
 * @param settings what was asked of it beside its configuration
 * @param state what it is at
 * @param pid its first process on this host; 0 when there is none
 * @param started when its command was started last; empty before the first time
 * @param finished when it ended last; empty before, and while it runs
 * @param exit how it ended last; empty before, and while it runs
 * @param restarts how often its restart policy has started it since a user did
 * @param health what its checks have told since it was started last; empty when there are none, and
 *     before the first start
 */
public record ContainerInfo(
    String id,
    String name,
    String image,
    String imageId,
    List<String> command,
    Instant created,
    ContainerSettings settings,
    ContainerState state,
    int pid,
    Optional<Instant> started,
    Optional<Instant> finished,
    Optional<Exit> exit,
    int restarts,
    Optional<Health> health) {}
