package dev.mydocker.spec;

import java.util.Optional;

/**
 * The container in whose network namespace another one lives ({@code --network container:NAME}),
 * and what that one has of it.
 *
 * @param namespace where the namespace is, for config.json
 * @param files the directory of the files seen as /etc/hosts, /etc/hostname and /etc/resolv.conf
 * @param hosts whether the namespace is the host's
 * @param hostname its host name
 * @param domainname its NIS domain name
 */
public record NetworkOwner(
    String namespace, String files, boolean hosts, String hostname, Optional<String> domainname) {}
