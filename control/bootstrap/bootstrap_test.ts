import assert from "node:assert/strict";
import type { ClusterRole, ClusterRoleBinding } from "../../shared/api/rbac/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { silentLog } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { aggregatedRules } from "../authorization/aggregation.ts";
import aggregated from "./data/aggregated_roles.json" with { type: "json" };
import { bootstrap, bootstrapObjects, type BootstrapWriter } from "./bootstrap.ts";
import { repairOf } from "./reconcile.ts";
import { rbacObjects } from "./standard_objects.ts";

const installation = {
  serviceCidrs: ["10.0.0.0/16"],
  serviceAddress: "10.0.0.1",
  advertised: { addresses: ["192.0.2.7"], port: 6443 },
  clientAuthority: "pem",
  now: "2026-01-01T00:00:00Z",
};
const keyOf = ({ kind, metadata }: KubeObject) =>
  `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;

function memoryWriter(objects = new Map<string, KubeObject>()) {
  const writer: BootstrapWriter = {
    find: (object) => Promise.resolve(structuredClone(objects.get(keyOf(object)))),
    create(object) {
      if (objects.has(keyOf(object))) {
        return Promise.reject(new StatusError("AlreadyExists", "exists"));
      }
      objects.set(keyOf(object), structuredClone(object));
      return Promise.resolve();
    },
    update(object) {
      objects.set(keyOf(object), structuredClone(object));
      return Promise.resolve();
    },
    delete(object) {
      objects.delete(keyOf(object));
      return Promise.resolve();
    },
  };
  return { objects, writer };
}

Deno.test("bootstrap() makes every object once", async () => {
  const { objects, writer } = memoryWriter();
  const wanted = bootstrapObjects(installation);
  assert.equal(new Set(wanted.map(keyOf)).size, wanted.length);
  assert.equal(await bootstrap(wanted, writer, silentLog), wanted.length);
  assert.equal(await bootstrap(wanted, writer, silentLog), 0);
  for (
    const key of [
      "Namespace//kube-node-lease",
      "ClusterRole//cluster-admin",
      "RoleBinding/kube-system/system::leader-locking-kube-scheduler",
      "APIService//v1.apps",
      "FlowSchema//exempt",
      "Service/default/kubernetes",
      "EndpointSlice/default/kubernetes",
      "ConfigMap/kube-system/extension-apiserver-authentication",
    ]
  ) assert.ok(objects.has(key), key);
});

Deno.test("bootstrap() follows the server to a new address", async () => {
  const { objects, writer } = memoryWriter();
  await bootstrap(bootstrapObjects(installation), writer, silentLog);
  const moved = { ...installation, advertised: { addresses: ["192.0.2.8"], port: 6443 } };
  assert.equal(await bootstrap(bootstrapObjects(moved), writer, silentLog), 2);
  assert.match(JSON.stringify(objects.get("EndpointSlice/default/kubernetes")), /192\.0\.2\.8/);
});

Deno.test("bootstrap() goes on after an object that is refused", async () => {
  const { objects, writer } = memoryWriter();
  const create = (object: KubeObject) =>
    object.kind === "APIService"
      ? Promise.reject(new StatusError("Invalid", "no"))
      : writer.create(object);
  await bootstrap(bootstrapObjects(installation), { ...writer, create }, silentLog);
  assert.ok(objects.has("Service/default/kubernetes"));
});

const find = <T extends KubeObject>(kind: string, name: string) =>
  rbacObjects().find((object) => object.kind === kind && object.metadata.name === name) as T;

Deno.test("repairOf() gives a role back what it lost and keeps what was added", () => {
  const wanted = find<ClusterRole>("ClusterRole", "system:node-bootstrapper");
  const added = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
  const existing = structuredClone(wanted);
  existing.rules![0]!.verbs = ["get"];
  existing.rules!.push(added);
  existing.metadata.labels = { mine: "yes" };
  const repair = repairOf(wanted, existing);
  assert.equal(repair.action, "update");
  const { rules, metadata } = (repair as { object: ClusterRole }).object;
  assert.deepEqual(rules!.slice(0, existing.rules!.length), existing.rules);
  assert.deepEqual(rules!.at(-1)!.verbs, wanted.rules![0]!.verbs.filter((verb) => verb !== "get"));
  assert.equal(metadata.labels!.mine, "yes");
  assert.equal(metadata.labels!["kubernetes.io/bootstrapping"], "rbac-defaults");
});

Deno.test("repairOf() leaves alone what says so", () => {
  const wanted = find<ClusterRole>("ClusterRole", "system:discovery");
  const existing = structuredClone(wanted);
  existing.rules = [];
  existing.metadata.annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
  assert.deepEqual(repairOf(wanted, existing), { action: "none" });
});

Deno.test("repairOf() replaces a binding to another role and adds lost subjects", () => {
  const wanted = find<ClusterRoleBinding>("ClusterRoleBinding", "system:discovery");
  const other = structuredClone(wanted);
  other.roleRef.name = "view";
  assert.equal(repairOf(wanted, other).action, "replace");
  const fewer = { ...structuredClone(wanted), subjects: [{ kind: "User", name: "x" }] };
  const repair = repairOf(wanted, fewer) as unknown as { object: ClusterRoleBinding };
  assert.deepEqual(repair.object.subjects, [...fewer.subjects, ...wanted.subjects!]);
});

for (const [name, rules] of Object.entries(aggregated)) {
  Deno.test(`aggregatedRules() gives ${name} the rules of its parts`, () => {
    const roles = rbacObjects().filter(({ kind }) => kind === "ClusterRole") as ClusterRole[];
    const filled = new Map(roles.map((role) => [role.metadata.name, role]));
    // Aggregated roles aggregate each other: admin contains edit, edit contains view.
    for (let round = 0; round < 3; round++) {
      for (const role of roles.filter((one) => one.aggregationRule)) {
        const found = aggregatedRules(filled.get(role.metadata.name)!, [...filled.values()]);
        filled.set(role.metadata.name, { ...role, rules: [...found] });
      }
    }
    assert.deepEqual(filled.get(name)!.rules, rules);
  });
}
