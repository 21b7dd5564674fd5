import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { AdmissionHarness, pod } from "../testing/admission_harness.ts";
import { podSecurity } from "./pod_security.ts";

const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;
function world(labels: Record<string, string>): AdmissionHarness {
  return new AdmissionHarness().put("/namespaces", { metadata: { name: "n", labels } });
}
const secure = (more: object = {}) => ({
  securityContext: {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
    ...more,
  },
});
const context = (securityContext: object) => ({ securityContext });
const plain =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

const many = {
  hostNetwork: true,
  containers: [
    {
      name: "c",
      ...context({ privileged: true, capabilities: { add: ["SYS_ADMIN"] } }),
      ports: [{ containerPort: 1, hostPort: 1 }],
    },
    { name: "d", ...context({ privileged: true }) },
  ],
};
const apparmor = { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" };
const violations: [level: string, title: string, object: object, text: string][] = [
  [
    "baseline",
    "privileged",
    pod("p", {}, context({ privileged: true })),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    "baseline",
    "host namespaces",
    pod("p", { hostNetwork: true, hostPID: true, hostIPC: true }),
    "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
  ],
  [
    "baseline",
    "host ports",
    pod("p", {}, { ports: [{ containerPort: 80, hostPort: 80 }] }),
    'hostPort (container "c" uses hostPort 80)',
  ],
  [
    "baseline",
    "host paths",
    pod("p", { volumes: [{ name: "v", hostPath: { path: "/" } }] }),
    'hostPath volumes (volume "v")',
  ],
  [
    "baseline",
    "capabilities",
    pod("p", {}, context({ capabilities: { add: ["NET_ADMIN", "CHOWN"] } })),
    'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    "baseline",
    "seccomp and sysctls",
    pod(
      "p",
      context({
        seccompProfile: { type: "Unconfined" },
        sysctls: [{ name: "kernel.msgmax" }, { name: "net.ipv4.tcp_wmem" }],
      }),
    ),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"), forbidden sysctls (kernel.msgmax)',
  ],
  [
    "baseline",
    "SELinux",
    pod("p", context({ seLinuxOptions: { type: "bad_t", user: "u" } })),
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "bad_t"; user may not be set)',
  ],
  [
    "baseline",
    "AppArmor",
    { ...pod("p"), metadata: { name: "p", annotations: apparmor } },
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
  ],
  [
    "baseline",
    "several at once",
    pod("p", many),
    'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add), ' +
    'host namespaces (hostNetwork=true), hostPort (container "c" uses hostPort 1), ' +
    'privileged (containers "c", "d" must not set securityContext.privileged=true)',
  ],
  ["restricted", "a plain pod", pod("p"), plain],
  [
    "restricted",
    "root",
    pod("p", {}, secure({ runAsUser: 0 })),
    'runAsUser=0 (container "c" must not set runAsUser=0)',
  ],
  [
    "restricted",
    "added capabilities",
    pod("p", {}, secure({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "CHOWN"] } })),
    'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    "restricted",
    "volumes",
    pod(
      "p",
      { volumes: [{ name: "v", nfs: { server: "s" } }, { name: "w", emptyDir: {} }] },
      secure(),
    ),
    'restricted volume types (volume "v" uses restricted volume type "nfs")',
  ],
];
for (const [level, title, object, text] of violations) {
  Deno.test(`PodSecurity at level ${level} refuses ${title}`, async () => {
    const harness = world({ [label("enforce")]: level });
    const attributes = harness.attributes("/pods", object);
    const message = await harness.refusal(podSecurity(harness.dependencies), attributes);
    assert.equal(message, `pods "p" is forbidden: violates PodSecurity "${level}:latest": ${text}`);
  });
}

Deno.test("PodSecurity lets a user namespace excuse what it confines", async () => {
  const harness = world({ [label("enforce")]: "baseline", [label("warn")]: "restricted" });
  const object = pod("p", { hostUsers: false }, context({ procMount: "Unmasked" }));
  await harness.run(podSecurity(harness.dependencies), harness.attributes("/pods", object));
  assert.deepEqual(harness.warnings, [
    'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set ' +
    'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set ' +
    'securityContext.capabilities.drop=["ALL"]), procMount (container "c" must not set securityContext.procMount ' +
    'to "Unmasked"), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to ' +
    '"RuntimeDefault" or "Localhost")',
  ]);
});

Deno.test("PodSecurity goes by the version that the namespace names", async () => {
  const object = pod("p", context({ sysctls: [{ name: "net.ipv4.tcp_wmem" }] }));
  for (const [version, allowed] of [["v1.32", true], ["v1.31", false], ["v1.999", true]] as const) {
    const labels = { [label("enforce")]: "baseline", [label("enforce-version")]: version };
    const harness = world(labels);
    const attempt = harness.run(
      podSecurity(harness.dependencies),
      harness.attributes("/pods", object),
    );
    if (allowed) await attempt;
    else await assert.rejects(attempt, /violates PodSecurity "baseline:v1\.31"/);
  }
});

Deno.test("PodSecurity only warns about templates", async () => {
  const harness = world({ [label("enforce")]: "restricted" });
  const template = { metadata: {}, spec: { containers: [{ name: "c", image: "x" }] } };
  const plugin = podSecurity(harness.dependencies);
  const cases = [
    ["apps/deployments", { metadata: { name: "d" }, spec: { template } }],
    ["batch/cronjobs", {
      metadata: { name: "d" },
      spec: { jobTemplate: { spec: { template } } },
    }],
  ] as const;
  for (const [kind, object] of cases) await harness.run(plugin, harness.attributes(kind, object));
  const text = `would violate PodSecurity "restricted:latest": ${plain}`;
  assert.deepEqual(harness.warnings, [text, text]);
});

Deno.test("PodSecurity looks at an update only if images or containers change", async () => {
  const harness = world({ [label("enforce")]: "restricted" });
  const plugin = podSecurity(harness.dependencies);
  const update = (next: object, subresource = "") =>
    harness.attributes(`/pods/${subresource}`, next, {
      operation: "UPDATE",
      oldObject: pod("p") as KubeObject,
    });
  await harness.run(plugin, update({ ...pod("p"), metadata: { name: "p", labels: { a: "b" } } }));
  await assert.rejects(harness.run(plugin, update(pod("p", {}, { image: "y" }))));
  const ephemeral = pod("p", { ephemeralContainers: [{ name: "e", image: "x" }] });
  await assert.rejects(harness.run(plugin, update(ephemeral, "ephemeralcontainers")));
  await harness.run(plugin, update(ephemeral, "status"));
});

function relabel(harness: AdmissionHarness, from: object, to: object) {
  const namespace = (labels: object) => ({ metadata: { name: "n", labels } });
  return harness.attributes("/namespaces", namespace(to), {
    operation: "UPDATE",
    oldObject: namespace(from) as unknown as KubeObject,
  });
}
Deno.test("PodSecurity warns about the pods that a raised level leaves behind", async () => {
  const harness = world({});
  const one = (name: string, spec: object = {}) => ({
    ...pod(name, spec),
    metadata: { name, namespace: "n" },
  });
  harness.put("/pods", one("p", { hostNetwork: true })).put("/pods", one("q")).put(
    "/pods",
    one("r"),
  );
  const plugin = podSecurity(harness.dependencies);
  const restricted = { [label("enforce")]: "restricted" };
  await harness.run(plugin, relabel(harness, {}, restricted));
  const rest =
    "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile";
  assert.deepEqual(harness.warnings.splice(0), [
    'existing pods in namespace "n" violate the new PodSecurity enforce level "restricted:latest"',
    `p: host namespaces, ${rest}`,
    `q (and 1 other pod): ${rest}`,
  ]);
  await harness.run(plugin, relabel(harness, restricted, { [label("enforce")]: "baseline" }));
  assert.deepEqual(harness.warnings, []);
});

for (
  const [mode, value, why] of [
    ["enforce", "bogus", "must be one of privileged, baseline, restricted"],
    ["warn-version", "nope", 'must be "latest" or "v1.x"'],
  ] as const
) {
  Deno.test(`PodSecurity refuses the label ${mode}=${value}, unless it was there before`, async () => {
    const harness = world({});
    const plugin = podSecurity(harness.dependencies);
    const labels = { [label(mode)]: value };
    assert.equal(
      await harness.refusal(plugin, relabel(harness, {}, labels)),
      `Namespace "n" is invalid: metadata.labels[${
        label(mode)
      }]: Invalid value: "${value}": ${why}`,
    );
    await harness.run(plugin, relabel(harness, labels, { ...labels, other: "x" }));
  });
}
