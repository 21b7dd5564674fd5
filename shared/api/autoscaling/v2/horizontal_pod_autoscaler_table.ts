import type { Column } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "./types.gen.ts";

/** How many metrics the table shows. */
const SHOWN_METRICS = 2;

/** The columns of `kubectl get horizontalpodautoscalers`, for both versions. */
export const horizontalPodAutoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn(),
  {
    name: "Reference",
    type: "string",
    cell: ({ spec }) => `${spec.scaleTargetRef?.kind ?? ""}/${spec.scaleTargetRef?.name ?? ""}`,
  },
  { name: "Targets", type: "string", cell: targetsOf },
  {
    name: "MinPods",
    type: "string",
    cell: ({ spec }) => spec.minReplicas === undefined ? "<unset>" : String(spec.minReplicas),
  },
  { name: "MaxPods", type: "string", cell: ({ spec }) => spec.maxReplicas ?? 0 },
  { name: "Replicas", type: "string", cell: ({ status }) => status?.currentReplicas ?? 0 },
  ageColumn(),
];

function targetsOf({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const shown = metrics.slice(0, SHOWN_METRICS)
    .map((metric, i) => formatMetric(metric, status?.currentMetrics?.[i])).join(", ");
  return metrics.length > SHOWN_METRICS
    ? `${shown} + ${metrics.length - SHOWN_METRICS} more...`
    : shown;
}

function formatMetric(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case "External":
      return formatValue(metric.external?.target, status?.external?.current);
    case "Object":
      return formatValue(metric.object?.target, status?.object?.current);
    case "Pods":
      return `${status?.pods?.current?.averageValue ?? "<unknown>"}/${
        metric.pods?.target.averageValue ?? ""
      }`;
    case "Resource":
      return formatResource(metric.resource, status?.resource?.current);
    case "ContainerResource":
      return formatResource(metric.containerResource, status?.containerResource?.current);
    default:
      return "<unknown type>";
  }
}

function formatValue(
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  return target?.averageValue === undefined
    ? `${current?.value ?? "<unknown>"}/${target?.value ?? ""}`
    : `${current?.averageValue ?? "<unknown>"}/${target.averageValue} (avg)`;
}

function formatResource(
  source: { name: string; target: MetricTarget } | undefined,
  current: MetricValueStatus | undefined,
): string {
  const { name, target } = source ?? { name: "", target: undefined };
  if (target?.averageValue !== undefined) {
    return `${name}: ${current?.averageValue ?? "<unknown>"}/${target.averageValue}`;
  }
  const now = current?.averageUtilization === undefined
    ? "<unknown>"
    : `${current.averageUtilization}%`;
  const wanted = target?.averageUtilization === undefined
    ? "<auto>"
    : `${target.averageUtilization}%`;
  return `${name}: ${now}/${wanted}`;
}
