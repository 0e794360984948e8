package dev.mydocker.explain;

import dev.mydocker.json.Json;
import dev.mydocker.launch.LaunchPlan;

/** Renders a plan before it is launched. */
public final class PlanText {
  private PlanText() {}

  /** One line a step: who, the step, why. */
  public static String text(LaunchScript.Launch launch) {
    throw new UnsupportedOperationException();
  }

  /** As JSON. */
  public static Json json(LaunchPlan plan) {
    throw new UnsupportedOperationException();
  }
}
