import assert from "node:assert/strict";
import { validateObjectMeta } from "../meta/validate_metadata.ts";
import { decodeObject, normalizeObject } from "../schema/decode.ts";
import { apiVersionOf, type KindDefinition, type KubeObject } from "./kind.ts";
import { builtinKinds as kinds } from "./mod.ts";
import data from "./testdata/rules_b.json" with { type: "json" };
import { loadCel } from "../cel/loading.ts";

await loadCel();

/** What kube-apiserver 1.37 answered: changes are merge patches, errors are `field: message`. */
const { create, defaults, update } = data as unknown as {
  create: Record<string, { base: KubeObject; cases: readonly [unknown, readonly string[]][] }>;
  defaults: Record<string, readonly [KubeObject, KubeObject][]>;
  update: Record<string, { old: KubeObject; cases: readonly [unknown, readonly string[]][] }>;
};
const context = { now: "2026-01-02T03:04:05Z", subresource: "" };

for (const [name, { base, cases }] of Object.entries(create)) {
  const kind = kindOf(name);
  cases.forEach(([change, want]) => {
    Deno.test(`${kind.kind} with ${titleOf(change)} is judged as by the reference`, () => {
      const object = prepare(kind, merge(base, change) as KubeObject);
      const { strategy } = kind;
      const errors = [
        ...validateObjectMeta(object.metadata, {
          namespaced: kind.scope === "Namespaced",
          validateName: strategy.validateName,
        }),
        ...strategy.validateCreate?.(object) ?? [],
        ...strategy.validate?.(object) ?? [],
      ];
      assert.deepEqual(errors.map((error) => `${error.path}: ${error.message}`), want);
    });
  });
}

for (const [name, samples] of Object.entries(defaults)) {
  const kind = kindOf(name);
  samples.forEach(([given, want], index) => {
    Deno.test(`${kind.kind} ${index} gets the defaults of the reference`, () => {
      const { metadata: _, ...stored } = normalizeObject(kind.schema, prepare(kind, given));
      assert.deepEqual(JSON.parse(JSON.stringify(stored)), want);
    });
  });
}

for (const [name, { old, cases }] of Object.entries(update)) {
  const kind = kindOf(name);
  cases.forEach(([change, want]) => {
    Deno.test(`${kind.kind} changed to ${titleOf(change)} is judged as by the reference`, () => {
      const before = decode(kind, old);
      const object = decode(kind, merge(old, change) as KubeObject);
      kind.strategy.defaults?.(object, context.now);
      kind.strategy.prepareForUpdate?.(object, before, context);
      const errors = [
        ...kind.strategy.validate?.(object) ?? [],
        ...kind.strategy.validateUpdate?.(object, before) ?? [],
      ];
      assert.deepEqual(errors.map((error) => `${error.path}: ${error.message}`), want);
    });
  });
}

function kindOf(name: string): KindDefinition {
  return kinds.find((kind) => `${apiVersionOf(kind)} ${kind.kind}` === name)!;
}

function decode(kind: KindDefinition, value: KubeObject): KubeObject {
  return decodeObject(kind.schema, value, { strict: false }).object;
}

/** What the registry does with a new object before it is judged. */
function prepare(kind: KindDefinition, value: KubeObject): KubeObject {
  const object = decode(kind, value);
  if (kind.scope === "Namespaced") object.metadata.namespace ??= "default";
  kind.strategy.defaults?.(object, context.now);
  kind.strategy.prepareForCreate?.(object, context);
  return object;
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function titleOf(change: unknown): string {
  return JSON.stringify(change).slice(0, 100);
}
