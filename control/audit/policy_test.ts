import assert from "node:assert/strict";
import { ConfigError } from "../../shared/config/settings.ts";
import { readRequestInfo } from "../endpoints/request_info.ts";
import { auditDecider, readAuditPolicy } from "./policy.ts";

const head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
const read = (rules: string) => readAuditPolicy({ path: "p.yaml", text: `${head}${rules}` });
const ada = { name: "ada", groups: ["engineers", "system:authenticated"] };

const cases: readonly [title: string, rule: string, method: string, path: string, fits: boolean][] =
  [
    ["anything by an empty rule", "", "GET", "/healthz", true],
    ["a user by name", "users: [ada]", "GET", "/version", true],
    ["no other user", "users: [bob]", "GET", "/version", false],
    ["a user by group", "userGroups: [nobody, engineers]", "GET", "/version", true],
    ["no user of other groups", "userGroups: [nobody]", "GET", "/version", false],
    ["a verb", "verbs: [watch]", "GET", "/api/v1/pods?watch=1", true],
    ["no other verb", "verbs: [watch]", "GET", "/api/v1/pods", false],
    ["a namespace", "namespaces: [a]", "GET", "/api/v1/namespaces/a/pods", true],
    ["what has no namespace", 'namespaces: [""]', "GET", "/api/v1/nodes", true],
    ["no path by a namespace", 'namespaces: [""]', "GET", "/version", false],
    ["a resource", 'resources: [{group: "", resources: [pods]}]', "GET", "/api/v1/pods", true],
    [
      "no subresource by its resource",
      'resources: [{group: "", resources: [pods]}]',
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      false,
    ],
    [
      "a subresource",
      "resources: [{resources: [pods/log]}]",
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      true,
    ],
    [
      "every subresource of a resource",
      'resources: [{resources: ["pods/*"]}]',
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      true,
    ],
    [
      "a resource itself by pods/*",
      'resources: [{resources: ["pods/*"]}]',
      "GET",
      "/api/v1/pods",
      true,
    ],
    [
      "a subresource of any resource",
      'resources: [{resources: ["*/log"]}]',
      "GET",
      "/api/v1/namespaces/a/pods/b/log",
      true,
    ],
    [
      "any resource of a group",
      "resources: [{group: apps}]",
      "GET",
      "/apis/apps/v1/deployments",
      true,
    ],
    ["no resource of another group", "resources: [{group: apps}]", "GET", "/api/v1/pods", false],
    [
      "a resource of any group",
      'resources: [{group: "*", resources: [deployments]}]',
      "GET",
      "/apis/apps/v1/deployments",
      true,
    ],
    [
      "an object by name",
      "resources: [{resources: [secrets], resourceNames: [s]}]",
      "GET",
      "/api/v1/namespaces/a/secrets/s",
      true,
    ],
    [
      "no object of another name",
      "resources: [{resources: [secrets], resourceNames: [s]}]",
      "GET",
      "/api/v1/namespaces/a/secrets/t",
      false,
    ],
    ["a path", "nonResourceURLs: [/version]", "GET", "/version", true],
    ["paths by their beginning", 'nonResourceURLs: ["/health*"]', "GET", "/healthz/ping", true],
    ["no resource by a path", 'nonResourceURLs: ["*"]', "GET", "/api/v1/pods", false],
  ];
for (const [title, rule, method, path, fits] of cases) {
  Deno.test(`auditDecider() matches ${title}`, () => {
    const policy = read(`rules: [{level: Metadata${rule && `, ${rule}`}}]`);
    const url = new URL(path, "https://host");
    const info = readRequestInfo(method, url.pathname, url.searchParams);
    assert.equal(auditDecider(policy)(ada, info).level, fits ? "Metadata" : "None");
  });
}

Deno.test("auditDecider() lets the first rule that fits decide, and joins its stages with the policy's", () => {
  const decide = auditDecider(read(`
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- {level: Request, verbs: [get], omitStages: [Panic], omitManagedFields: false}
- {level: RequestResponse}
`));
  const info = readRequestInfo("GET", "/api/v1/namespaces/a/pods/b", new URLSearchParams());
  const first = decide(ada, info);
  assert.equal(first.level, "Request");
  assert.deepEqual([...first.omitStages], ["RequestReceived", "Panic"]);
  assert.equal(first.omitManagedFields, false);
  const second = decide(ada, { ...info, verb: "update" });
  assert.equal(second.level, "RequestResponse");
  assert.deepEqual([...second.omitStages], ["RequestReceived"]);
  assert.equal(second.omitManagedFields, true);
});

Deno.test("auditDecider() knows no user for a request that was not authenticated", () => {
  const info = readRequestInfo("GET", "/version", new URLSearchParams());
  const decide = auditDecider(read("rules: [{level: Request, users: [ada]}, {level: Metadata}]"));
  assert.equal(decide(undefined, info).level, "Metadata");
});

const refused: readonly [title: string, rules: string, message: RegExp][] = [
  ["a policy without rules", "rules: []", /loaded illegal policy with 0 rules$/],
  ["a rule without a level", "rules: [{}]", /rules\[0\]\.level: Required value$/],
  [
    "an unknown level",
    "rules: [{level: All}]",
    /level: Unsupported value: "All": supported values: "None"/,
  ],
  [
    "an unknown stage",
    "rules: [{level: None, omitStages: [End]}]",
    /omitStages\[0\]: Invalid value: "End": allowed stages are RequestReceived,/,
  ],
  [
    "a path that is none",
    "rules: [{level: None, nonResourceURLs: [x]}]",
    /must begin with a '\/' character/,
  ],
  [
    "a wildcard within a path",
    "rules: [{level: None, nonResourceURLs: ['/a*b']}]",
    /must be the final character/,
  ],
  [
    "resources and paths in one rule",
    "rules: [{level: None, nonResourceURLs: [/a], namespaces: [a]}]",
    /cannot apply to both/,
  ],
  [
    "names without resources",
    "rules: [{level: None, resources: [{resourceNames: [a]}]}]",
    /requires at least one resource/,
  ],
  [
    "a group with its version",
    "rules: [{level: None, resources: [{group: apps/v1}]}]",
    /resources\.group: Invalid value: "apps\/v1"/,
  ],
  ["a misspelt field", "rules: [{level: None, user: [a]}]", /unknown field "rules\[0\]\.user"/],
];
for (const [title, rules, message] of refused) {
  Deno.test(`readAuditPolicy() refuses ${title}`, () => {
    assert.throws(() => read(rules), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}
