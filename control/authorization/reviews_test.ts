import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { type TokenAuthenticator, TokenError } from "../authentication/bearer_token.ts";
import type { UserInfo } from "../server/request_context.ts";
import { RbacAuthorizer } from "./rbac.ts";
import { reviewHandlers } from "./reviews.ts";
import { mastersAuthorizer, unionAuthorizer } from "./union.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const caller = { user: { name: "rev", groups: ["system:authenticated"] }, namespace: "n" };
const tokens: TokenAuthenticator = {
  name: "fake",
  authenticateToken(token) {
    if (token === "bogus") return Promise.resolve(undefined);
    if (token === "bad") return Promise.reject(new TokenError("token audiences differ"));
    const user: UserInfo = { name: "t", uid: "1", groups: ["g"], extra: { b: ["2"], a: ["1"] } };
    return Promise.resolve({ user, audiences: ["api"] });
  },
};

async function ask(name: string, review: object, who = caller): Promise<Record<string, unknown>> {
  const rbac = new RbacAuthorizer();
  const rules = [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"] }];
  const role = { apiVersion, kind: "Role", metadata: { name: "r", namespace: "n" }, rules };
  rbac.change(role);
  const binding = {
    apiVersion,
    kind: "RoleBinding",
    metadata: { name: "rb", namespace: "n" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" },
    subjects: [{ kind: "User", name: "rev" }],
  };
  rbac.change(binding);
  const authorizer = unionAuthorizer([mastersAuthorizer(), rbac]);
  const clock = new FakeClock();
  const dependencies = { authorizer, rbac, tokens, audiences: ["api"], clock };
  const object = { metadata: {}, ...review } as KubeObject;
  return { ...await reviewHandlers[name]!(object, who, dependencies) };
}
const sar = "authorization.k8s.io/subjectaccessreviews";
const local = "authorization.k8s.io/localsubjectaccessreviews";
const self = "authorization.k8s.io/selfsubjectaccessreviews";
const pods = { namespace: "n", verb: "get", resource: "pods" };
const reason = 'RBAC: allowed by RoleBinding "rb/n" of Role "r" to User "rev"';

const statuses: [title: string, kind: string, spec: object, status: object][] = [
  ["self, allowed", self, { resourceAttributes: pods }, { allowed: true, reason }],
  ["self, other verb", self, { resourceAttributes: { ...pods, verb: "x" } }, { allowed: false }],
  ["self, path", self, { nonResourceAttributes: { path: "/logs", verb: "get" } }, {
    allowed: false,
  }],
  ["other", sar, { user: "rev", resourceAttributes: pods }, { allowed: true, reason }],
  ["masters", sar, { groups: ["system:masters"], resourceAttributes: pods }, { allowed: true }],
  ["local", local, { user: "rev", resourceAttributes: pods }, { allowed: true, reason }],
];
for (const [title, kind, spec, status] of statuses) {
  Deno.test(`reviewHandlers answer an access review: ${title}`, async () => {
    const answer = await ask(kind, { spec });
    assert.deepEqual(answer.status, status);
    assert.deepEqual(answer.spec, spec);
  });
}

const exactlyOne = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
const path = { path: "/x", verb: "get" };
const refusals: [title: string, kind: string, spec: object, message: string][] = [
  ["nothing", self, {}, `spec: Invalid value: null: ${exactlyOne}`],
  [
    "both",
    self,
    { resourceAttributes: pods, nonResourceAttributes: path },
    `spec: Invalid value: {"Path":"/x","Verb":"get"}: ${exactlyOne}`,
  ],
  [
    "nobody",
    sar,
    { resourceAttributes: pods },
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ],
  [
    "another namespace",
    local,
    { user: "x", resourceAttributes: { ...pods, namespace: "other" } },
    'spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
  ],
  [
    "a path in a namespace",
    local,
    { user: "x", nonResourceAttributes: path },
    'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request',
  ],
];
for (const [title, kind, spec, message] of refusals) {
  Deno.test(`reviewHandlers refuse an access review about ${title}`, async () => {
    await assert.rejects(ask(kind, { spec }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.message, `.authorization.k8s.io "" is invalid: ${message}`);
      assert.equal(error.details!.causes!.length, 1);
      return true;
    });
  });
}

Deno.test("reviewHandlers list the caller's rules", async () => {
  const kind = "authorization.k8s.io/selfsubjectrulesreviews";
  const { spec, status } = await ask(kind, { spec: { namespace: "n" } });
  assert.deepEqual(spec, {});
  assert.deepEqual(status, {
    resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods", "pods/log"] }],
    nonResourceRules: [],
    incomplete: false,
  });
  await assert.rejects(ask(kind, { spec: {} }), { message: "no namespace on request" });
});

Deno.test("reviewHandlers review tokens", async () => {
  const review = async (token: string) =>
    (await ask("authentication.k8s.io/tokenreviews", { spec: { token } })).status;
  assert.deepEqual(await review("good"), {
    authenticated: true,
    user: {
      username: "t",
      uid: "1",
      groups: ["g", "system:authenticated"],
      extra: { a: ["1"], b: ["2"] },
    },
    audiences: ["api"],
  });
  assert.deepEqual(await review("bogus"), { user: {}, error: "invalid bearer token" });
  assert.deepEqual(await review("bad"), {
    user: {},
    error: "[invalid bearer token, token audiences differ]",
  });
  await assert.rejects(review(""), { code: 400 });
});

Deno.test("reviewHandlers tell callers who they are", async () => {
  const { metadata, status } = await ask("authentication.k8s.io/selfsubjectreviews", {});
  assert.deepEqual(metadata, { creationTimestamp: "2026-01-01T00:00:00Z" });
  assert.deepEqual(status, { userInfo: { username: "rev", groups: ["system:authenticated"] } });
});
