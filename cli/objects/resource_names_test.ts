import assert from "node:assert/strict";
import { findResource, splitNames } from "./resource_names.ts";

const of = (group: string, kind: string, plural: string, shortNames: string[] = []) => ({
  group,
  version: "v1",
  kind,
  plural,
  singular: kind.toLowerCase(),
  shortNames,
  namespaced: true,
  verbs: ["get"],
});
const resources = [
  of("", "Event", "events", ["ev"]),
  of("apps", "Deployment", "deployments", ["deploy"]),
  of("events.k8s.io", "Event", "events", ["ev"]),
];

const cases: readonly [word: string, group: string, plural: string][] = [
  ["deployments", "apps", "deployments"],
  ["deployment", "apps", "deployments"],
  ["Deployment", "apps", "deployments"],
  ["deploy", "apps", "deployments"],
  ["deploy.apps", "apps", "deployments"],
  ["events", "", "events"],
  ["ev.events.k8s.io", "events.k8s.io", "events"],
];
for (const [word, group, plural] of cases) {
  Deno.test(`findResource() takes "${word}" for ${plural} of "${group}"`, () => {
    const found = findResource(resources, word);
    assert.deepEqual([found.group, found.plural], [group, plural]);
  });
}

Deno.test("findResource() says what could be meant by a word that names nothing", () => {
  assert.throws(() => findResource(resources, "deploymants"), /did you mean deployments\?/);
  assert.throws(() => findResource(resources, "foo"), /the server has none$/);
});

Deno.test("splitNames() reads one word with a slash or two", () => {
  assert.deepEqual(splitNames(["deploy/web"]), { resource: "deploy", name: "web" });
  assert.deepEqual(splitNames(["deploy", "web"]), { resource: "deploy", name: "web" });
  assert.deepEqual(splitNames(["deploy"]), { resource: "deploy", name: undefined });
});
