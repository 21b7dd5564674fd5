import assert from "node:assert/strict";
import { defaultPlugins } from "../configuration/scheduler_configuration.ts";
import { PluginFixture } from "../testing/plugin_fixture.ts";
import { plugins } from "./mod.ts";

Deno.test("plugins lists every file of the folder under its own name", () => {
  const files = [...Deno.readDirSync(new URL(".", import.meta.url))]
    .map(({ name }) => name)
    .filter((name) => !name.endsWith("_test.ts") && name !== "mod.ts");
  const named = [...plugins].map(([name, make]) => {
    assert.equal(new PluginFixture(make, { nodes: [] }).plugin.name, name);
    return name.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase() + ".ts";
  });
  assert.deepEqual(named.sort(), files.sort());
});

Deno.test("defaultPlugins names every plugin once", () => {
  const names = defaultPlugins.multiPoint.enabled.map(({ name }) => name);
  assert.deepEqual(names.sort(), [...plugins.keys()].sort());
});
