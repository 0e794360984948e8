package dev.mydocker.spec;

/**
 * A container's configuration with the reasons for it.
 *
 * @param spec what shall be
 * @param causes why
 */
public record CompiledSpec(Spec spec, Causes causes) {

  /**
   * The same with some limits changed; what is not asked for stays.
   *
   * @throws OptionException when one is out of range, beyond the host, or contradicts another
   */
  public CompiledSpec with(Limits asked, HostFacts host) throws OptionException {
    Causes.Collector why = new Causes.Collector();
    causes.texts().forEach(why::put);
    Spec.Resources changed = Resources.changed(spec.linux().resources(), asked, host, why);
    return new CompiledSpec(spec.withResources(changed), why.collected());
  }
}
