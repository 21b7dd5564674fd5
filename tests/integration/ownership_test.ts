import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { ManagedFieldsEntry, Status } from "../../shared/meta/types.gen.ts";
import { Cluster } from "./cluster.ts";
import { deploymentOf } from "./objects.ts";

const user = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const namespace = "default";
const web = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;

interface Sent {
  readonly method?: string;
  readonly type?: string;
  readonly body: unknown;
}

async function send<T extends KubeObject | Status>(
  cluster: Cluster,
  path: string,
  { method = "PATCH", type = "application/json", body }: Sent,
): Promise<T> {
  const init = { method, user, headers: { "content-type": type, "user-agent": "test/1" } };
  const response = await cluster.request(path, { ...init, body: JSON.stringify(body) });
  return await response.json() as T;
}

/** Who owns what, in short: `manager operation subresource`. */
function ownersOf(
  { metadata }: { metadata: { managedFields?: ManagedFieldsEntry[] | undefined } },
) {
  return (metadata.managedFields ?? []).map(({ manager, operation, subresource = "" }) =>
    `${manager} ${operation} ${subresource}`.trim()
  );
}

function scaleTo(replicas: number) {
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "web" },
    spec: { replicas },
  };
}

Deno.test("a scale takes the replicas from their owner, and apply asks before it does", async () => {
  await using cluster = await Cluster.start({ components: false });
  const deployment = deploymentOf("web", 1);
  await send(cluster, `${web}?fieldManager=owner`, {
    type: "application/apply-patch+yaml",
    body: { ...deployment, apiVersion: "apps/v1", kind: "Deployment" },
  });
  const apply = (force: boolean) =>
    send<Status>(cluster, `${web}/scale?fieldManager=scaler&force=${force}`, {
      type: "application/apply-patch+yaml",
      body: scaleTo(3),
    });
  const refused = await apply(false);
  assert.equal(
    refused.message,
    'Apply failed with 1 conflict: conflict with "owner": .spec.replicas',
  );
  await apply(true);
  const current = await cluster.admin.get(resources.deployments, { namespace, name: "web" });
  assert.equal(current.spec!.replicas, 3);
  assert.deepEqual(ownersOf(current), ["scaler Apply scale", "owner Apply"]);
  assert.equal(JSON.stringify(current.metadata.managedFields![1]).includes("f:replicas"), false);
});

Deno.test("a scale with an old resourceVersion is refused", async () => {
  await using cluster = await Cluster.start({ components: false });
  await cluster.create(deploymentOf("web", 1));
  const { metadata } = await cluster.admin.get(resources.deployments, { namespace, name: "web" });
  const put = () =>
    send<Status>(cluster, `${web}/scale`, {
      method: "PUT",
      body: { ...scaleTo(2), metadata: { name: "web", resourceVersion: metadata.resourceVersion } },
    });
  assert.equal((await put()).kind, "Scale");
  assert.equal((await put()).reason, "Conflict");
});

Deno.test("a PUT that changes nothing writes nothing, and a dry run tells the stored resourceVersion", async () => {
  await using cluster = await Cluster.start({ components: false });
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } };
  const all = `/api/v1/namespaces/${namespace}/configmaps`;
  const created = await send<KubeObject>(cluster, all, { method: "POST", body });
  const same = await send<KubeObject>(cluster, `${all}/a`, { method: "PUT", body });
  const other = { ...body, data: { k: "w" } };
  const dry = await send<KubeObject>(cluster, `${all}/a?dryRun=All`, {
    method: "PUT",
    body: other,
  });
  assert.equal(same.metadata.resourceVersion, created.metadata.resourceVersion);
  assert.equal(dry.metadata.resourceVersion, created.metadata.resourceVersion);
});

Deno.test("a new object may not bring a resourceVersion, nor what only the server sets", async () => {
  await using cluster = await Cluster.start({ components: false });
  const all = `/api/v1/namespaces/${namespace}/configmaps`;
  const create = (metadata: object) =>
    send<KubeObject & Status>(cluster, all, {
      method: "POST",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata } },
    });
  const refused = await create({ resourceVersion: "5" });
  assert.equal(refused.message, "resourceVersion should not be set on objects to be created");
  const created = await create({ uid: "mine", deletionTimestamp: "2020-01-01T00:00:00Z" });
  assert.notEqual(created.metadata.uid, "mine");
  assert.equal(created.metadata.deletionTimestamp, undefined);
  assert.deepEqual(ownersOf(created as KubeObject), []);
});

Deno.test("a token request is answered with its defaults owned by who asked", async () => {
  await using cluster = await Cluster.start();
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`;
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const answer = await send<KubeObject>(cluster, path, { method: "POST", body });
  assert.deepEqual(ownersOf(answer), ["test Update token"]);
});

Deno.test("a FlowSchema says whether its priority level is there", async () => {
  await using cluster = await Cluster.start({ components: false });
  const group = "flowcontrol.apiserver.k8s.io/v1";
  await cluster.create({
    apiVersion: group,
    kind: "FlowSchema",
    metadata: { name: "mine" },
    spec: { priorityLevelConfiguration: { name: "late" } },
  });
  const dangling = async () => {
    await cluster.settle();
    const { status } = await cluster.admin.get(resources.flowschemas, { name: "mine" });
    return status?.conditions?.find(({ type }) => type === "Dangling")?.status;
  };
  assert.equal(await dangling(), "True");
  await cluster.create({
    apiVersion: group,
    kind: "PriorityLevelConfiguration",
    metadata: { name: "late" },
    spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } },
  });
  assert.equal(await dangling(), "False");
});
