import { schemaOf } from "../../../schema/schema.ts";
import { defineKind, type KubeObject } from "../../kind.ts";
import { ofStored } from "../../stored_columns.ts";
import { defaultHorizontalPodAutoscaler } from "../v2/horizontal_pod_autoscaler.ts";
import { horizontalPodAutoscalerColumns } from "../v2/horizontal_pod_autoscaler_table.ts";
import type {
  HorizontalPodAutoscaler as Stored,
  MetricSpec,
  MetricStatus,
} from "../v2/types.gen.ts";
import { fromBehaviorJson, toBehaviorJson } from "./behavior_annotation.ts";
import { fromMetricJson, fromStatusJson, toMetricJson, toStatusJson } from "./metric_annotation.ts";
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from "./types.gen.ts";

const PREFIX = "autoscaling.alpha.kubernetes.io/";
/** What this version has no fields for travels in annotations. */
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;

/** Sets the scale of a workload by its cpu use: the old form of autoscaling/v2. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("autoscaling/v1", "HorizontalPodAutoscaler"),
  subresources: { status: true },
  columns: ofStored(horizontalPodAutoscalerColumns, toStored),
  strategy: {
    defaults(obj) {
      const spec = obj.spec ??= {} as HorizontalPodAutoscalerSpec;
      spec.minReplicas ??= 1;
      if (obj.metadata.annotations?.[METRICS] === undefined) {
        spec.targetCPUUtilizationPercentage ??= 80;
      }
    },
    generationOf: (obj) => obj.spec,
  },
  storedAs: { group: "autoscaling", version: "v2", toStored, fromStored },
});

function toStored(obj: HorizontalPodAutoscaler): Stored {
  const { spec, status } = obj;
  const annotations = obj.metadata.annotations ?? {};
  const cpu = spec.targetCPUUtilizationPercentage;
  const metrics: MetricSpec[] = (readList(annotations[METRICS]) ?? []).map(fromMetricJson);
  if (cpu !== undefined) {
    metrics.unshift({
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpu } },
    });
  }
  const behavior = fromBehaviorJson(annotations[BEHAVIOR]);
  const conditions = readList(annotations[CONDITIONS]);
  const stored: Stored = {
    kind: obj.kind,
    apiVersion: "autoscaling/v2",
    metadata: withoutAnnotations(obj),
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      ...(spec.minReplicas !== undefined && { minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      metrics,
      ...(behavior && { behavior }),
    },
  };
  if (status) {
    stored.status = {
      ...(status.observedGeneration !== undefined &&
        { observedGeneration: status.observedGeneration }),
      ...(status.lastScaleTime !== undefined && { lastScaleTime: status.lastScaleTime }),
      currentReplicas: status.currentReplicas,
      desiredReplicas: status.desiredReplicas,
      ...statusMetrics(status.currentCPUUtilizationPercentage, annotations[CURRENT_METRICS]),
      ...(conditions && { conditions: conditions as never }),
    };
  }
  defaultHorizontalPodAutoscaler(stored);
  return stored;
}

function statusMetrics(cpu: number | undefined, json: string | undefined) {
  const metrics: MetricStatus[] = (readList(json) ?? []).map(fromStatusJson);
  const known = metrics.find((m) => m.type === "Resource" && m.resource?.name === "cpu");
  if (cpu !== undefined) {
    if (known?.resource) known.resource.current.averageUtilization = cpu;
    else {
      metrics.push({
        type: "Resource",
        resource: { name: "cpu", current: { averageUtilization: cpu } },
      });
    }
  }
  return metrics.length > 0 ? { currentMetrics: metrics } : {};
}

function fromStored(object: KubeObject): HorizontalPodAutoscaler {
  const { metadata, spec, status } = object as Stored;
  const isCpu = (metric: MetricSpec) =>
    metric.type === "Resource" && metric.resource?.name === "cpu" &&
    metric.resource.target.averageUtilization !== undefined;
  const cpu = spec.metrics?.find(isCpu)?.resource?.target.averageUtilization;
  const others = (spec.metrics ?? []).filter((metric) => !isCpu(metric));
  const annotations = { ...metadata.annotations };
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(toMetricJson));
  if (status?.currentMetrics?.length) {
    annotations[CURRENT_METRICS] = JSON.stringify(status.currentMetrics.map(toStatusJson));
  }
  if (status?.conditions?.length) annotations[CONDITIONS] = JSON.stringify(status.conditions);
  if (spec.behavior) annotations[BEHAVIOR] = toBehaviorJson(spec.behavior);
  const current = status?.currentMetrics?.find((m) =>
    m.type === "Resource" && m.resource?.name === "cpu"
  )?.resource?.current.averageUtilization;
  return {
    kind: object.kind,
    apiVersion: "autoscaling/v1",
    metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata,
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      ...(spec.minReplicas !== undefined && { minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      ...(cpu !== undefined && { targetCPUUtilizationPercentage: cpu }),
    },
    status: {
      ...(status?.observedGeneration !== undefined &&
        { observedGeneration: status.observedGeneration }),
      ...(status?.lastScaleTime !== undefined && { lastScaleTime: status.lastScaleTime }),
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

function withoutAnnotations({ metadata }: HorizontalPodAutoscaler) {
  const { annotations: all, ...rest } = metadata;
  const annotations = { ...all };
  for (const key of [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR]) delete annotations[key];
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}

/** What is no JSON list is ignored: clients may write anything into an annotation. */
function readList(json: string | undefined): Record<string, unknown>[] | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
