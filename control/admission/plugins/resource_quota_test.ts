import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { AdmissionHarness, pod } from "../testing/admission_harness.ts";
import { resourceQuota } from "./resource_quota.ts";

type Amounts = Record<string, string>;
function world(hard: Amounts, used: Amounts, spec: object = {}): AdmissionHarness {
  return new AdmissionHarness().put("/resourcequotas", {
    metadata: { name: "q", namespace: "n", resourceVersion: "1" },
    spec: { hard, ...spec },
    status: { hard, used },
  });
}
function usedOf(harness: AdmissionHarness): Amounts {
  const quota = harness.objects.get("/resourcequotas")!.get("n/q");
  return (quota as KubeObject & { status: { used: Amounts } }).status.used;
}
const needs = (cpu: string, memory: string) => ({
  resources: { requests: { cpu, memory }, limits: { memory } },
});
const hard = { pods: "2", "requests.cpu": "1", "limits.memory": "1Gi" };
const used = { pods: "1", "requests.cpu": "600m", "limits.memory": "512Mi" };

for (
  const [title, object, why] of [
    [
      "what must be specified",
      pod("p"),
      "failed quota: q: must specify limits.memory for: c; requests.cpu for: c",
    ],
    [
      "one amount",
      pod("p", {}, needs("600m", "1Mi")),
      "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1",
    ],
    [
      "two amounts",
      pod("p", {}, needs("900m", "2Gi")),
      "exceeded quota: q, requested: limits.memory=2Gi,requests.cpu=900m, used: limits.memory=512Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1",
    ],
  ] as const
) {
  Deno.test(`ResourceQuota refuses a pod for ${title}`, async () => {
    const harness = world(hard, used);
    const attributes = harness.attributes("/pods", object);
    const message = await harness.refusal(resourceQuota(harness.dependencies), attributes);
    assert.equal(message, `pods "p" is forbidden: ${why}`);
    assert.deepEqual(usedOf(harness), used);
  });
}

Deno.test("ResourceQuota counts what it lets through, and nothing of a dry run", async () => {
  const harness = world(hard, used);
  const plugin = resourceQuota(harness.dependencies);
  const object = pod("p", {}, needs("100m", "100Mi"));
  const dry = harness.attributes("/pods", object, { options: { dryRun: true } });
  await harness.run(plugin, dry);
  assert.deepEqual(usedOf(harness), used);
  await harness.run(plugin, harness.attributes("/pods", object));
  const next = { pods: "2", "requests.cpu": "700m", "limits.memory": "612Mi" };
  assert.deepEqual(usedOf(harness), next);
  assert.equal(
    await harness.refusal(plugin, harness.attributes("/pods", object)),
    'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  );
});

Deno.test("ResourceQuota lets only one of many at once have the last place", async () => {
  const harness = world({ "count/deployments.apps": "1" }, { "count/deployments.apps": "0" });
  const plugin = resourceQuota(harness.dependencies);
  const attempts = ["a", "b", "c"].map((name) =>
    harness.run(plugin, harness.attributes("apps/deployments", { metadata: { name } }))
  );
  const results = await Promise.allSettled(attempts);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
});

const nodePort = (ports: number) => ({
  metadata: { name: "s" },
  spec: { type: "NodePort", ports: Array.from({ length: ports }, () => ({ port: 80 })) },
});
Deno.test("ResourceQuota counts an update by what it adds", async () => {
  const harness = world({ "services.nodeports": "3" }, { "services.nodeports": "1" });
  const plugin = resourceQuota(harness.dependencies);
  const update = (from: number, to: number) =>
    harness.attributes("/services", nodePort(to), {
      operation: "UPDATE",
      oldObject: nodePort(from) as unknown as KubeObject,
    });
  await harness.run(plugin, update(1, 3));
  assert.deepEqual(usedOf(harness), { "services.nodeports": "3" });
  await harness.run(plugin, update(3, 1));
  assert.deepEqual(usedOf(harness), { "services.nodeports": "3" });
  assert.match(await harness.refusal(plugin, update(3, 4)), /requested: services\.nodeports=1,/);
});

for (
  const [title, spec, object, counts] of [
    ["best effort", { scopes: ["BestEffort"] }, pod("p"), true],
    ["not best effort", { scopes: ["BestEffort"] }, pod("p", {}, needs("1m", "1Mi")), false],
    [
      "the class",
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }],
        },
      },
      pod("p", { priorityClassName: "high" }),
      true,
    ],
    ["not terminating", { scopes: ["Terminating"] }, pod("p"), false],
    ["terminating", { scopes: ["Terminating"] }, pod("p", { activeDeadlineSeconds: 0 }), true],
  ] as const
) {
  Deno.test(`ResourceQuota with a scope for a pod that is ${title}`, async () => {
    const harness = world({ pods: "5" }, { pods: "0" }, spec);
    await harness.run(resourceQuota(harness.dependencies), harness.attributes("/pods", object));
    assert.deepEqual(usedOf(harness), { pods: counts ? "1" : "0" });
  });
}

Deno.test("ResourceQuota counts storage by class", async () => {
  const name = "fast.storageclass.storage.k8s.io/requests.storage";
  const harness = world({ [name]: "5Gi", persistentvolumeclaims: "3" }, {
    [name]: "1Gi",
    persistentvolumeclaims: "1",
  });
  const claim = {
    metadata: { name: "c" },
    spec: { storageClassName: "fast", resources: { requests: { storage: "2Gi" } } },
  };
  const plugin = resourceQuota(harness.dependencies);
  await harness.run(plugin, harness.attributes("/persistentvolumeclaims", claim));
  assert.deepEqual(usedOf(harness), { [name]: "3Gi", persistentvolumeclaims: "2" });
});

Deno.test("ResourceQuota waits for a count, and is silent before there is a limit", async () => {
  const counting = world({ pods: "1" }, {});
  assert.equal(
    await counting.refusal(
      resourceQuota(counting.dependencies),
      counting.attributes("/pods", pod("p")),
    ),
    'pods "p" is forbidden: status unknown for quota: q, resources: pods',
  );
  const fresh = world({}, {}, { hard: { configmaps: "0" } });
  await fresh.run(
    resourceQuota(fresh.dependencies),
    fresh.attributes("/configmaps", { metadata: { name: "x" } }),
  );
});
