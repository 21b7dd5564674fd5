import assert from "node:assert/strict";
import type { HistoryAnswer } from "../../control/endpoints/past/object_history.ts";
import type { UserRef } from "../../shared/client/message_port_transport.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { Cluster } from "./cluster.ts";

const namespace = "default";
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
const groups = ["system:authenticated"];
const admin: UserRef = { name: "admin", groups: ["system:masters", ...groups] };
/** May get ConfigMaps and nothing else. */
const reader: UserRef = { name: "reader", groups };

async function ask(cluster: Cluster, path: string, user = admin) {
  const response = await cluster.request(path, { user });
  return { status: response.status, body: await response.json() };
}

/** Three states of a ConfigMap a minute apart, then its end, and another one of that name. */
async function setUp() {
  const cluster = await Cluster.start({ components: false });
  const { clock } = cluster;
  const times: string[] = [];
  const revisions: string[] = [];
  const note = async (made?: KubeObject) => {
    times.push(new Date(clock.now()).toISOString());
    if (made) revisions.push(made.metadata.resourceVersion!);
    await cluster.advance(60_000);
  };
  await cluster.create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "reader", namespace },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
  }, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "reader", namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "reader" }],
  });
  const ref = { namespace, name: "a" };
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: ref };
  await note();
  await note(await cluster.admin.create(resources.configmaps, { ...configMap, data: { n: "1" } }));
  await note(await cluster.patch(resources.configmaps, ref, { data: { n: "2" } }));
  await cluster.create({ ...configMap, metadata: { namespace, name: "ab" } });
  await note(await cluster.patch(resources.configmaps, ref, { data: { n: "3" } }));
  await cluster.admin.delete(resources.configmaps, ref);
  await note();
  await note(await cluster.admin.create(resources.configmaps, { ...configMap, data: { n: "4" } }));
  return { cluster, times, revisions };
}

Deno.test("asOf gives an object and a list as they were at a revision or time", async () => {
  const { cluster, times, revisions } = await setUp();
  await using _ = cluster;
  for (const [index, asOf] of [...times.slice(1, 4), ...revisions.slice(0, 3)].entries()) {
    const n = String(index % 3 + 1);
    const query = `asOf=${encodeURIComponent(asOf)}`;
    const one = await ask(cluster, `${configMaps}/a?${query}`);
    assert.equal(one.status, 200);
    assert.deepEqual(one.body.data, { n });
    assert.equal(one.body.metadata.resourceVersion, revisions[index % 3]);
    const { body } = await ask(cluster, `${configMaps}?${query}`);
    const found = body.items.find((item: KubeObject) => item.metadata.name === "a");
    assert.deepEqual(found.data, { n });
  }
  for (const asOf of [times[0]!, times[4]!]) {
    const { status, body } = await ask(cluster, `${configMaps}/a?asOf=${asOf}`);
    assert.equal(status, 404);
    assert.equal(body.message, 'configmaps "a" not found');
  }
  const later = new Date(cluster.clock.now() + 60_000).toISOString();
  assert.deepEqual((await ask(cluster, `${configMaps}/a?asOf=${later}`)).body.data, { n: "4" });
});

Deno.test("asOf goes page by page through one state", async () => {
  const { cluster, times } = await setUp();
  await using _ = cluster;
  const first = await ask(cluster, `${configMaps}?limit=1&asOf=${times[3]}`);
  assert.equal(first.body.items[0].metadata.name, "a");
  const token = first.body.metadata.continue;
  const second = await ask(cluster, `${configMaps}?limit=1&asOf=${times[3]}&continue=${token}`);
  assert.equal(second.body.items[0].metadata.name, "ab");
  assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
});

const refusals: readonly [title: string, query: string, code: number, message: RegExp][] = [
  ["of no meaning", "asOf=yesterday", 400, /asOf must be a resource version or a time/],
  ["that is no date", "asOf=2026-13-45T99:00:00Z", 400, /asOf must be/],
  ["beside a resource version", "asOf=5&resourceVersion=5", 400, /not allowed when using asOf/],
  ["from before what is kept", "asOf=1970-01-02T00:00:00Z", 410, /is not kept any more/],
];
for (const [title, query, code, message] of refusals) {
  Deno.test(`asOf is refused ${title}`, async () => {
    const { cluster } = await setUp();
    await using _ = cluster;
    for (const path of [configMaps, `${configMaps}/a`]) {
      const { status, body } = await ask(cluster, `${path}?${query}`);
      assert.equal(status, code, JSON.stringify(body));
      assert.match(body.message, message);
    }
  });
}

Deno.test("asOf is refused for an object of a revision that is compacted", async () => {
  const { cluster, revisions } = await setUp();
  await using _ = cluster;
  await cluster.storage.compact(Number(revisions[1]) as never);
  const { status, body } = await ask(cluster, `${configMaps}/a?asOf=${revisions[0]}`);
  assert.equal(status, 410);
  assert.equal(body.reason, "Expired");
  assert.equal((await ask(cluster, `${configMaps}/a?asOf=${revisions[1]}`)).status, 200);
});

Deno.test("history=true lists what became of a name, with times", async () => {
  const { cluster, times, revisions } = await setUp();
  await using _ = cluster;
  const { body } = await ask(cluster, `${configMaps}/a?history=true`);
  const { items } = body as HistoryAnswer;
  assert.deepEqual(items.map(({ type }) => type), [
    "ADDED",
    "MODIFIED",
    "MODIFIED",
    "DELETED",
    "ADDED",
  ]);
  assert.deepEqual(
    items.map(({ time }) => Date.parse(time!)),
    times.slice(1).map((time) => Date.parse(time)),
  );
  assert.deepEqual(
    items.filter(({ type }) => type !== "DELETED").map(({ revision }) => revision),
    revisions,
  );
  const values = items.map(({ object }) => (object as { data?: { n: string } }).data?.n);
  assert.deepEqual(values, ["1", "2", "3", "3", "4"]);
  for (const { revision, object } of items) assert.equal(object.metadata.resourceVersion, revision);
});

Deno.test("history=true begins with what was before the oldest change that is kept", async () => {
  const { cluster, revisions } = await setUp();
  await using _ = cluster;
  await cluster.storage.compact(Number(revisions[1]) as never);
  const { items } = (await ask(cluster, `${configMaps}/a?history=true`)).body as HistoryAnswer;
  assert.deepEqual(items.map(({ type }) => type), ["KEPT", "MODIFIED", "DELETED", "ADDED"]);
  assert.equal(items[0]!.revision, revisions[1]);
  const other = (await ask(cluster, `${configMaps}/ab?history=true`)).body as HistoryAnswer;
  assert.deepEqual(other.items.map(({ type }) => type), ["ADDED"]);
  assert.equal((await ask(cluster, `${configMaps}/never?history=true`)).status, 404);
});

Deno.test("history=true answers the newest hundred changes", async () => {
  const { cluster } = await setUp();
  await using _ = cluster;
  for (let n = 0; n < 120; n++) {
    await cluster.patch(resources.configmaps, { namespace, name: "a" }, { data: { n: `x${n}` } });
  }
  const { items } = (await ask(cluster, `${configMaps}/a?history=true`)).body as HistoryAnswer;
  assert.equal(items.length, 101);
  assert.equal(items[0]!.type, "KEPT");
  const values = items.slice(-2).map(({ object }) => (object as { data?: { n: string } }).data?.n);
  assert.deepEqual(values, ["x118", "x119"]);
});

Deno.test("The past is shown to who may see the present, and to nobody else", async () => {
  const { cluster, times } = await setUp();
  await using _ = cluster;
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace } };
  await cluster.create({ ...secret, stringData: { password: "one" } });
  const now = new Date(cluster.clock.now()).toISOString();
  assert.equal((await ask(cluster, `${configMaps}/a?asOf=${times[2]}`, reader)).status, 200);
  assert.equal((await ask(cluster, `${configMaps}/a?history=true`, reader)).status, 200);
  const denied = [
    `${configMaps}?asOf=${times[2]}`,
    `/api/v1/configmaps?asOf=${times[2]}`,
    `/api/v1/namespaces/${namespace}/secrets?asOf=${now}`,
    `/api/v1/namespaces/${namespace}/secrets/s?asOf=${now}`,
    `/api/v1/namespaces/${namespace}/secrets/s?history=true`,
  ];
  for (const path of denied) assert.equal((await ask(cluster, path, reader)).status, 403, path);
  assert.equal((await ask(cluster, denied.at(-1)!)).status, 200);
});

Deno.test("The past is shown as a table, as metadata and in another version, like the present", async () => {
  const { cluster, times } = await setUp();
  await using _ = cluster;
  const as = async (path: string, form: string) => {
    const headers = { accept: `application/json;as=${form};v=v1;g=meta.k8s.io` };
    const response = await cluster.request(path, { user: admin, headers });
    return await response.json();
  };
  const table = await as(`${configMaps}?asOf=${times[3]}`, "Table");
  assert.deepEqual(table.rows.map((row: { cells: unknown[] }) => row.cells[0]), ["a", "ab"]);
  const one = await as(`${configMaps}/a?asOf=${times[3]}`, "PartialObjectMetadata");
  assert.equal(one.kind, "PartialObjectMetadata");
});
