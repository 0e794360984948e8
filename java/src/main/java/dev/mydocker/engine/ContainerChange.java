package dev.mydocker.engine;

import dev.mydocker.spec.Limits;
import java.util.Optional;

/**
 * What is to be otherwise with a container; what is empty stays.
 *
 * @param limits of its cgroup
 * @param restart whether it is started again when it ends
 */
public record ContainerChange(Limits limits, Optional<RestartPolicy> restart) {}
