import assert from "node:assert/strict";
import type { ControllerDefinition } from "./controller.ts";
import { controllers } from "./mod.ts";

/** Every module below this folder, tests and what tests use aside. */
async function* modules(folder: URL): AsyncIterable<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory && entry.name !== "testing") {
      yield* modules(new URL(`${entry.name}/`, folder));
    } else if (/^(?!mod)[a-z_]+(?<!_test)\.ts$/.test(entry.name)) yield new URL(entry.name, folder);
  }
}

function isDefinition(value: unknown): value is ControllerDefinition {
  return typeof value === "object" && value !== null && "setup" in value && "account" in value;
}

Deno.test("the table of controllers holds every controller of this folder, under names of their own", async () => {
  const found = new Set<string>();
  for await (const url of modules(new URL("./", import.meta.url))) {
    const module = await import(url.href) as Record<string, unknown>;
    for (const value of Object.values(module)) if (isDefinition(value)) found.add(value.name);
  }
  assert.deepEqual(controllers.map(({ name }) => name).sort(), [...found].sort());
  assert.equal(new Set(controllers.map(({ name }) => name)).size, controllers.length);
});
