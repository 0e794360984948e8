package dev.mydocker.cgroup;

/**
 * What the processes of a cgroup use; what the host does not count is 0.
 *
 * @param cpuNanos CPU time so far, nanoseconds
 * @param memory bytes, without files that can be dropped at once
 * @param memoryLimit bytes; Long.MAX_VALUE when there is none
 * @param pids processes and threads
 * @param read bytes from block devices so far
 * @param written bytes to block devices so far
 */
public record CgroupUsage(
    long cpuNanos, long memory, long memoryLimit, long pids, long read, long written) {}
