import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";

const user = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const definitionName = "widgets.example.com";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const group = "/apis/example.com";
const widgets = `${group}/v1/namespaces/default/widgets`;
const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io";

const text = { type: "string" };
const spec = {
  type: "object",
  properties: {
    size: { type: "integer", minimum: 1, default: 3 },
    replicas: { type: "integer" },
    color: { type: "string", enum: ["red", "blue"] },
    parts: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", required: ["name"], properties: { name: text, value: text } },
    },
  },
};
const status = {
  type: "object",
  properties: { replicas: { type: "integer" }, selector: text },
};
const schema = { openAPIV3Schema: { type: "object", properties: { spec, status } } };
const version = {
  served: true,
  schema,
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  },
  additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
};
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: definitionName },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget", shortNames: ["wd"] },
    versions: [{ ...version, name: "v1", storage: true }, {
      ...version,
      name: "v2",
      storage: false,
    }],
  },
};

interface Cause {
  readonly field: string;
  readonly message: string;
}

/** The fields of answers that these tests read; an answer has those of its kind. */
interface Answer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly generation: number; readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: { readonly conditions?: { type: string; status: string }[] } | undefined;
  readonly reason: string;
  readonly message: string;
  readonly details: { readonly causes: readonly Cause[] };
  readonly items: readonly unknown[];
  readonly resources: readonly { readonly name: string }[];
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
  readonly paths: Readonly<Record<string, unknown>>;
}

interface DeletedEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string } };
}

interface Sent {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
}

async function send(
  cluster: Cluster,
  line: string,
  { body, type = "application/json", accept = "application/json" }: Sent = {},
): Promise<{ readonly code: number; readonly body: Answer }> {
  const [method = "", path = ""] = line.split(" ");
  const response = await cluster.request(path, {
    method,
    user,
    headers: { accept, "content-type": type },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { code: response.status, body: await response.json() as Answer };
}

async function startWithWidgets(): Promise<Cluster> {
  const cluster = await Cluster.start({ components: false });
  await cluster.create(definition);
  await cluster.until("the definition is established", async () => {
    const { body } = await send(cluster, `GET ${definitions}/${definitionName}`);
    const conditions = body.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === "Established" && status === "True");
  });
  return cluster;
}

function widget(name: string, fields: unknown, rest: object = {}) {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name },
    spec: fields,
    ...rest,
  };
}

Deno.test("custom resources are defaulted, pruned and refused by their schema", async () => {
  await using cluster = await startWithWidgets();
  const made = await send(cluster, `POST ${widgets}`, {
    body: widget("a", { color: "red", unknown: 1 }, { status: { replicas: 9 } }),
  });
  assert.equal(made.code, 201);
  assert.deepEqual(made.body.spec, { color: "red", size: 3 });
  assert.equal(made.body.status, undefined, "status is only written by its subresource");
  assert.equal(made.body.metadata.generation, 1);
  const refused = await send(cluster, `POST ${widgets}`, {
    body: widget("b", { color: "green", size: 0 }),
  });
  assert.equal(refused.code, 422);
  assert.equal(refused.body.reason, "Invalid");
  const { causes } = refused.body.details;
  assert.deepEqual(causes.map(({ field, message }) => `${field}: ${message}`).toSorted(), [
    'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
  ]);
  const strict = await send(cluster, `POST ${widgets}?fieldValidation=Strict`, {
    body: widget("c", { unknown: 1 }),
  });
  assert.equal(strict.code, 400);
  assert.match(strict.body.message, /strict decoding error: unknown field "spec.unknown"$/);
});

Deno.test("custom resources have status, scale, columns and both versions", async () => {
  await using cluster = await startWithWidgets();
  await cluster.create(widget("a", { replicas: 1 }));
  const type = "application/merge-patch+json";
  const stated = await send(cluster, `PATCH ${widgets}/a/status`, {
    type,
    body: { spec: { size: 8 }, status: { replicas: 1, selector: "app=a" } },
  });
  assert.deepEqual([stated.body.spec.size, stated.body.status, stated.body.metadata.generation], [
    3,
    { replicas: 1, selector: "app=a" },
    1,
  ]);
  const scaled = await send(cluster, `PATCH ${widgets}/a/scale`, {
    type,
    body: { spec: { replicas: 4 } },
  });
  assert.equal(scaled.body.kind, "Scale");
  assert.deepEqual(scaled.body.spec, { replicas: 4 });
  assert.deepEqual(scaled.body.status, { replicas: 1, selector: "app=a" });
  const table = await send(cluster, `GET ${widgets}`, { accept: asTable });
  const columns = table.body.columnDefinitions;
  assert.deepEqual(columns.map(({ name }) => name), ["Name", "Size"]);
  assert.deepEqual(table.body.rows[0]?.cells, ["a", 3]);
  const other = await send(cluster, `GET ${widgets.replace("v1", "v2")}/a`);
  assert.equal(other.body.apiVersion, "example.com/v2");
  assert.deepEqual(other.body.spec, { replicas: 4, size: 3 });
});

Deno.test("server-side apply owns the items of a custom list map by their keys", async () => {
  await using cluster = await startWithWidgets();
  const type = "application/apply-patch+yaml";
  const apply = (manager: string, name: string, value: string) =>
    send(cluster, `PATCH ${widgets}/a?fieldManager=${manager}`, {
      type,
      body: widget("a", { parts: [{ name, value }] }),
    });
  assert.equal((await apply("one", "x", "1")).code, 201);
  const merged = await apply("two", "y", "2");
  assert.equal(merged.code, 200);
  assert.deepEqual(merged.body.spec.parts, [{ name: "x", value: "1" }, { name: "y", value: "2" }]);
  const conflict = await apply("two", "x", "3");
  assert.equal(conflict.code, 409);
  assert.equal(conflict.body.details.causes[0]?.field, '.spec.parts[name="x"].value');
});

Deno.test("discovery and OpenAPI follow a definition, and its objects go with it", async () => {
  await using cluster = await startWithWidgets();
  await cluster.create(widget("a", {}));
  const listed = await send(cluster, `GET ${group}/v1`);
  const found = listed.body.resources;
  assert.deepEqual(found.map(({ name }) => name).toSorted(), [
    "widgets",
    "widgets/scale",
    "widgets/status",
  ]);
  const { body: openapi } = await send(cluster, "GET /openapi/v3");
  assert.ok(openapi.paths["apis/example.com/v1"] && openapi.paths["apis/example.com/v2"]);
  const { body: paths } = await send(cluster, "GET /openapi/v3/apis/example.com/v1");
  assert.ok(paths.paths["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]);

  const { body: list } = await send(cluster, `GET ${widgets}`);
  const from = `watch=true&resourceVersion=${list.metadata.resourceVersion}`;
  const watch = await cluster.request(`${widgets}?${from}`, { user });
  await cluster.admin.delete(resources.customresourcedefinitions, { name: definitionName });
  await cluster.until("the definition is gone", async () => {
    return (await send(cluster, `GET ${definitions}/${definitionName}`)).code === 404;
  });
  const events = (await watch.text()).trim().split("\n").map((line) =>
    JSON.parse(line) as DeletedEvent
  );
  assert.deepEqual(
    events.filter(({ type }) => type === "DELETED").map(({ object }) => object.metadata.name),
    ["a"],
  );
  assert.equal((await cluster.request(`${widgets}/a`, { user })).status, 404);
  const after = await send(cluster, "GET /openapi/v3");
  assert.equal(after.body.paths["apis/example.com/v1"], undefined);
  await cluster.create(definition);
  await cluster.until("the kind is served again", async () => {
    return (await cluster.request(widgets, { user })).status === 200;
  });
  assert.deepEqual((await send(cluster, `GET ${widgets}`)).body.items, []);
});
