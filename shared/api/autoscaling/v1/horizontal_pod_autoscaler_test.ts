import assert from "node:assert/strict";
import type { HorizontalPodAutoscaler as Stored } from "../v2/types.gen.ts";
import { horizontalPodAutoscaler as kind } from "./horizontal_pod_autoscaler.ts";

const stored: Stored = {
  kind: "HorizontalPodAutoscaler",
  apiVersion: "autoscaling/v2",
  metadata: { name: "a", annotations: { mine: "stays" } },
  spec: {
    scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" },
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
      },
      {
        type: "Object",
        object: {
          describedObject: { kind: "Service", name: "s" },
          target: { type: "Value", value: "10" },
          metric: { name: "m" },
        },
      },
    ],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
      },
      scaleDown: {
        selectPolicy: "Max",
        policies: [{ type: "Percent", value: 10, periodSeconds: 60 }],
      },
    },
  },
};

Deno.test("autoscaling/v1 keeps in annotations what it has no fields for", () => {
  const old = kind.storedAs!.fromStored(stored);
  assert.equal(
    (old as { spec: { targetCPUUtilizationPercentage?: number } }).spec
      .targetCPUUtilizationPercentage,
    60,
  );
  assert.deepEqual(old.metadata.annotations, {
    mine: "stays",
    "autoscaling.alpha.kubernetes.io/metrics":
      '[{"type":"Object","object":{"target":{"kind":"Service","name":"s"},"metricName":"m","targetValue":"10"}}]',
    "autoscaling.alpha.kubernetes.io/behavior":
      '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},' +
      '"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":10,"PeriodSeconds":60}],"Tolerance":null}}',
  });
});

Deno.test("autoscaling/v1 there and back changes nothing", () => {
  const { spec, metadata } = kind.storedAs!.toStored(
    structuredClone(kind.storedAs!.fromStored(stored)) as never,
  ) as Stored;
  assert.deepEqual(spec, stored.spec);
  assert.deepEqual(metadata, stored.metadata);
});

Deno.test("autoscaling/v1 ignores annotations that are no metrics", () => {
  const { spec } = kind.storedAs!.toStored({
    kind: "HorizontalPodAutoscaler",
    apiVersion: "autoscaling/v1",
    metadata: { name: "a", annotations: { "autoscaling.alpha.kubernetes.io/metrics": "nonsense" } },
    spec: { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 3 },
  } as never) as Stored;
  assert.deepEqual(spec.metrics?.map(({ resource }) => resource?.target.averageUtilization), [80]);
});
