import assert from "node:assert/strict";
import { Auditor } from "../../control/audit/auditor.ts";
import type { AuditBackend, AuditEvent } from "../../control/audit/event.ts";
import { readAuditPolicy } from "../../control/audit/policy.ts";
import { silentLog } from "../../shared/log/log.ts";
import { Cluster } from "./cluster.ts";

const admin = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const json = { "content-type": "application/json" };

interface Audited {
  readonly cluster: Cluster;
  /** The events so far; forgets them. */
  take(): AuditEvent[];
}

async function withAudit(
  rules: string,
  test: (audited: Audited) => Promise<void>,
  keep: () => boolean = () => true,
): Promise<void> {
  const events: AuditEvent[] = [];
  const backend: AuditBackend = {
    name: "test",
    process: (batch) => {
      events.push(...batch);
      return keep();
    },
    close: () => Promise.resolve(),
  };
  const text = `apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`;
  await using cluster = await Cluster.start({
    components: false,
    server: (clock) => ({
      auditor: new Auditor(readAuditPolicy({ path: "policy", text }), {
        backend,
        clock,
        log: silentLog,
        metrics: { event() {}, level() {}, rejected() {}, failed() {} },
      }),
    }),
  });
  events.length = 0;
  await test({ cluster, take: () => events.splice(0) });
}

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s" },
  data: { password: "aHVudGVyMg==" },
};
const post = (value: unknown) => ({
  user: admin,
  method: "POST",
  headers: { ...json, "user-agent": "test/1", "audit-id": "mine", "x-forwarded-for": "192.0.2.1" },
  body: JSON.stringify(value),
});
const secrets = "/api/v1/namespaces/default/secrets";

Deno.test("an audit of metadata tells who did what, and nothing of what was sent or answered", async () => {
  await withAudit("rules: [{level: Metadata}]", async ({ cluster, take }) => {
    const response = await cluster.request(secrets, post(secret));
    assert.equal(response.headers.get("audit-id"), "mine");
    const events = take();
    assert.deepEqual(events.map(({ stage }) => stage), ["RequestReceived", "ResponseComplete"]);
    const { requestReceivedTimestamp, stageTimestamp, ...rest } = events[1]!;
    assert.match(requestReceivedTimestamp, /^2026-01-01T00:00:\d\d\.\d{6}Z$/);
    assert.match(stageTimestamp, /Z$/);
    assert.deepEqual(rest, {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      auditID: "mine",
      stage: "ResponseComplete",
      requestURI: secrets,
      verb: "create",
      user: { username: "admin", groups: ["system:masters", "system:authenticated"] },
      sourceIPs: ["192.0.2.1"],
      userAgent: "test/1",
      objectRef: { resource: "secrets", namespace: "default", name: "s", apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 201 },
      annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    });
    assert.equal(JSON.stringify(events).includes("aHVudGVyMg"), false);
  });
});

Deno.test("an audit of requests holds the object that was sent and no answer", async () => {
  await withAudit(
    "rules: [{level: Request, omitStages: [RequestReceived]}]",
    async ({ cluster, take }) => {
      await cluster.request(secrets, post(secret));
      const [event] = take();
      assert.deepEqual((event!.requestObject as typeof secret).data, secret.data);
      assert.equal(event!.responseObject, undefined);
    },
  );
});

Deno.test("an audit of requests and responses holds both, without managed fields if they are left out", async () => {
  await withAudit(
    "omitManagedFields: true\nrules: [{level: RequestResponse}]",
    async ({ cluster, take }) => {
      const answer = await cluster.request(secrets, post(secret));
      const { metadata: { managedFields, ...metadata }, ...rest } = await answer.json();
      assert.ok(managedFields.length > 0);
      assert.deepEqual(take()[1]!.responseObject, { ...rest, metadata });
      const list = await cluster.request(secrets, { user: admin });
      const [item] = (await list.json()).items;
      assert.ok(item.metadata.managedFields);
      const [listed] = (take()[1]!.responseObject as { items: (typeof secret)[] }).items;
      assert.equal(listed!.metadata.name, "s");
      assert.equal("managedFields" in listed!.metadata, false);
    },
  );
});

Deno.test("an audit holds a patch, and the same answer in protobuf as in JSON", async () => {
  await withAudit("rules: [{level: RequestResponse}]", async ({ cluster, take }) => {
    await cluster.request(secrets, post(secret));
    take();
    const patch = { data: { more: "eA==" } };
    const response = await cluster.request(`${secrets}/s`, {
      user: admin,
      method: "PATCH",
      headers: {
        "content-type": "application/merge-patch+json",
        accept: "application/vnd.kubernetes.protobuf",
      },
      body: JSON.stringify(patch),
    });
    assert.equal(response.status, 200);
    const [, event] = take();
    assert.deepEqual(event!.requestObject, patch);
    const object = event!.responseObject as typeof secret;
    assert.equal(object.kind, "Secret");
    assert.deepEqual(object.data, { ...secret.data, ...patch.data });
  });
});

Deno.test("an audit says what was refused and why", async () => {
  await withAudit("rules: [{level: Metadata}]", async ({ cluster, take }) => {
    const ada = { name: "ada", groups: ["system:authenticated"] };
    await cluster.request(`${secrets}/s`, { user: ada });
    const [, event] = take();
    assert.equal(event!.annotations?.["authorization.k8s.io/decision"], "forbid");
    assert.deepEqual(event!.responseStatus, {
      metadata: {},
      status: "Failure",
      message:
        'secrets "s" is forbidden: User "ada" cannot get resource "secrets" in API group "" in the namespace "default"',
      reason: "Forbidden",
      details: { name: "s", kind: "secrets" },
      code: 403,
    });
  });
});

Deno.test("an audit records who could not be authenticated, without their credentials", async () => {
  await withAudit("rules: [{level: Metadata}]", async ({ cluster, take }) => {
    const headers = { authorization: "Bearer not-a-token" };
    const response = await cluster.request(secrets, { headers });
    assert.equal(response.status, 401);
    const events = take();
    assert.deepEqual(
      events.map(({ stage, user, responseStatus }) => ({ stage, user, responseStatus })),
      [{
        stage: "ResponseStarted",
        user: {},
        responseStatus: {
          metadata: {},
          message: "Authentication failed, attempted: bearer",
          code: 401,
        },
      }],
    );
    assert.equal(JSON.stringify(events).includes("not-a-token"), false);
  });
});

Deno.test("an audit names whom the caller acts as", async () => {
  await withAudit("rules: [{level: Metadata}]", async ({ cluster, take }) => {
    await cluster.request("/version", { user: admin, headers: { "impersonate-user": "ada" } });
    const [, event] = take();
    assert.equal(event!.user.username, "admin");
    assert.equal(event!.impersonatedUser?.username, "ada");
  });
});

Deno.test("an audit records the beginning and the end of a watch", async () => {
  await withAudit("rules: [{level: RequestResponse}]", async ({ cluster, take }) => {
    const response = await cluster.request(`${secrets}?watch=true&timeoutSeconds=5`, {
      user: admin,
    });
    assert.deepEqual(take().map(({ stage }) => stage), ["RequestReceived", "ResponseStarted"]);
    const text = response.text();
    await cluster.advance(5000);
    await text;
    const [end] = take();
    assert.equal(end!.stage, "ResponseComplete");
    assert.equal(end!.responseObject, undefined);
  });
});

Deno.test("an audit that cannot be kept fails the request before anything is done", async () => {
  let keeps = true;
  await withAudit(
    "rules: [{level: Metadata, resources: [{resources: [secrets]}]}]",
    async ({ cluster }) => {
      keeps = false;
      const response = await cluster.request(secrets, post(secret));
      assert.equal(response.status, 500);
      assert.equal(
        await response.text(),
        `Internal Server Error: "${secrets}": failed to store audit event
`,
      );
      keeps = true;
      assert.equal((await cluster.request(`${secrets}/s`, { user: admin })).status, 404);
    },
    () => keeps,
  );
});

Deno.test("a policy of level None records nothing, but every request has its name", async () => {
  await withAudit("rules: [{level: None}]", async ({ cluster, take }) => {
    const response = await cluster.request("/version", { user: admin });
    assert.match(response.headers.get("audit-id")!, /^[0-9a-f-]{36}$/);
    assert.deepEqual(take(), []);
  });
});

Deno.test("an audit tells which webhooks were asked, and that one failed and was ignored", async () => {
  await withAudit("rules: [{level: Metadata}]", async ({ cluster, take }) => {
    await cluster.create({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "m" },
      webhooks: [{
        name: "m.example.com",
        clientConfig: { url: "https://192.0.2.1" },
        rules: [{
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["*"],
          resources: ["secrets"],
        }],
        failurePolicy: "Ignore",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      }],
    });
    take();
    await cluster.request(secrets, post(secret));
    const { annotations } = take().at(-1)!;
    const prefix = "mutation.webhook.admission.k8s.io/round_0_index_0";
    assert.equal(annotations?.[`failed-open.${prefix}`], "m.example.com");
    assert.equal(
      annotations?.[prefix],
      '{"configuration":"m","webhook":"m.example.com","mutated":false}',
    );
  });
});
