import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from "../v2/types.gen.ts";

/**
 * Behaviour as the v1 annotation has it: with capital names and every field, set or not (the reference writes its
 * internal type there).
 */
export function toBehaviorJson(behavior: HorizontalPodAutoscalerBehavior): string {
  return JSON.stringify({
    ScaleUp: toRules(behavior.scaleUp),
    ScaleDown: toRules(behavior.scaleDown),
  });
}

/** The behaviour in the annotation; undefined if there is none or it makes no sense. */
export function fromBehaviorJson(
  json: string | undefined,
): HorizontalPodAutoscalerBehavior | undefined {
  if (json === undefined) return undefined;
  try {
    const { ScaleUp, ScaleDown } = JSON.parse(json) as Record<string, Rules | null>;
    return {
      ...(ScaleUp && { scaleUp: fromRules(ScaleUp) }),
      ...(ScaleDown && { scaleDown: fromRules(ScaleDown) }),
    };
  } catch {
    return undefined;
  }
}

interface Rules {
  StabilizationWindowSeconds?: number | null;
  SelectPolicy?: string | null;
  Policies?: { Type: string; Value: number; PeriodSeconds: number }[] | null;
  Tolerance?: string | null;
}

function toRules(rules: HPAScalingRules | undefined): Rules | null {
  if (!rules) return null;
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: rules.policies?.map(({ type, value, periodSeconds }) => ({
      Type: type,
      Value: value,
      PeriodSeconds: periodSeconds,
    })) ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

function fromRules(rules: Rules): HPAScalingRules {
  return {
    ...(typeof rules.StabilizationWindowSeconds === "number" &&
      { stabilizationWindowSeconds: rules.StabilizationWindowSeconds }),
    ...(rules.SelectPolicy && { selectPolicy: rules.SelectPolicy }),
    ...(rules.Policies && {
      policies: rules.Policies.map(({ Type, Value, PeriodSeconds }) => ({
        type: Type,
        value: Value,
        periodSeconds: PeriodSeconds,
      })),
    }),
    ...(rules.Tolerance && { tolerance: rules.Tolerance }),
  };
}
