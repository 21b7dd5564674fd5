import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { horizontalPodAutoscalerColumns } from "./horizontal_pod_autoscaler_table.ts";
import {
  validateHorizontalPodAutoscaler,
  validateHorizontalPodAutoscalerStatus,
} from "./horizontal_pod_autoscaler_validation.ts";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
} from "./types.gen.ts";

/** Sets the scale of a workload by metrics. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("autoscaling/v2", "HorizontalPodAutoscaler"),
  subresources: { status: true },
  columns: horizontalPodAutoscalerColumns,
  strategy: {
    defaults: defaultHorizontalPodAutoscaler,
    generationOf: (obj) => obj.spec,
    validate: validateHorizontalPodAutoscaler,
    status: { validateUpdate: (obj) => validateHorizontalPodAutoscalerStatus(obj) },
  },
});

/** Without metrics the target is 80 % of the cpu request. Also called for objects of the old version. */
export function defaultHorizontalPodAutoscaler(obj: HorizontalPodAutoscaler): void {
  const spec = obj.spec ??= {} as HorizontalPodAutoscalerSpec;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) {
    spec.metrics = [{
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
    }];
  }
  if (!spec.behavior) return;
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, scaleUpDefaults());
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, scaleDownDefaults());
}

function scaleUpDefaults(): HPAScalingRules {
  return {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  };
}

function scaleDownDefaults(): HPAScalingRules {
  return {
    selectPolicy: "Max",
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  };
}

function withDefaults(
  rules: HPAScalingRules | undefined,
  defaults: HPAScalingRules,
): HPAScalingRules {
  const given = Object.entries(rules ?? {}).filter(([, value]) =>
    value !== undefined && value !== null
  );
  return { ...defaults, ...Object.fromEntries(given) };
}
