import type { MetricSpec, MetricStatus, MetricTarget } from "../v2/types.gen.ts";

type Json = Record<string, unknown>;

/** A metric as the v1 annotation has it: flat, with the target's type left to be guessed. */
export function toMetricJson(metric: MetricSpec): Json {
  const { type, object, pods, resource, containerResource, external } = metric;
  return compact({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? "0",
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? "0",
      selector: pods.metric.selector,
    },
    resource: resource && {
      name: resource.name,
      targetAverageUtilization: resource.target.averageUtilization,
      targetAverageValue: resource.target.averageValue,
    },
    containerResource: containerResource && {
      name: containerResource.name,
      targetAverageUtilization: containerResource.target.averageUtilization,
      targetAverageValue: containerResource.target.averageValue,
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  });
}

/** The metric behind one of the annotation. */
export function fromMetricJson(json: Json): MetricSpec {
  const { object, pods, resource, containerResource, external } = json as Record<
    string,
    Json | undefined
  >;
  return compact({
    type: json.type,
    object: object && {
      describedObject: object.target,
      target: targetOf({ value: object.targetValue, averageValue: object.averageValue }),
      metric: { name: object.metricName, selector: object.selector },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: targetOf({ averageValue: pods.targetAverageValue }),
    },
    resource: resource && { name: resource.name, target: resourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: resourceTarget(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: targetOf({
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as unknown as MetricSpec;
}

/** A current value as the v1 annotation has it. */
export function toStatusJson(metric: MetricStatus): Json {
  const { type, object, pods, resource, containerResource, external } = metric;
  return compact({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? "0",
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? "0",
      selector: pods.metric.selector,
    },
    resource: resource && {
      name: resource.name,
      currentAverageUtilization: resource.current.averageUtilization,
      currentAverageValue: resource.current.averageValue ?? "0",
    },
    containerResource: containerResource && {
      name: containerResource.name,
      currentAverageUtilization: containerResource.current.averageUtilization,
      currentAverageValue: containerResource.current.averageValue ?? "0",
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? "0",
      currentAverageValue: external.current.averageValue,
    },
  });
}

/** The current value behind one of the annotation. */
export function fromStatusJson(json: Json): MetricStatus {
  const { object, pods, resource, containerResource, external } = json as Record<
    string,
    Json | undefined
  >;
  const resourceStatus = (of: Json) => ({
    averageValue: of.currentAverageValue,
    averageUtilization: of.currentAverageUtilization,
  });
  return compact({
    type: json.type,
    object: object && {
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
      describedObject: object.target,
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: resourceStatus(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: resourceStatus(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  }) as unknown as MetricStatus;
}

function resourceTarget(json: Json): MetricTarget {
  return targetOf({
    averageValue: json.targetAverageValue,
    averageUtilization: json.targetAverageUtilization,
  });
}

/** The type follows from which value is there. */
function targetOf(values: Json): MetricTarget {
  const type = values.averageUtilization !== undefined
    ? "Utilization"
    : values.averageValue !== undefined
    ? "AverageValue"
    : "Value";
  return compact({ type, ...values }) as unknown as MetricTarget;
}

/** Without the fields that are undefined, at any depth. */
function compact(json: Json): Json {
  return JSON.parse(JSON.stringify(json));
}
