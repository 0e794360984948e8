package dev.mydocker.launch;

/**
 * A v1 cgroup that the container's first process enters by itself.
 *
 * @param file the cgroup's {@code tasks} on the host: "0" moves the writer, a process of one
 *     thread, without the grace period of the kernel that moving another process takes,
 *     milliseconds of it
 * @param why what holds for it there
 */
public record CgroupEntry(String file, String why) {}
