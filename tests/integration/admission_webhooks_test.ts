import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { dialTcp } from "../../shared/stream/dial_tcp.ts";
import {
  answerJson,
  jsonBody,
  startTestServer,
  type TestServer,
} from "../../control/webhook/testing/https_server.ts";
import { Cluster, type Written } from "./cluster.ts";
import { deploymentOf } from "./objects.ts";

interface Asked {
  readonly uid: string;
  readonly kind: { readonly kind: string };
  readonly operation: string;
  readonly name?: string;
  readonly subResource?: string;
  readonly object: Written | null;
  readonly oldObject: Written | null;
  readonly options: object | null;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
}
type Response = { readonly allowed: boolean; readonly [field: string]: unknown };

interface Lab extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly asked: Asked[];
  configure(type: "Mutating" | "Validating", name: string, more: object): Promise<void>;
}

const loopback = {
  dial: (to: { readonly host: string; readonly port: number }) =>
    dialTcp(to, { clock: systemClock }),
};
const rules = [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }];

/** A cluster and a webhook on loopback that `decide` speaks for. */
async function lab(decide: (asked: Asked) => Response): Promise<Lab> {
  const asked: Asked[] = [];
  const server: TestServer = await startTestServer(async (incoming, outgoing) => {
    const { request, ...review } = await jsonBody(incoming) as { readonly request: Asked };
    asked.push(request);
    answerJson(outgoing, { ...review, response: { uid: request.uid, ...decide(request) } });
  }, { now: systemClock.now() });
  const cluster = await Cluster.start({ components: false, network: loopback });
  return {
    cluster,
    asked,
    async configure(type, name, more) {
      await cluster.create({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: `${type}WebhookConfiguration`,
        metadata: { name },
        webhooks: [{
          name: `${name}.example.com`,
          clientConfig: {
            url: `https://127.0.0.1:${server.port}/${name}`,
            caBundle: server.caBundle,
          },
          rules,
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          ...more,
        }],
      });
    },
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const namespace = "default";
const configMap: Written = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a" },
  data: { k: "v" },
};
const patch = (...operations: readonly object[]) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: btoa(JSON.stringify(operations)),
});
const messageOf = (request: Promise<unknown>) =>
  request.then(() => assert.fail("it went through"), (error: StatusError) => error.message);

Deno.test("a mutating webhook changes what is created, and what it made is validated", async () => {
  await using it = await lab(({ object }) =>
    object?.metadata.name === "bad"
      ? patch({ op: "replace", path: "/metadata/labels", value: { "not valid": "" } })
      : patch({ op: "add", path: "/data/added", value: "yes" })
  );
  const { cluster, asked } = it;
  await it.configure("Mutating", "m", {});
  await cluster.create(configMap);
  const made = await cluster.admin.get(resources.configmaps, { namespace, name: "a" });
  assert.deepEqual(made.data, { added: "yes", k: "v" });
  const [first] = asked;
  assert.equal(first!.userInfo.username, "admin");
  assert.deepEqual(first!.options, { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" });
  assert.deepEqual(first!.object!.data, { k: "v" });
  const bad = { ...configMap, metadata: { name: "bad", labels: { a: "b" } } };
  assert.match(
    await messageOf(cluster.create(bad)),
    /metadata\.labels: Invalid value: "not valid"/,
  );
});

Deno.test("a validating webhook judges updates, patches and deletes by what was there and will be", async () => {
  await using it = await lab(({ operation, object, oldObject }) => ({
    allowed: operation === "CREATE" ||
      operation === "UPDATE" && (object!.data as { k: string }).k !== "no",
    status: { message: `${operation} of ${(oldObject?.data as { k: string })?.k}`, code: 403 },
  }));
  const { cluster, asked } = it;
  await it.configure("Validating", "v", {});
  await cluster.create(configMap);
  const ref = { namespace, name: "a" };
  await cluster.patch(resources.configmaps, ref, { data: { k: "w" } });
  assert.equal(
    await messageOf(cluster.patch(resources.configmaps, ref, { data: { k: "no" } })),
    'admission webhook "v.example.com" denied the request: UPDATE of w',
  );
  assert.equal(
    await messageOf(cluster.admin.delete(resources.configmaps, ref)),
    'admission webhook "v.example.com" denied the request: DELETE of w',
  );
  const last = asked.at(-1)!;
  assert.deepEqual([last.object, last.name], [null, "a"]);
  assert.equal((last.options as { kind: string }).kind, "DeleteOptions");
});

Deno.test("a dry run is told as such, and refused where a webhook would leave traces", async () => {
  await using it = await lab(() => ({ allowed: true }));
  const { cluster, asked } = it;
  await it.configure("Validating", "v", { sideEffects: "NoneOnDryRun" });
  const response = await cluster.request(
    "/api/v1/namespaces/default/configmaps?dryRun=All&fieldManager=me",
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(configMap),
      user: { name: "admin", groups: ["system:masters"] },
    },
  );
  assert.equal(response.status, 201);
  assert.equal(asked[0]!.dryRun, true);
  assert.deepEqual(asked[0]!.options, {
    kind: "CreateOptions",
    apiVersion: "meta.k8s.io/v1",
    dryRun: ["All"],
    fieldManager: "me",
  });
});

Deno.test("webhooks see a Scale for the scale subresource and options for a connection", async () => {
  await using it = await lab(({ operation, subResource }) => ({
    allowed: operation !== "CONNECT",
    status: { message: `no ${subResource}` },
  }));
  const { cluster, asked } = it;
  await cluster.create(deploymentOf("web", 1));
  await it.configure("Validating", "v", {});
  const scale = `/apis/apps/v1/namespaces/default/deployments/web/scale`;
  const user = { name: "admin", groups: ["system:masters"] };
  const scaled = await cluster.request(scale, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: '{"spec":{"replicas":3}}',
    user,
  });
  assert.equal(scaled.status, 200);
  const [request] = asked;
  assert.equal(request!.kind.kind, "Scale");
  assert.equal(request!.subResource, "scale");
  const replicas = (object: KubeObject | null) =>
    (object as unknown as { spec: { replicas: number } }).spec.replicas;
  assert.deepEqual([request!.oldObject, request!.object].map(replicas), [1, 3]);
  const exec = "/api/v1/namespaces/default/pods/p/exec?command=ls&command=-l&stdout=true&tty=0";
  const refused = await cluster.request(exec, { method: "POST", user });
  const message = 'admission webhook "v.example.com" denied the request: no exec';
  assert.equal((await refused.json() as { readonly message: string }).message, message);
  const { object, operation, name, options } = asked.at(-1)!;
  assert.deepEqual([operation, name, options], ["CONNECT", "p", null]);
  assert.deepEqual(object, {
    kind: "PodExecOptions",
    apiVersion: "v1",
    stdout: true,
    command: ["ls", "-l"],
  });
});
