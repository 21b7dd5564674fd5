import assert from "node:assert/strict";
import type { ClusterRole, PolicyRule, Subject } from "../../shared/api/rbac/v1/types.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { Attributes } from "../admission/plugin.ts";
import type { Decision, RequestInfo, UserInfo } from "../server/request_context.ts";
import { escalationCheck } from "./escalation.ts";
import { forbiddenMessage } from "./forbidden.ts";
import { RbacAuthorizer } from "./rbac.ts";
import { mastersAuthorizer, unionAuthorizer } from "./union.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";
const user: UserInfo = { name: "u", groups: ["system:authenticated"] };

function request(text: string, more: Partial<RequestInfo> = {}): RequestInfo {
  const [verb = "", what = ""] = text.split(" ");
  const [resource = "", subresource = ""] = what.split("/");
  const base = { path: "", group: "", version: "v1", rest: "", namespace: "n", name: "" };
  return { isResource: true, verb, resource, subresource, ...base, ...more };
}
function role(name: string, rules: PolicyRule[], namespace?: string) {
  const kind = namespace ? "Role" : "ClusterRole";
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, rules };
}
function binding(name: string, roleRef: string, subject: Partial<Subject>, namespace?: string) {
  const [kind = "", of = ""] = roleRef.split(" ");
  return {
    apiVersion,
    kind: namespace ? "RoleBinding" : "ClusterRoleBinding",
    metadata: { name, ...(namespace && { namespace }) },
    roleRef: { apiGroup, kind, name: of },
    subjects: [{ apiGroup, kind: "User", name: "u", ...subject }],
  };
}
function authorizer(rules: PolicyRule[]): RbacAuthorizer {
  const rbac = new RbacAuthorizer();
  rbac.change(role("r", rules, "n"));
  rbac.change(binding("rb", "Role r", {}, "n"));
  return rbac;
}

const rules: PolicyRule[] = [
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "create"] },
  { apiGroups: [""], resources: ["secrets"], resourceNames: ["allowed"], verbs: ["get"] },
  { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["*"] },
  { apiGroups: ["batch"], resources: ["*/status"], verbs: ["patch"] },
];
const decisions: [request: RequestInfo, decision: Decision["decision"]][] = [
  [request("list configmaps"), "Allow"],
  [request("watch configmaps"), "NoOpinion"],
  [request("list configmaps", { namespace: "" }), "NoOpinion"],
  [request("list configmaps", { namespace: "other" }), "NoOpinion"],
  [request("list configmaps", { group: "apps" }), "NoOpinion"],
  [request("get configmaps/status"), "NoOpinion"],
  [request("get secrets", { name: "allowed" }), "Allow"],
  [request("get secrets", { name: "other" }), "NoOpinion"],
  [request("get secrets"), "NoOpinion"],
  [request("patch deployments/scale", { group: "apps" }), "Allow"],
  [request("patch deployments", { group: "apps" }), "NoOpinion"],
  [request("patch jobs/status", { group: "batch" }), "Allow"],
  [request("patch jobs", { group: "batch" }), "NoOpinion"],
];
for (const [info, decision] of decisions) {
  const { verb, resource, subresource, namespace, name, group } = info;
  const title = [verb, group, resource, subresource, namespace, name].filter(Boolean).join(" ");
  Deno.test(`RbacAuthorizer authorize() answers ${decision} to ${title}`, () => {
    assert.equal(authorizer(rules).authorize(user, info).decision, decision);
  });
}

for (
  const [url, path, decision] of [
    ["/api/*", "/api/v1", "Allow"],
    ["/api/*", "/api", "NoOpinion"],
    ["/healthz", "/healthz", "Allow"],
    ["/healthz", "/healthz/x", "NoOpinion"],
    ["*", "/anything", "Allow"],
  ] as const
) {
  Deno.test(`RbacAuthorizer authorize() answers ${decision} to ${path} by ${url}`, () => {
    const rbac = new RbacAuthorizer();
    rbac.change(role("r", [{ nonResourceURLs: [url], verbs: ["get"] }]));
    rbac.change(binding("b", "ClusterRole r", {}));
    const info = request("get ", { isResource: false, path, namespace: "" });
    assert.equal(rbac.authorize(user, info).decision, decision);
  });
}

Deno.test("RbacAuthorizer authorize() says which binding allowed it", () => {
  assert.equal(
    authorizer(rules).authorize(user, request("get configmaps")).reason,
    'RBAC: allowed by RoleBinding "rb/n" of Role "r" to User "u"',
  );
  const rbac = new RbacAuthorizer();
  rbac.change(role("view", rules));
  rbac.change(
    binding("b", "ClusterRole view", { kind: "ServiceAccount", name: "sa", namespace: "" }, "n"),
  );
  const account = { name: "system:serviceaccount:n:sa", groups: [] };
  assert.equal(
    rbac.authorize(account, request("get configmaps")).reason,
    'RBAC: allowed by RoleBinding "b/n" of ClusterRole "view" to ServiceAccount "sa/n"',
  );
});

Deno.test("RbacAuthorizer authorize() says which role is missing", () => {
  const rbac = new RbacAuthorizer();
  rbac.change(binding("b", "ClusterRole nosuch", {}, "n"));
  const { reason } = rbac.authorize(user, request("get pods"));
  assert.equal(reason, 'RBAC: clusterrole.rbac.authorization.k8s.io "nosuch" not found');
});

Deno.test("RbacAuthorizer change() takes back what was granted", () => {
  const rbac = authorizer(rules);
  const info = request("get configmaps");
  const other = binding("rb", "Role r", { name: "v" }, "n");
  rbac.change(other, binding("rb", "Role r", {}, "n"));
  assert.equal(rbac.authorize(user, info).decision, "NoOpinion");
  assert.equal(rbac.authorize({ name: "v", groups: [] }, info).decision, "Allow");
  rbac.change(undefined, other);
  assert.equal(rbac.authorize({ name: "v", groups: [] }, info).decision, "NoOpinion");
});

Deno.test("RbacAuthorizer authorize() looks at a user's own bindings only", () => {
  const rbac = authorizer(rules);
  for (let i = 0; i < 20_000; i++) rbac.change(binding(`b${i}`, "Role r", { name: `x${i}` }, "n"));
  const start = performance.now();
  for (let i = 0; i < 10_000; i++) rbac.authorize(user, request("get configmaps"));
  const micros = (performance.now() - start) / 10;
  assert.ok(micros < 100, `${micros} µs a decision`);
});

Deno.test("unionAuthorizer() lets masters do everything and joins the reasons of the others", async () => {
  const rbac = new RbacAuthorizer();
  rbac.change(binding("b", "ClusterRole nosuch", {}, "n"));
  const all = unionAuthorizer([mastersAuthorizer(), rbac]);
  assert.deepEqual(
    await all.authorize({ name: "a", groups: ["system:masters"] }, request("get x")),
    {
      decision: "Allow",
    },
  );
  const { reason } = await all.authorize(user, request("get pods"));
  assert.equal(
    forbiddenMessage(user, request("get pods"), reason),
    'User "u" cannot get resource "pods" in API group "" in the namespace "n": RBAC: ' +
      'clusterrole.rbac.authorization.k8s.io "nosuch" not found',
  );
});

const held: PolicyRule[] = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }];
const grants: [title: string, rules: PolicyRule[], missing: string | undefined][] = [
  ["what is held", [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }], undefined],
  [
    "another verb",
    [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "delete", "watch"] }],
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
  ],
  [
    "other resources",
    [
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"] },
      { apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: ["x"] },
    ],
    '{APIGroups:[""], Resources:["secrets"], ResourceNames:["x"], Verbs:["get"]}\n' +
    '{APIGroups:["apps"], Resources:["deployments"], Verbs:["*"]}',
  ],
  [
    "a path",
    [{ nonResourceURLs: ["/x"], verbs: ["get"] }],
    '{NonResourceURLs:["/x"], Verbs:["get"]}',
  ],
];
function write(object: object, plural: string): Attributes {
  return {
    operation: "CREATE",
    kind: { group: apiGroup, plural } as Attributes["kind"],
    subresource: "",
    namespace: plural.startsWith("cluster") ? "" : "n",
    name: "bad",
    user,
    object: object as ClusterRole,
    options: { dryRun: false },
    warn() {},
  };
}
for (const [title, wanted, missing] of grants) {
  Deno.test(`escalationCheck() for a role that grants ${title}`, async () => {
    const rbac = authorizer(held);
    const check = escalationCheck(rbac, rbac);
    const attempt = check.admit!(write(role("bad", wanted, "n"), "roles"));
    if (missing === undefined) return await attempt;
    await assert.rejects(Promise.resolve(attempt), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(
        error.message,
        'roles.rbac.authorization.k8s.io "bad" is forbidden: user "u" ' +
          '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not ' +
          `currently held:\n${missing}`,
      );
      return true;
    });
  });
}

Deno.test("escalationCheck() lets who may bind a role bind it, and nobody bind what is not there", async () => {
  const bind = { apiGroups: [apiGroup], resources: ["clusterroles"], resourceNames: ["view"] };
  const rbac = authorizer([{ ...bind, verbs: ["bind"] }]);
  rbac.change(role("view", [{ apiGroups: ["*"], resources: ["*"], verbs: ["get"] }]));
  const check = escalationCheck(rbac, rbac);
  await check.admit!(write(binding("b", "ClusterRole view", {}, "n"), "rolebindings"));
  await assert.rejects(
    Promise.resolve(check.admit!(write(binding("b", "ClusterRole no", {}, "n"), "rolebindings"))),
    { message: 'rolebindings.rbac.authorization.k8s.io "no" not found', code: 404 },
  );
});

Deno.test("escalationCheck() keeps aggregation for those who hold everything", async () => {
  const rbac = authorizer(held);
  const check = escalationCheck(rbac, rbac);
  const agg = { ...role("bad", []), aggregationRule: { clusterRoleSelectors: [] } };
  await assert.rejects(Promise.resolve(check.admit!(write(agg, "clusterroles"))), {
    message: 'clusterroles.rbac.authorization.k8s.io "bad" is forbidden: must have cluster-admin ' +
      "privileges to use the aggregationRule",
  });
});
