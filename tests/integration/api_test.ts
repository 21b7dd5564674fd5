import assert from "node:assert/strict";
import type { ConfigMap } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { Cluster } from "./cluster.ts";
import { deploymentOf, namespaceOf } from "./objects.ts";

const namespace = "default";
const configMapOf = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

async function refused(request: Promise<unknown>, code: number, message: string | RegExp) {
  await assert.rejects(request, (error: unknown) => {
    assert.ok(error instanceof StatusError, String(error));
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  });
}

Deno.test("server-side apply keeps each manager's fields, refuses to take another's, and may be forced", async () => {
  await using cluster = await Cluster.start({ components: false });
  const apply = (manager: string, data: Record<string, string>, force = false) =>
    cluster.admin.patch(resources.configmaps, { namespace, name: "a" }, configMapOf("a", data), {
      type: "apply",
      fieldManager: manager,
      force,
    });
  await apply("one", { x: "1", y: "1" });
  await apply("two", { z: "2" });
  await refused(
    apply("two", { x: "2", z: "2" }),
    409,
    'Apply failed with 1 conflict: conflict with "one": .data.x',
  );
  const both = await apply("two", { x: "2", z: "2" }, true);
  assert.deepEqual(both.data, { x: "2", y: "1", z: "2" });
  const less = await apply("one", {});
  assert.deepEqual(less.data, { x: "2", z: "2" }, "what one alone had is gone");
  const managers = less.metadata.managedFields!.map(({ manager, fieldsV1 }) => [
    manager,
    Object.keys((fieldsV1 as Record<string, object>)["f:data"] ?? {}).filter((key) => key !== "."),
  ]);
  assert.deepEqual(new Map(managers as [string, string[]][]).get("two"), ["f:x", "f:z"]);
});

Deno.test("a watch resumes where it was after the server has restarted on the same storage", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(deploymentOf("web", 1));
  const available = async (count: number) => {
    const ref = { namespace, name: "web" };
    return (await cluster.admin.get(resources.deployments, ref)).status?.availableReplicas ===
      count;
  };
  await cluster.until("the Deployment runs", () => available(1));
  await cluster.create(configMapOf("seen"));
  const seen = await cluster.admin.get(resources.configmaps, { namespace, name: "seen" });
  await cluster.create(configMapOf("before"));
  await cluster.restartServer();
  await cluster.create(configMapOf("after"));
  const events: string[] = [];
  const end = new AbortController();
  const { resourceVersion } = seen.metadata;
  const query = { namespace, resourceVersion, signal: end.signal };
  const watching = (async () => {
    for await (const { type, object } of cluster.admin.watch(resources.configmaps, query)) {
      if (type !== "BOOKMARK") events.push(`${type} ${object.metadata.name}`);
    }
  })().catch(() => {});
  await cluster.settle();
  end.abort(new Error("enough"));
  await watching;
  assert.deepEqual(events, ["ADDED before", "ADDED after"]);
  await cluster.patch(resources.deployments, { namespace, name: "web" }, { spec: { replicas: 3 } });
  await cluster.until("controllers, scheduler and node have come back", () => available(3));
});

Deno.test("a watch is told all changes in their order, and what a selector lets in and out", async () => {
  await using cluster = await Cluster.start({ components: false });
  const events: string[] = [];
  const end = new AbortController();
  const query = { namespace, labelSelector: "tier=web", signal: end.signal };
  const { resourceVersion } = await cluster.admin.list(resources.configmaps, query);
  const watching = (async () => {
    for await (
      const { type, object } of cluster.admin.watch(resources.configmaps, {
        ...query,
        resourceVersion,
      })
    ) if (type !== "BOOKMARK") events.push(`${type} ${object.data?.n}`);
  })().catch(() => {});
  const ref = { namespace, name: "a" };
  const label = (tier: string | null, n: string) =>
    cluster.patch(resources.configmaps, ref, { metadata: { labels: { tier } }, data: { n } });
  await cluster.create(configMapOf("a", { n: "0" }));
  await label("web", "1");
  await label("web", "2");
  await label(null, "3");
  await label("web", "4");
  await cluster.admin.delete(resources.configmaps, ref);
  await cluster.settle();
  end.abort(new Error("enough"));
  await watching;
  // What leaves the selection is shown as it was when it was last in it.
  assert.deepEqual(events, ["ADDED 1", "MODIFIED 2", "DELETED 2", "ADDED 4", "DELETED 4"]);
});

Deno.test("a user sees and does what roles grant, nothing else, and learns why", async () => {
  await using cluster = await Cluster.start({ components: false });
  const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
  await cluster.create(
    namespaceOf("other"),
    configMapOf("a"),
    configMapOf("b"),
    {
      ...rbac,
      kind: "Role",
      metadata: { name: "reader", namespace },
      rules: [
        { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["secrets"], resourceNames: ["mine"], verbs: ["get"] },
      ],
    },
    {
      ...rbac,
      kind: "RoleBinding",
      metadata: { name: "reader", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
    },
  );
  const eve = cluster.clientAs({ name: "eve", groups: ["system:authenticated"] });
  const names = (await eve.list(resources.configmaps, { namespace })).items.map((
    { metadata },
  ) => metadata.name);
  assert.deepEqual(names, ["a", "b"]);
  assert.equal(await eve.find(resources.secrets, { namespace, name: "mine" }), undefined);
  const may = (verb: string, what: string, where: string) =>
    `User "eve" cannot ${verb} resource "${what}" in API group "" ${where}`;
  await refused(
    eve.get(resources.secrets, { namespace, name: "theirs" }),
    403,
    `secrets "theirs" is forbidden: ${may("get", "secrets", 'in the namespace "default"')}`,
  );
  await refused(
    eve.list(resources.configmaps, {}),
    403,
    `configmaps is forbidden: ${may("list", "configmaps", "at the cluster scope")}`,
  );
  await refused(
    eve.list(resources.configmaps, { namespace: "other" }),
    403,
    `configmaps is forbidden: ${may("list", "configmaps", 'in the namespace "other"')}`,
  );
  await refused(
    eve.delete(resources.configmaps, { namespace, name: "a" }),
    403,
    `configmaps "a" is forbidden: ${may("delete", "configmaps", 'in the namespace "default"')}`,
  );
  assert.deepEqual(await mayI(eve, "list", "configmaps"), true);
  assert.deepEqual(await mayI(eve, "watch", "configmaps"), false);
  await cluster.admin.delete(resources.rolebindings, { namespace, name: "reader" });
  await refused(eve.list(resources.configmaps, { namespace }), 403, /^configmaps is forbidden/);
});

async function mayI(client: Client, verb: string, resource: string): Promise<boolean> {
  const review = await client.create(resources.selfsubjectaccessreviews, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: {},
    spec: { resourceAttributes: { namespace, verb, resource } },
  });
  return review.status!.allowed;
}

Deno.test("a user cannot hand out rights that it lacks", async () => {
  await using cluster = await Cluster.start({ components: false });
  const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
  const role = (name: string, rules: unknown[]) => ({
    ...rbac,
    kind: "ClusterRole",
    metadata: { name },
    rules,
  });
  await cluster.create(
    role("role-maker", [
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["*"], verbs: ["create"] },
    ]),
    {
      ...rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: "role-maker" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "role-maker" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
    },
  );
  const eve = cluster.clientAs({ name: "eve", groups: ["system:authenticated"] });
  const more = role("more", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }]);
  await refused(
    eve.create(resources.clusterroles, more as never),
    403,
    /^clusterroles\.rbac\.authorization\.k8s\.io "more" is forbidden: user "eve" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get"\]\}$/,
  );
});

Deno.test("a cluster's own components are found out when they are refused something", async () => {
  const cluster = await Cluster.start({ components: false });
  const user = { name: "system:serviceaccount:kube-system:nobody", groups: [] };
  await refused(cluster.clientAs(user).list(resources.pods), 403, /^pods is forbidden/);
  await assert.rejects(async () => await cluster[Symbol.asyncDispose](), /pods is forbidden/);
});
