import assert from "node:assert/strict";
import type { ClusterRole, ClusterRoleBinding } from "../../shared/api/rbac/v1/types.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { RbacAuthorizer } from "../authorization/rbac.ts";
import { mastersAuthorizer, unionAuthorizer } from "../authorization/union.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import { Impersonator } from "./impersonation.ts";

const info: RequestInfo = {
  isResource: true,
  verb: "create",
  path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
  group: "authentication.k8s.io",
  version: "v1",
  resource: "selfsubjectreviews",
  subresource: "",
  rest: "",
  namespace: "",
  name: "",
};
const admin: UserInfo = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const someone: UserInfo = { name: "someone", groups: ["system:authenticated"] };
const apiVersion = "rbac.authorization.k8s.io/v1";
type Pairs = readonly (readonly [string, string])[];

function grant(rbac: RbacAuthorizer, rules: ClusterRole["rules"]): void {
  rbac.change({ apiVersion, kind: "ClusterRole", metadata: { name: "r" }, rules } as ClusterRole);
  const binding: ClusterRoleBinding = {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: "b" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "r" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "someone" }],
  };
  rbac.change(binding);
}
function impersonator(rules: ClusterRole["rules"] = []): Impersonator {
  const rbac = new RbacAuthorizer();
  grant(rbac, rules);
  return new Impersonator(unionAuthorizer([mastersAuthorizer(), rbac]));
}

const effective: { title: string; headers: Pairs; want: UserInfo }[] = [
  { title: "no headers", headers: [["accept", "x"]], want: admin },
  {
    title: "user and groups",
    headers: [["Impersonate-User", "a"], ["Impersonate-Group", "g1"], ["Impersonate-Group", "g2"]],
    want: { name: "a", groups: ["g1", "g2", "system:authenticated"] },
  },
  {
    title: "uid and extra",
    headers: [
      ["impersonate-user", "a"],
      ["impersonate-uid", "u-1"],
      ["impersonate-extra-scopes", "x"],
      ["impersonate-extra-example.com%2fkey", "y"],
    ],
    want: {
      name: "a",
      groups: ["system:authenticated"],
      uid: "u-1",
      extra: { "example.com/key": ["y"], scopes: ["x"] },
    },
  },
  {
    title: "a service account",
    headers: [["impersonate-user", "system:serviceaccount:n:sa"]],
    want: {
      name: "system:serviceaccount:n:sa",
      groups: ["system:serviceaccounts", "system:serviceaccounts:n", "system:authenticated"],
    },
  },
  {
    title: "a node",
    headers: [["impersonate-user", "system:node:x"]],
    want: { name: "system:node:x", groups: ["system:nodes", "system:authenticated"] },
  },
  {
    title: "nobody",
    headers: [["impersonate-user", "system:anonymous"]],
    want: { name: "system:anonymous", groups: ["system:unauthenticated"] },
  },
  {
    title: "system:masters, by the old verb alone",
    headers: [["impersonate-user", "a"], ["impersonate-group", "system:masters"]],
    want: { name: "a", groups: ["system:masters", "system:authenticated"] },
  },
];
for (const { title, headers, want } of effective) {
  Deno.test(`Impersonator effectiveUser() for an admin: ${title}`, async () => {
    assert.deepEqual(await impersonator().effectiveUser(headers, admin, info), want);
  });
}

async function refusal(who: Impersonator, headers: Pairs): Promise<[number, string]> {
  try {
    await who.effectiveUser(headers, someone, info);
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return [error.code, error.message];
  }
  throw new Error("not refused");
}

for (
  const [header, shown] of [
    ["impersonate-group", 'UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)'],
    ["impersonate-uid", 'UID:"g", Groups:[]string(nil), Extra:map[string][]string(nil)'],
    [
      "impersonate-extra-x",
      'UID:"", Groups:[]string(nil), Extra:map[string][]string{"x":[]string{"g"}}',
    ],
  ] as const
) {
  Deno.test(`Impersonator effectiveUser() refuses ${header} without a user`, async () => {
    assert.deepEqual(await refusal(impersonator(), [[header, "g"]]), [
      400,
      `requested &user.DefaultInfo{Name:"", ${shown}} without impersonating a user name`,
    ]);
  });
}

Deno.test("Impersonator effectiveUser() names the first constrained mode that applies", async () => {
  const who = impersonator();
  const text = (mode: string) =>
    'selfsubjectreviews.authentication.k8s.io is forbidden: User "someone" cannot ' +
    `impersonate-on:${mode}:create resource "selfsubjectreviews" in API group ` +
    '"authentication.k8s.io" at the cluster scope';
  assert.deepEqual(await refusal(who, [["impersonate-user", "root"]]), [403, text("user-info")]);
  assert.deepEqual(
    await refusal(who, [["impersonate-user", "system:serviceaccount:n:x"]]),
    [403, text("serviceaccount")],
  );
});

Deno.test("Impersonator effectiveUser() goes by the mode that let the caller through before", async () => {
  const who = impersonator([
    { apiGroups: [""], resources: ["users"], resourceNames: ["bob"], verbs: ["impersonate"] },
  ]);
  const bob: Pairs = [["impersonate-user", "bob"]];
  assert.equal((await who.effectiveUser(bob, someone, info)).name, "bob");
  const by = 'is forbidden: User "someone" cannot impersonate resource';
  assert.deepEqual(await refusal(who, [["impersonate-user", "alice"]]), [
    403,
    `users "alice" ${by} "users" in API group "" at the cluster scope`,
  ]);
  assert.deepEqual(await refusal(who, [...bob, ["impersonate-group", "g"]]), [
    403,
    `groups "g" ${by} "groups" in API group "" at the cluster scope`,
  ]);
  assert.deepEqual(await refusal(who, [...bob, ["impersonate-extra-scopes", "g"]]), [
    403,
    `userextras.authentication.k8s.io "g" ${by} "userextras/scopes" in API group ` +
    '"authentication.k8s.io" at the cluster scope',
  ]);
});

Deno.test("Impersonator effectiveUser() limits a constrained caller to the verb it was given", async () => {
  const who = impersonator([
    {
      apiGroups: ["authentication.k8s.io"],
      resources: ["users"],
      resourceNames: ["bob"],
      verbs: ["impersonate:user-info"],
    },
    { apiGroups: [""], resources: ["pods"], verbs: ["impersonate-on:user-info:list"] },
  ]);
  const bob: Pairs = [["impersonate-user", "bob"]];
  const list = { ...info, group: "", resource: "pods", verb: "list" };
  assert.equal((await who.effectiveUser(bob, someone, list)).name, "bob");
  await assert.rejects(who.effectiveUser(bob, someone, { ...list, verb: "delete" }), StatusError);
});

Deno.test("Impersonator effectiveUser() separates what Headers joined", async () => {
  const headers = new Headers({ "impersonate-user": "a" });
  headers.append("impersonate-group", "g1");
  headers.append("impersonate-group", "g2");
  const { groups } = await impersonator().effectiveUser(headers, admin, info);
  assert.deepEqual(groups, ["g1", "g2", "system:authenticated"]);
});
