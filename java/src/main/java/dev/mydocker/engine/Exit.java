package dev.mydocker.engine;

/**
 * How a container ended.
 *
 * @param code what a shell would give: the command's own, or 128 and the signal's number
 * @param signal the signal that killed it, 0 for none
 * @param oomKilled whether the kernel killed a process of it for want of memory
 */
public record Exit(int code, int signal, boolean oomKilled) {}
