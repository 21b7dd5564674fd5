import assert from "node:assert/strict";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { AdmissionHarness, pod } from "../testing/admission_harness.ts";
import { defaultTolerationSeconds } from "./default_toleration_seconds.ts";
import { limitRanger } from "./limit_ranger.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime_class.ts";
import { serviceAccount } from "./service_account.ts";

const account = (name: string, more: object = {}) => ({
  metadata: { name, namespace: "n" },
  ...more,
});
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

Deno.test("ServiceAccount gives a pod the default account, its token and pull secrets", async () => {
  const world = new AdmissionHarness()
    .put("/serviceaccounts", account("default", { imagePullSecrets: [{ name: "reg" }] }));
  const plugin = serviceAccount(world.dependencies);
  const init = { initContainers: [{ name: "i", image: "x" }] };
  const { spec } = await world.run<Pod>(plugin, world.attributes("/pods", pod("p", init)));
  const [volume] = spec!.volumes!;
  assert.match(volume!.name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(volume!.projected, {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{
            path: "namespace",
            fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
          }],
        },
      },
    ],
    defaultMode: 420,
  });
  const mount = { name: volume!.name, readOnly: true, mountPath: tokenPath };
  assert.deepEqual(spec!.containers[0]!.volumeMounts, [mount]);
  assert.deepEqual(spec!.initContainers![0]!.volumeMounts, [mount]);
  assert.deepEqual([spec!.serviceAccountName, spec!.serviceAccount], ["default", "default"]);
  assert.deepEqual(spec!.imagePullSecrets, [{ name: "reg" }]);
});

for (
  const [title, name, spec, container, mounted] of [
    ["the account says no", "noauto", {}, {}, false],
    ["the pod says yes", "noauto", { automountServiceAccountToken: true }, {}, true],
    ["the pod says no", "default", { automountServiceAccountToken: false }, {}, false],
    [
      "something is mounted there",
      "default",
      { volumes: [{ name: "own", emptyDir: {} }] },
      { volumeMounts: [{ name: "own", mountPath: tokenPath }] },
      false,
    ],
  ] as const
) {
  Deno.test(`ServiceAccount mounts ${mounted ? "a" : "no"} token when ${title}`, async () => {
    const world = new AdmissionHarness().put("/serviceaccounts", account("default"))
      .put("/serviceaccounts", account("noauto", { automountServiceAccountToken: false }));
    const object = pod("p", { serviceAccountName: name, ...spec }, container);
    const done = await world.run<Pod>(
      serviceAccount(world.dependencies),
      world.attributes("/pods", object),
    );
    const volumes = (done.spec!.volumes ?? []).filter(({ projected }) => projected);
    assert.equal(volumes.length, mounted ? 1 : 0);
  });
}

const mirror = { metadata: { name: "m", annotations: { "kubernetes.io/config.mirror": "x" } } };
for (
  const [object, message] of [
    [
      pod("p"),
      'pods "p" is forbidden: error looking up service account n/default: serviceaccount "default" not found',
    ],
    [
      pod("y", {
        serviceAccountName: "lim",
        volumes: [{ name: "s", secret: { secretName: "z" } }],
      }),
      'pods "y" is forbidden: volume with secret.secretName="z" is not allowed because service account lim does not reference that secret',
    ],
    [
      { ...pod("m", { serviceAccountName: "lim" }), ...mirror },
      'pods "m" is forbidden: a mirror pod may not reference service accounts',
    ],
  ] as const
) {
  Deno.test(`ServiceAccount refuses: ${message}`, async () => {
    const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
    const world = new AdmissionHarness()
      .put("/serviceaccounts", { metadata: { name: "lim", namespace: "n", annotations } });
    const attributes = world.attributes("/pods", object);
    assert.equal(await world.refusal(serviceAccount(world.dependencies), attributes), message);
  });
}

function limited(): AdmissionHarness {
  return new AdmissionHarness().put("/limitranges", {
    metadata: { name: "lr", namespace: "n" },
    spec: {
      limits: [
        {
          type: "Container",
          default: { cpu: "500m", memory: "256Mi" },
          defaultRequest: { cpu: "100m", memory: "256Mi" },
          min: { cpu: "50m" },
          max: { cpu: "1", memory: "1Gi" },
          maxLimitRequestRatio: { cpu: "4" },
        },
        { type: "Pod", max: { cpu: "1500m" } },
        { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "5Gi" } },
      ],
    },
  });
}
const cpu = (request: string, limit: string) => ({
  resources: { requests: { cpu: request }, limits: { cpu: limit } },
});

Deno.test("LimitRanger fills in what is not set and notes it", async () => {
  const world = limited();
  const object = pod("p", {}, cpu("200m", "400m"));
  const { metadata, spec } = await world.run<Pod>(
    limitRanger(world.dependencies),
    world.attributes("/pods", object),
  );
  assert.deepEqual(spec!.containers[0]!.resources, {
    limits: { cpu: "400m", memory: "256Mi" },
    requests: { cpu: "200m", memory: "256Mi" },
  });
  assert.equal(
    metadata.annotations!["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: memory request for container c; memory limit for container c",
  );
});

const two = {
  containers: [{ name: "a", ...cpu("800m", "900m") }, { name: "b", ...cpu("800m", "900m") }],
};
for (
  const [title, object, why] of [
    [
      "the defaults",
      pod("p"),
      "cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000",
    ],
    [
      "too little",
      pod("p", {}, cpu("10m", "20m")),
      "minimum cpu usage per Container is 50m, but request is 10m",
    ],
    [
      "too much",
      pod("p", {}, cpu("2", "2")),
      "[maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]",
    ],
    ["the sum", pod("p", two), "maximum cpu usage per Pod is 1500m, but limit is 1800m"],
  ] as const
) {
  Deno.test(`LimitRanger refuses a pod for ${title}`, async () => {
    const world = limited();
    const attributes = world.attributes("/pods", object);
    const message = await world.refusal(limitRanger(world.dependencies), attributes);
    assert.equal(message, `pods "p" is forbidden: ${why}`);
  });
}

for (
  const [storage, why] of [
    ["100Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 100Mi"],
    ["10Gi", "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 10Gi"],
  ] as const
) {
  Deno.test(`LimitRanger refuses a claim of ${storage}`, async () => {
    const world = limited();
    const claim = { metadata: { name: "c" }, spec: { resources: { requests: { storage } } } };
    const attributes = world.attributes("/persistentvolumeclaims", claim);
    const message = await world.refusal(limitRanger(world.dependencies), attributes);
    assert.equal(message, `persistentvolumeclaims "c" is forbidden: ${why}`);
  });
}

function withClasses(): AdmissionHarness {
  return new AdmissionHarness()
    .put("scheduling.k8s.io/priorityclasses", {
      metadata: { name: "high" },
      value: 1000,
      preemptionPolicy: "Never",
    })
    .put("scheduling.k8s.io/priorityclasses", {
      metadata: { name: "usual" },
      value: 5,
      globalDefault: true,
    });
}

Deno.test("Priority resolves the class, or the default one", async () => {
  const world = withClasses();
  const resolve = async (spec: object) => {
    const attributes = world.attributes("/pods", pod("p", spec));
    const done = await world.run<Pod>(priority(world.dependencies), attributes);
    const { priorityClassName, priority: value, preemptionPolicy } = done.spec!;
    return [priorityClassName, value, preemptionPolicy];
  };
  assert.deepEqual(await resolve({ priorityClassName: "high" }), ["high", 1000, "Never"]);
  assert.deepEqual(await resolve({}), ["usual", 5, "PreemptLowerPriority"]);
});

for (
  const [kind, object, more, message] of [
    [
      "/pods",
      pod("p", { priorityClassName: "nosuch" }),
      {},
      'pods "p" is forbidden: no PriorityClass with name nosuch was found',
    ],
    [
      "/pods",
      pod("p", { priority: 7, priorityClassName: "high" }),
      {},
      'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    ],
    [
      "scheduling.k8s.io/priorityclasses",
      { metadata: { name: "other" }, globalDefault: true },
      {},
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    ],
    [
      "scheduling.k8s.io/priorityclasses",
      undefined,
      { operation: "DELETE", name: "system-node-critical" },
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    ],
  ] as const
) {
  Deno.test(`Priority refuses: ${message}`, async () => {
    const world = withClasses();
    const attributes = world.attributes(kind, object, more);
    assert.equal(await world.refusal(priority(world.dependencies), attributes), message);
  });
}

const seconds = (key: string) => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
});
for (
  const [title, own, added] of [
    ["none", [], ["not-ready", "unreachable"]],
    ["everything", [{ operator: "Exists" }], []],
    ["its own time", [{ ...seconds("not-ready"), tolerationSeconds: 5 }], ["unreachable"]],
    ["any effect", [{ key: "node.kubernetes.io/unreachable", operator: "Exists" }], ["not-ready"]],
  ] as const
) {
  Deno.test(`DefaultTolerationSeconds for a pod that tolerates ${title}`, async () => {
    const world = new AdmissionHarness();
    const attributes = world.attributes("/pods", pod("p", { tolerations: own }));
    const { spec } = await world.run<Pod>(defaultTolerationSeconds(), attributes);
    assert.deepEqual(spec!.tolerations, [...own, ...added.map(seconds)]);
  });
}

Deno.test("RuntimeClass adds overhead and scheduling, and refuses what contradicts them", async () => {
  const world = new AdmissionHarness().put("node.k8s.io/runtimeclasses", {
    metadata: { name: "kata" },
    overhead: { podFixed: { cpu: "250m" } },
    scheduling: { nodeSelector: { kata: "yes" }, tolerations: [{ key: "kata" }] },
  });
  const plugin = runtimeClass(world.dependencies);
  const of = (spec: object) => world.attributes("/pods", pod("p", spec));
  const { spec } = await world.run<Pod>(plugin, of({ runtimeClassName: "kata" }));
  assert.deepEqual(
    [spec!.overhead, spec!.nodeSelector, spec!.tolerations],
    [{ cpu: "250m" }, { kata: "yes" }, [{ key: "kata" }]],
  );
  const refusal = async (more: object) => await world.refusal(plugin, of(more));
  assert.equal(
    await refusal({ runtimeClassName: "no" }),
    'pods "p" is forbidden: pod rejected: RuntimeClass "no" not found',
  );
  assert.match(
    await refusal({ runtimeClassName: "kata", nodeSelector: { kata: "no" } }),
    /conflict: runtimeClass\.scheduling\.nodeSelector\[kata\] = yes; pod\.spec\.nodeSelector\[kata\] = no/,
  );
});
