import assert from "node:assert/strict";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { pluginTable, standardPlugins } from "./mod.ts";

const notAPlugin = new Set(["mod.ts"]);

Deno.test("pluginTable has every plugin of the folder once", () => {
  const files = [...Deno.readDirSync(new URL(".", import.meta.url))].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts") && !notAPlugin.has(name))
    .map((name) => name.slice(0, -3).replace(/_(.)/g, (_all, letter) => letter.toUpperCase()));
  assert.deepEqual(pluginTable.map(({ name }) => name).sort(), files.sort());
});

Deno.test("standardPlugins() runs policies before quotas and nothing but `last` after them", () => {
  const policies = [{ name: "Policy" }];
  const last = [{ name: "Last" }];
  const { dependencies } = new AdmissionHarness();
  const names = standardPlugins(dependencies, { policies, last }).map(({ name }) => name);
  assert.equal(names[0], "NamespaceLifecycle");
  assert.deepEqual(names.slice(-3), ["Policy", "ResourceQuota", "Last"]);
});
