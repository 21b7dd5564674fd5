import assert from "node:assert/strict";
import { validateObjectMeta } from "../meta/validate_metadata.ts";
import type { FieldError } from "../meta/field_error.ts";
import { decodeObject, normalizeObject } from "../schema/decode.ts";
import { appsKinds } from "./apps/mod.ts";
import { autoscalingKinds } from "./autoscaling/mod.ts";
import { batchKinds } from "./batch/mod.ts";
import { coordinationKinds } from "./coordination/mod.ts";
import { coreKinds } from "./core/mod.ts";
import { discoveryKinds } from "./discovery/mod.ts";
import { eventsKinds } from "./events/mod.ts";
import { apiVersionOf, type KindDefinition, type KubeObject } from "./kind.ts";
import { policyKinds } from "./policy/mod.ts";
import data from "./testdata/rules_core.json" with { type: "json" };

/** What kube-apiserver 1.37 answered: changes are merge patches, errors are `field: message`. */
const { create, defaults, update } = data as unknown as {
  create: Record<string, { base: KubeObject; cases: readonly [unknown, readonly string[]][] }>;
  defaults: Record<string, readonly [KubeObject, KubeObject][]>;
  update: Record<string, { old: KubeObject; cases: readonly [unknown, readonly string[]][] }>;
};
const kinds: readonly KindDefinition[] = [
  ...coreKinds,
  ...appsKinds,
  ...batchKinds,
  ...autoscalingKinds,
  ...policyKinds,
  ...coordinationKinds,
  ...discoveryKinds,
  ...eventsKinds,
];
const context = { now: "2026-01-02T03:04:05Z", subresource: "" };
const UID = "11111111-1111-1111-1111-111111111111";

for (const [name, { base, cases }] of Object.entries(create)) {
  Deno.test(`a new ${name} is judged as by the reference`, async (test) => {
    const kind = kindOf(name);
    for (const [change, want] of cases) {
      await test.step(titleOf(change), () => {
        const object = prepare(kind, merge(base, change) as KubeObject);
        const { strategy } = kind;
        const errors = [
          ...validateObjectMeta(object.metadata, {
            namespaced: kind.scope === "Namespaced",
            validateName: strategy.validateName,
          }),
          ...strategy.validate?.(object) ?? [],
          ...strategy.validateCreate?.(object) ?? [],
        ];
        assert.deepEqual(textsOf(errors), want);
      });
    }
  });
}

for (const [name, samples] of Object.entries(defaults)) {
  Deno.test(`${name} gets the defaults of the reference`, () => {
    const kind = kindOf(name);
    for (const [given, want] of samples) {
      const { metadata: _, ...stored } = normalizeObject(kind.schema, prepare(kind, given));
      assert.deepEqual(JSON.parse(JSON.stringify(stored)), want);
    }
  });
}

for (const [name, { old, cases }] of Object.entries(update)) {
  Deno.test(`a change of ${name} is judged as by the reference`, async (test) => {
    const kind = kindOf(name);
    for (const [change, want] of cases) {
      await test.step(titleOf(change), () => {
        const before = decode(kind, old);
        const object = decode(kind, merge(old, change) as KubeObject);
        const { strategy } = kind;
        strategy.defaults?.(object, context.now);
        if (kind.subresources?.status) Object.assign(object, { status: statusOf(before) });
        strategy.prepareForUpdate?.(object, before, context);
        const errors = [
          ...strategy.validate?.(object) ?? [],
          ...strategy.validateUpdate?.(object, before) ?? [],
        ];
        assert.deepEqual(textsOf(errors), want);
      });
    }
  });
}

function kindOf(name: string): KindDefinition {
  return kinds.find((kind) => `${apiVersionOf(kind)} ${kind.kind}` === name)!;
}

function decode(kind: KindDefinition, value: KubeObject): KubeObject {
  return decodeObject(kind.schema, structuredClone(value), { strict: false }).object;
}

/** What the registry does with a new object before it is judged. */
function prepare(kind: KindDefinition, value: KubeObject): KubeObject {
  const object = decode(kind, value);
  object.metadata.uid = UID;
  kind.strategy.defaults?.(object, context.now);
  if (kind.subresources?.status) delete (object as { status?: unknown }).status;
  kind.strategy.prepareForCreate?.(object, context);
  return object;
}

function statusOf(object: KubeObject): unknown {
  return structuredClone((object as { status?: unknown }).status);
}

/** One message a field and text, as the API answers. */
function textsOf(errors: readonly FieldError[]): readonly string[] {
  return [...new Set(errors.map((error) => `${error.path}: ${error.message}`))];
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
  return JSON.stringify(change).slice(0, 120);
}
