import assert from "node:assert/strict";
import type { SubjectAccessReview } from "../../shared/api/authorization/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { ConfigError } from "../../shared/config/settings.ts";
import { silentLog } from "../../shared/log/log.ts";
import { readRequestInfo } from "../endpoints/request_info.ts";
import { readAuthorizationConfiguration } from "./authorization_configuration.ts";
import { webhookAuthorizer } from "./webhook_authorizer.ts";

const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n";
const read = (authorizers: string) =>
  readAuthorizationConfiguration({ path: "a.yaml", text: `${head}authorizers: ${authorizers}` });
const hook =
  "timeout: 3s, authorizedTTL: 5m, unauthorizedTTL: 30s, subjectAccessReviewVersion: v1, failurePolicy: Deny, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /k}";
const ada = { name: "ada", uid: "7", groups: ["a"], extra: { k: ["v"] } };
const infoOf = (path: string) => {
  const url = new URL(path, "https://host");
  return readRequestInfo("GET", url.pathname, url.searchParams);
};

function lab(answer: () => Promise<unknown>, more = "") {
  const clock = new FakeClock();
  const asked: SubjectAccessReview[] = [];
  const [config] = read(`[{type: Webhook, name: w, webhook: {${hook}${more}}}]`);
  const authorizer = webhookAuthorizer("w", config!.webhook!, {
    clock,
    log: silentLog,
    webhook: {
      ask(object) {
        asked.push(object as SubjectAccessReview);
        return answer() as Promise<never>;
      },
    },
  });
  const ask = (path = "/api/v1/pods") => Promise.resolve(authorizer.authorize(ada, infoOf(path)));
  return { asked, ask, clock };
}
const says = (status: unknown) => () => Promise.resolve({ status });

const decisions: readonly [title: string, status: unknown, decision: object][] = [
  ["an allowance", { allowed: true, reason: "why" }, { decision: "Allow", reason: "why" }],
  ["a denial", { allowed: false, denied: true, reason: "no" }, { decision: "Deny", reason: "no" }],
  ["both as a denial", { allowed: true, denied: true }, { decision: "Deny" }],
  ["neither as no opinion", { allowed: false }, { decision: "NoOpinion" }],
  ["nothing as no opinion", undefined, { decision: "NoOpinion" }],
];
for (const [title, status, decision] of decisions) {
  Deno.test(`webhookAuthorizer() takes ${title}`, async () => {
    assert.deepEqual(await lab(says(status)).ask(), decision);
  });
}

Deno.test("webhookAuthorizer() describes the request, its selectors too", async () => {
  const { asked, ask } = lab(says({ allowed: true }));
  await ask(
    "/api/v1/namespaces/n/pods?fieldSelector=spec.nodeName%3Da,x!%3Dy&labelSelector=a+in+(b,c),!d",
  );
  assert.deepEqual(asked[0]!.spec, {
    resourceAttributes: {
      namespace: "n",
      verb: "list",
      version: "v1",
      resource: "pods",
      fieldSelector: {
        requirements: [
          { key: "spec.nodeName", operator: "In", values: ["a"] },
          { key: "x", operator: "NotIn", values: ["y"] },
        ],
      },
      labelSelector: {
        requirements: [
          { key: "a", operator: "In", values: ["b", "c"] },
          { key: "d", operator: "DoesNotExist" },
        ],
      },
    },
    user: "ada",
    groups: ["a"],
    extra: { k: ["v"] },
    uid: "7",
  });
  await ask("/healthz");
  assert.deepEqual(asked[1]!.spec.nonResourceAttributes, { path: "/healthz", verb: "get" });
});

Deno.test("webhookAuthorizer() asks again when an answer has become old, refusals sooner", async () => {
  for (const [allowed, ttl] of [[true, 300_000], [false, 30_000]] as const) {
    const { asked, ask, clock } = lab(says({ allowed }));
    await ask();
    await clock.advance(ttl - 1);
    await ask();
    assert.equal(asked.length, 1);
    await clock.advance(1);
    await ask();
    assert.equal(asked.length, 2);
    await ask("/api/v1/nodes");
    assert.equal(asked.length, 3);
  }
});

Deno.test("webhookAuthorizer() remembers nothing if it shall not", async () => {
  const { asked, ask } = lab(says({ allowed: true }), ", cacheAuthorizedRequests: false");
  await ask();
  await ask();
  assert.equal(asked.length, 2);
});

for (const [policy, decision] of [["Deny", "Deny"], ["NoOpinion", "NoOpinion"]] as const) {
  Deno.test(`webhookAuthorizer() that cannot be asked ${decision === "Deny" ? "denies" : "has no opinion"} by failurePolicy ${policy}, and asks again`, async () => {
    const clock = new FakeClock();
    let calls = 0;
    const [config] = read(
      `[{type: Webhook, name: w, webhook: {${
        hook.replace("failurePolicy: Deny", `failurePolicy: ${policy}`)
      }}}]`,
    );
    const authorizer = webhookAuthorizer("w", config!.webhook!, {
      clock,
      log: silentLog,
      webhook: {
        ask() {
          calls++;
          return Promise.reject(new Error("down"));
        },
      },
    });
    for (let i = 0; i < 2; i++) {
      assert.equal((await authorizer.authorize(ada, infoOf("/api/v1/pods"))).decision, decision);
    }
    assert.equal(calls, 2);
  });
}

Deno.test("readAuthorizationConfiguration() gives the chain in order", () => {
  const chain = read(
    `[{type: Node, name: node}, {type: Webhook, name: w, webhook: {${hook}}}, {type: RBAC, name: rbac}]`,
  );
  assert.deepEqual(chain.map(({ type }) => type), ["Node", "Webhook", "RBAC"]);
  assert.equal(chain[1]!.webhook!.authorizedTTL, 300_000);
});

const refused: readonly [title: string, text: string, message: RegExp][] = [
  ["an empty chain", "[]", /at least one authorization mode must be defined/],
  ["an unknown type", "[{type: Magic, name: m}]", /type: Unsupported value: "Magic"/],
  [
    "a type twice",
    "[{type: RBAC, name: a}, {type: RBAC, name: b}]",
    /authorizers\[1\]\.type: Duplicate/,
  ],
  [
    "a name twice",
    `[{type: RBAC, name: a}, {type: Node, name: a}]`,
    /authorizers\[1\]\.name: Duplicate/,
  ],
  ["a bad name", "[{type: RBAC, name: A_b}]", /authorizer name is invalid: /],
  ["a webhook without its settings", "[{type: Webhook, name: w}]", /required when type=Webhook/],
  [
    "settings of a webhook elsewhere",
    `[{type: RBAC, name: w, webhook: {${hook}}}]`,
    /may only be specified when type=Webhook/,
  ],
  [
    "a long time-out",
    `[{type: Webhook, name: w, webhook: {${hook.replace("3s", "31s")}}}]`,
    /must be > 0s and <= 30s/,
  ],
  [
    "an unknown failure policy",
    `[{type: Webhook, name: w, webhook: {${hook.replace("Deny", "Allow")}}}]`,
    /failurePolicy: Unsupported value: "Allow": supported values: "NoOpinion", "Deny"/,
  ],
  [
    "a relative path",
    `[{type: Webhook, name: w, webhook: {${hook.replace("/k", "k")}}}]`,
    /must be an absolute path/,
  ],
  [
    "match conditions",
    `[{type: Webhook, name: w, webhook: {${hook}, matchConditions: [{expression: "true"}]}}]`,
    /expressions are not supported/,
  ],
];
for (const [title, text, message] of refused) {
  Deno.test(`readAuthorizationConfiguration() refuses ${title}`, () => {
    assert.throws(() => read(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}
