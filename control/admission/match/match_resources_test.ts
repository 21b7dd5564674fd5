import assert from "node:assert/strict";
import type {
  MatchResources,
  NamedRuleWithOperations,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { isAdmissionConfiguration, matchResources } from "./match_resources.ts";
import { RegistryEquivalents } from "./registry_equivalents.ts";
import { matchRules, noEquivalents, ruleMatches } from "./rules.ts";

const rule = (more: NamedRuleWithOperations = {}): NamedRuleWithOperations => ({
  operations: ["*"],
  apiGroups: ["*"],
  apiVersions: ["*"],
  resources: ["*"],
  scope: "*",
  ...more,
});
const object = { metadata: { name: "a", labels: { tier: "web" } } };
const named = (group: string, version: string, plural: string) =>
  ({ group, version, plural, kind: plural }) as KindDefinition;
const harness = new AdmissionHarness().put("/namespaces", {
  metadata: { name: "n", labels: { team: "red" } },
});
const attributes = (kind: string, more = {}) => {
  const [group = "", version = "", plural = "", subresource = ""] = kind.split("/");
  return harness.attributes(`${group}/${plural}`, object, {
    kind: named(group, version, plural),
    subresource,
    ...more,
  });
};

const ruleCases: readonly [string, NamedRuleWithOperations, string, object, boolean][] = [
  ["wildcards", {}, "apps/v1/deployments", {}, true],
  ["another group", { apiGroups: [""] }, "apps/v1/deployments", {}, false],
  ["another version", { apiVersions: ["v2"] }, "apps/v1/deployments", {}, false],
  ["another operation", { operations: ["UPDATE"] }, "apps/v1/deployments", {}, false],
  ["the resource alone", { resources: ["pods"] }, "/v1/pods/status", {}, false],
  ["any resource but no part", { resources: ["*"] }, "/v1/pods/status", {}, false],
  ["a part", { resources: ["pods/status"] }, "/v1/pods/status", {}, true],
  ["all parts", { resources: ["pods/*"] }, "/v1/pods/status", {}, true],
  ["all parts and the whole", { resources: ["pods/*"] }, "/v1/pods", {}, true],
  ["a part of anything", { resources: ["*/scale"] }, "apps/v1/deployments/scale", {}, true],
  ["everything", { resources: ["*/*"] }, "/v1/pods/log", {}, true],
  ["in namespaces", { scope: "Namespaced" }, "/v1/pods", {}, true],
  ["in namespaces", { scope: "Namespaced" }, "/v1/nodes", { namespace: "" }, false],
  ["in namespaces", { scope: "Namespaced" }, "/v1/namespaces", {}, false],
  ["of the cluster", { scope: "Cluster" }, "/v1/namespaces", {}, true],
  ["of the cluster", { scope: "Cluster" }, "/v1/pods", {}, false],
  ["by name", { resourceNames: ["a"] }, "/v1/pods", {}, true],
  ["by another name", { resourceNames: ["b"] }, "/v1/pods", {}, false],
];

Deno.test("ruleMatches() reads every part of a rule", () => {
  for (const [what, more, kind, extra, expected] of ruleCases) {
    const actual = ruleMatches(rule(more), attributes(kind, extra));
    assert.equal(actual, expected, `${what}: ${JSON.stringify(more)} ${kind}`);
  }
});

Deno.test("matchRules() finds an equivalent kind only if the policy allows it", () => {
  const events = named("", "v1", "events");
  const moved = {
    ...named("events.k8s.io", "v1", "events"),
    storedAs: { group: "", version: "v1" },
  } as KindDefinition;
  const kinds = new RegistryEquivalents({
    generation: 1,
    all: () => [{ kind: events }, { kind: moved }, { kind: named("", "v1", "pods") }],
  });
  const rules = [rule({ apiGroups: [""], resources: ["events"] })];
  const request = attributes("events.k8s.io/v1/events", { kind: moved });
  assert.equal(matchRules(rules, request, { matchPolicy: "Exact", kinds }), undefined);
  assert.equal(matchRules(rules, request, { matchPolicy: "Equivalent", kinds }), events);
  const own = [rule({ apiGroups: ["events.k8s.io"] }), ...rules];
  assert.equal(matchRules(own, request, { matchPolicy: "Equivalent", kinds }), moved);
});

const match = (more: MatchResources): MatchResources => ({
  namespaceSelector: {},
  objectSelector: {},
  matchPolicy: "Equivalent",
  resourceRules: [rule()],
  ...more,
});
const selectorCases: readonly [MatchResources, boolean][] = [
  [{}, true],
  [{ namespaceSelector: { matchLabels: { team: "red" } } }, true],
  [{ namespaceSelector: { matchLabels: { team: "blue" } } }, false],
  [{ objectSelector: { matchLabels: { tier: "web" } } }, true],
  [{ objectSelector: { matchLabels: { tier: "db" } } }, false],
  [{ excludeResourceRules: [rule({ resources: ["pods"] })] }, false],
  [{ excludeResourceRules: [rule({ resources: ["nodes"] })] }, true],
  [{ resourceRules: [] }, true],
  [{ resourceRules: [rule({ resources: ["nodes"] })] }, false],
];

Deno.test("matchResources() weighs selectors, exclusions and rules", () => {
  const sources = { reader: harness.dependencies.reader, kinds: noEquivalents };
  for (const [more, expected] of selectorCases) {
    const actual = matchResources(match(more), attributes("/v1/pods"), sources);
    assert.equal(actual !== undefined, expected, JSON.stringify(more));
  }
});

Deno.test("matchResources() fails by a missing namespace only where the rules are met", () => {
  const sources = { reader: harness.dependencies.reader, kinds: noEquivalents };
  const lost = attributes("/v1/pods", { namespace: "gone" });
  const selecting = { namespaceSelector: { matchLabels: { team: "red" } } };
  assert.throws(() => matchResources(match(selecting), lost, sources), { code: 404 });
  const elsewhere = { ...selecting, resourceRules: [rule({ resources: ["nodes"] })] };
  assert.equal(matchResources(match(elsewhere), lost, sources), undefined);
});

Deno.test("matchResources() goes by the new labels of a namespace that is written", () => {
  const sources = { reader: harness.dependencies.reader, kinds: noEquivalents };
  const selecting = match({ namespaceSelector: { matchLabels: { tier: "web" } } });
  const request = attributes("/v1/namespaces", { namespace: "", name: "n" });
  assert.ok(matchResources(selecting, request, sources));
  const removal = { ...request, operation: "DELETE" as const };
  assert.equal(matchResources(selecting, removal, sources), undefined);
});

Deno.test("isAdmissionConfiguration() names what policies never apply to", () => {
  const kind = { ...named("admissionregistration.k8s.io", "v1", "x") };
  assert.ok(isAdmissionConfiguration({ ...kind, kind: "MutatingAdmissionPolicy" }));
  assert.ok(!isAdmissionConfiguration({ ...kind, group: "", kind: "Pod" }));
});
