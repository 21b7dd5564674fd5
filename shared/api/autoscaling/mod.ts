import type { KindDefinition } from "../kind.ts";
import { horizontalPodAutoscaler as horizontalPodAutoscalerV1 } from "./v1/horizontal_pod_autoscaler.ts";
import { horizontalPodAutoscaler as horizontalPodAutoscalerV2 } from "./v2/horizontal_pod_autoscaler.ts";

/** Every kind of the `autoscaling` group; joined with the others in `shared/api/mod.ts`. */
export const autoscalingKinds: readonly KindDefinition[] = [
  horizontalPodAutoscalerV1,
  horizontalPodAutoscalerV2,
];
