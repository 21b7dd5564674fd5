import assert from "node:assert/strict";
import type {
  MutatingWebhook,
  ValidatingWebhook,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { builtinKinds } from "../../../shared/api/mod.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { WebhookError } from "../../webhook/webhook_error.ts";
import type { WebhookTarget } from "../../webhook/webhook_endpoint.ts";
import { PluginChain } from "../chain.ts";
import { RegistryEquivalents } from "../match/registry_equivalents.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { mutatingAdmissionWebhook } from "./mutating_admission_webhook.ts";
import { validatingAdmissionWebhook } from "./validating_admission_webhook.ts";

type Request = ReturnType<typeof import("./admission_review.ts").admissionReview>["request"];
/** What a fake webhook answers: a response without its uid, a patch, or a failure. */
type Answer = { readonly allowed?: boolean; readonly [field: string]: unknown } | Error;
type Webhook = Partial<ValidatingWebhook & MutatingWebhook>;

const configMaps = builtinKinds.find(({ plural }) => plural === "configmaps")!;
const rules = [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }];

/** A cluster with webhooks that are called by the path of their URL. */
class Lab {
  readonly harness = new AdmissionHarness().put("/namespaces", {
    metadata: { name: "n", labels: { team: "red" } },
  });
  readonly calls: Request[] = [];
  readonly called: string[] = [];
  readonly timeouts: (number | undefined)[] = [];
  readonly annotations: Record<string, string> = {};
  readonly #answers: Readonly<Record<string, (request: Request) => Answer>>;

  constructor(answers: Readonly<Record<string, Answer | ((request: Request) => Answer)>>) {
    this.#answers = Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [
        name,
        typeof answer === "function" ? answer : () => answer,
      ]),
    );
  }

  configure(type: "mutating" | "validating", name: string, ...webhooks: readonly Webhook[]): this {
    const path = `admissionregistration.k8s.io/${type}webhookconfigurations`;
    this.harness.put(path, {
      metadata: { name },
      webhooks: webhooks.map((webhook) => ({
        name: "hook",
        clientConfig: { url: `https://hooks/${webhook.name ?? "hook"}` },
        rules,
        failurePolicy: "Fail",
        matchPolicy: "Equivalent",
        namespaceSelector: {},
        objectSelector: {},
        sideEffects: "None",
        timeoutSeconds: 10,
        admissionReviewVersions: ["v1"],
        ...webhook,
      })),
    });
    return this;
  }

  plugins(): readonly AdmissionPlugin[] {
    const deps = {
      reader: this.harness.dependencies.reader,
      random: this.harness.dependencies.random,
      kinds: new RegistryEquivalents({
        generation: 1,
        all: () => builtinKinds.map((kind) => ({ kind })),
      }),
      conditions: (webhook: ValidatingWebhook | MutatingWebhook) => {
        const [{ expression } = { expression: "" }] = webhook.matchConditions ?? [];
        if (expression === "error") throw new Error("no such key: x");
        return expression === "true";
      },
      client: { post: this.#post.bind(this) },
      log: silentLog,
    };
    return [mutatingAdmissionWebhook(deps), validatingAdmissionWebhook(deps)];
  }

  attributes(object: object, more: Partial<Attributes> = {}): Attributes {
    return this.harness.attributes("/configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      ...object,
    }, {
      kind: configMaps,
      annotate: (key, value) => void (this.annotations[key] = value),
      ...more,
    });
  }

  async write(object: object, more: Partial<Attributes> = {}): Promise<KubeObject> {
    const attributes = this.attributes(object, more);
    const chain = new PluginChain(this.plugins());
    await chain.admit(attributes);
    await chain.validate(attributes);
    return attributes.object!;
  }

  async refusal(object: object = named, more: Partial<Attributes> = {}): Promise<StatusError> {
    const error = await this.write(object, more).then(() => undefined, (error: unknown) => error);
    assert.ok(error instanceof StatusError, String(error));
    return error;
  }

  async #post(
    { url }: WebhookTarget,
    review: unknown,
    options: { readonly timeoutMs?: number | undefined } = {},
  ): Promise<unknown> {
    const { request, apiVersion } = review as { request: Request; apiVersion: string };
    const name = new URL(url!).pathname.slice(1);
    this.calls.push(structuredClone(request));
    this.called.push(name);
    this.timeouts.push(options.timeoutMs);
    const answer = this.#answers[name]!(request);
    if (answer instanceof Error) throw answer;
    return { kind: "AdmissionReview", apiVersion, response: { uid: request.uid, ...answer } };
  }
}

const named = { metadata: { name: "a" }, data: { k: "v" } };
const allowed = { allowed: true };
const patching = (...operations: readonly object[]) => ({
  allowed: true,
  patch: btoa(JSON.stringify(operations)),
  patchType: "JSONPatch",
});
const add = (key: string, value = "1") => patching({ op: "add", path: `/data/${key}`, value });
const dataOf = (object: KubeObject) => (object as unknown as { data: object }).data;

Deno.test("mutating webhooks see what those before made, configurations in the order of their names", async () => {
  const lab = new Lab({ one: add("one"), two: add("two"), three: allowed })
    .configure("mutating", "b", { name: "three" })
    .configure("mutating", "a", { name: "one", timeoutSeconds: 3 }, { name: "two" });
  assert.deepEqual(dataOf(await lab.write(named)), { k: "v", one: "1", two: "1" });
  assert.deepEqual(lab.called, ["one", "two", "three"]);
  assert.deepEqual(lab.timeouts, [3000, 10000, 10000]);
  assert.deepEqual(dataOf(lab.calls[2]!.object!), { k: "v", one: "1", two: "1" });
});

Deno.test("a mutating webhook that asks for it is called again when somebody changed the object after it", async () => {
  const lab = new Lab({
    first: allowed,
    counter: ({ object }) => add("count", String(Object.keys(dataOf(object!)).length)),
    last: ({ object }) => "last" in dataOf(object!) ? allowed : add("last"),
  }).configure(
    "mutating",
    "a",
    { name: "first" },
    { name: "counter", reinvocationPolicy: "IfNeeded" },
    { name: "last", reinvocationPolicy: "IfNeeded" },
  );
  const object = await lab.write(named);
  assert.deepEqual(lab.called, ["first", "counter", "last", "counter", "last"]);
  assert.deepEqual(dataOf(object), { k: "v", count: "3", last: "1" });
});

Deno.test("a plugin of the server that undoes a webhook's change has it called again", async () => {
  const lab = new Lab({ hook: ({ object }) => "x" in dataOf(object!) ? allowed : add("x") })
    .configure("mutating", "a", { reinvocationPolicy: "IfNeeded" });
  const undo: AdmissionPlugin = {
    name: "Undo",
    admit: ({ object }) => void delete (dataOf(object!) as Record<string, unknown>).x,
  };
  const attributes = lab.attributes(named);
  await new PluginChain([undo, ...lab.plugins()]).admit(attributes);
  assert.equal(lab.called.length, 2);
  assert.deepEqual(dataOf(attributes.object!), { k: "v", x: "1" });
});

Deno.test("webhooks are not called for what their rules, selectors or conditions leave out", async () => {
  const lab = new Lab({ hook: { allowed: false } }).configure(
    "validating",
    "a",
    { rules: [{ ...rules[0]!, resources: ["pods"] }] },
    { objectSelector: { matchLabels: { app: "x" } } },
    { namespaceSelector: { matchLabels: { team: "blue" } } },
    { matchConditions: [{ name: "c", expression: "false" }] },
  );
  await lab.write(named);
  assert.deepEqual(lab.called, []);
});

Deno.test("no webhook is asked about the configuration of webhooks or about reviews of permissions", async () => {
  const lab = new Lab({ hook: { allowed: false } }).configure("validating", "a", {});
  for (const plural of ["mutatingwebhookconfigurations", "subjectaccessreviews"]) {
    const kind = builtinKinds.find((one) => one.plural === plural)!;
    await lab.write(named, { kind, namespace: "" });
  }
  assert.deepEqual(lab.called, []);
});

interface Refused {
  readonly title: string;
  readonly answer: Answer;
  readonly type?: "mutating" | "validating";
  readonly webhook?: Webhook;
  readonly more?: Partial<Attributes>;
  readonly message: string;
  readonly code: number;
  readonly reason?: string;
}

const refusals: readonly Refused[] = [
  {
    title: "without a word",
    answer: { allowed: false },
    message: 'admission webhook "hook" denied the request without explanation',
    code: 400,
  },
  {
    title: "with a reason and a code below 400",
    answer: { allowed: false, status: { reason: "Forbidden", code: 200, status: "Success" } },
    message: 'admission webhook "hook" denied the request: Forbidden',
    code: 400,
    reason: "Forbidden",
  },
  {
    title: "with a message and a code",
    answer: { allowed: false, status: { message: "not today", code: 403 } },
    message: 'admission webhook "hook" denied the request: not today',
    code: 403,
  },
  {
    title: "by being out of reach",
    answer: new WebhookError('Post "https://x": EOF'),
    message:
      'Internal error occurred: failed calling webhook "hook": failed to call webhook: Post "https://x": EOF',
    code: 500,
    reason: "InternalError",
  },
  {
    title: "by a wrong answer",
    answer: { allowed: true, uid: "x" },
    message: 'Internal error occurred: failed calling webhook "hook": received invalid webhook ' +
      'response: expected response.uid="a08ff49b-6f77-4263-8716-c43069c43a8c", got "x"',
    code: 500,
    reason: "InternalError",
  },
  {
    title: "by knowing no version of ours",
    answer: allowed,
    webhook: { admissionReviewVersions: ["v2"] },
    message: 'Internal error occurred: failed calling webhook "hook": could not create admission ' +
      "objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    code: 500,
    reason: "InternalError",
  },
  {
    title: "by its side effects, in a dry run",
    answer: allowed,
    webhook: { sideEffects: "Some" },
    more: { options: { dryRun: true } },
    message: 'admission webhook "hook" does not support dry run',
    code: 400,
    reason: "BadRequest",
  },
  {
    title: "by conditions that fail",
    answer: allowed,
    webhook: { matchConditions: [{ name: "c", expression: "error" }] },
    message: 'configmaps "a" is forbidden: no such key: x',
    code: 403,
    reason: "Forbidden",
  },
  {
    title: "by a patch that does not apply",
    type: "mutating",
    answer: patching({ op: "remove", path: "/data/nothing" }),
    message: "Internal error occurred: error in remove for path: '/data/nothing': " +
      "Unable to remove nonexistent key: nothing: missing value",
    code: 500,
    reason: "InternalError",
  },
  {
    title: "by a patch of what is being deleted",
    type: "mutating",
    answer: add("x"),
    more: {
      operation: "DELETE",
      object: undefined as never,
      oldObject: named as unknown as KubeObject,
    },
    message: 'Internal error occurred: admission webhook "hook" attempted to modify the object, ' +
      "which is not supported for this operation",
    code: 500,
    reason: "InternalError",
  },
  {
    title: "by a patch in another form",
    type: "mutating",
    answer: { ...add("x"), patchType: "Merge" },
    message:
      'Internal error occurred: failed calling webhook "hook": unsupported patch type "Merge"',
    code: 500,
    reason: "InternalError",
  },
];

for (const { title, type, answer, webhook = {}, more, message, code, reason = "" } of refusals) {
  for (const each of type ? [type] : ["mutating", "validating"] as const) {
    Deno.test(`a ${each} webhook refuses ${title}`, async () => {
      const lab = new Lab({ hook: answer }).configure(each, "a", webhook);
      const error = await lab.refusal(named, more);
      assert.deepEqual([error.message, error.code, error.reason], [message, code, reason]);
    });
  }
}

Deno.test("a failing webhook with failurePolicy Ignore lets the request pass, and the audit know", async () => {
  const lab = new Lab({ hook: new WebhookError("gone"), other: allowed })
    .configure("mutating", "a", { name: "other" }, { failurePolicy: "Ignore" })
    .configure("validating", "b", { failurePolicy: "Ignore" });
  await lab.write(named);
  assert.deepEqual(lab.annotations, {
    "mutation.webhook.admission.k8s.io/round_0_index_0":
      '{"configuration":"a","webhook":"other","mutated":false}',
    "mutation.webhook.admission.k8s.io/round_0_index_1":
      '{"configuration":"a","webhook":"hook","mutated":false}',
    "failed-open.mutation.webhook.admission.k8s.io/round_0_index_1": "hook",
    "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "hook",
  });
  const denying = new Lab({ hook: { allowed: false } })
    .configure("validating", "a", { failurePolicy: "Ignore" });
  assert.match((await denying.refusal()).message, /denied the request/);
});

Deno.test("webhooks add warnings and annotations, and the audit hears of patches", async () => {
  const lab = new Lab({
    hook: { ...add("x"), warnings: ["careful"], auditAnnotations: { why: "so" } },
  }).configure("mutating", "a", {});
  await lab.write(named);
  assert.deepEqual(lab.harness.warnings, ["careful"]);
  assert.deepEqual(lab.annotations, {
    "hook/why": "so",
    "mutation.webhook.admission.k8s.io/round_0_index_0":
      '{"configuration":"a","webhook":"hook","mutated":true}',
    "patch.webhook.admission.k8s.io/round_0_index_0":
      '{"configuration":"a","webhook":"hook","patch":[{"op":"add","path":"/data/x","value":"1"}],"patchType":"JSONPatch"}',
  });
});

Deno.test("a webhook whose rule names another version is shown the object in that version", async () => {
  const events = builtinKinds.find(({ group, plural }) =>
    group === "events.k8s.io" && plural === "events"
  )!;
  const lab = new Lab({ hook: patching({ op: "replace", path: "/message", value: "new" }) })
    .configure("mutating", "a", {
      rules: [{ ...rules[0]!, apiGroups: [""], resources: ["events"] }],
    });
  const event = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "e", namespace: "n" },
    note: "old",
  };
  const changed = await lab.write(event, { kind: events });
  const [request] = lab.calls;
  assert.deepEqual(request!.kind, { group: "", version: "v1", kind: "Event" });
  assert.equal((request!.object as unknown as { message: string }).message, "old");
  assert.equal((changed as unknown as { note: string }).note, "new");
  assert.equal(changed.apiVersion, "events.k8s.io/v1");
});
