package dev.mydocker.spec;

/**
 * A container's configuration with the reasons for it.
 *
 * @param spec what shall be
 * @param causes why
 */
public record CompiledSpec(Spec spec, Causes causes) {}
