import { type FieldError, invalid } from "../../meta/field_error.ts";
import { isObject, setKey } from "../json_object.ts";
import { sameJson } from "../same_json.ts";
import { pruneValue, sortedDeep } from "./decoding.ts";
import { additionalOf, itemsOf, type JsonSchema, metaFields } from "./json_schema.ts";
import { validateEmbedded } from "./resource_rules.ts";
import { resourceShapeOf, shapeOf } from "./shape.ts";
import { validateValue } from "./value_rules.ts";

/** Checks a default by rules that are not of the schema language itself (CEL). */
export type DefaultRules = (schema: JsonSchema, value: unknown, path: string) => FieldError[];

export interface DefaultOptions {
  /** Defaults may hold nothing that would be pruned; false: one that did is stored already. */
  readonly pruned: boolean;
  readonly rules?: DefaultRules | undefined;
}

/** Defaults must be what a client could have sent: of their schema, and nothing in them unknown to it. */
export function validateDefaults(
  path: string,
  schema: JsonSchema,
  options: DefaultOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const root = { ...schema, "x-kubernetes-embedded-resource": true };
  new DefaultWalk(options, errors).visit(root, path, { wrap: wrapTypeMeta, inMetadata: false });
  return errors;
}

/** Puts a value where it will be in a resource. */
type Wrap = (value: unknown) => Record<string, unknown>;

interface Surroundings {
  readonly wrap: Wrap;
  /** Inside of apiVersion, kind or metadata. */
  readonly inMetadata: boolean;
}

class DefaultWalk {
  readonly #options: DefaultOptions;
  readonly #errors: FieldError[];

  constructor(options: DefaultOptions, errors: FieldError[]) {
    this.#options = options;
    this.#errors = errors;
  }

  visit(schema: JsonSchema, path: string, around: Surroundings): void {
    const isResource = schema["x-kubernetes-embedded-resource"] ?? false;
    const { wrap, inMetadata } = isResource ? { wrap: wrapTypeMeta, inMetadata: false } : around;
    const standard = schema.default ?? undefined;
    if (standard !== undefined) {
      if (inMetadata) this.#checkMetadata(schema, wrap, `${path}.default`);
      else this.#check(schema, `${path}.default`);
    }
    const items = itemsOf(schema);
    if (items) {
      this.visit(items, `${path}.items`, { wrap: (value) => wrap([value]), inMetadata });
    }
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      this.visit(property, `${path}.properties[${key}]`, {
        wrap: (value) => wrap({ [key]: value }),
        inMetadata: inMetadata || (isResource && metaFields.has(key)),
      });
    }
  }

  #check(schema: JsonSchema, path: string): void {
    const standard = schema.default;
    const isResource = schema["x-kubernetes-embedded-resource"] ?? false;
    if (this.#options.pruned) {
      const shape = isResource ? resourceShapeOf(schema) : shapeOf(schema);
      if (!sameJson(pruneValue(shape, standard), standard)) {
        this.#errors.push(invalid(path, sortedDeep(standard), "must not have unknown fields"));
      }
    }
    const embedded = validateEmbedded(shapeOf(schema), standard, { path, isResource });
    this.#push(embedded.length > 0 ? embedded : this.#rulesFor(schema, path));
  }

  #checkMetadata(schema: JsonSchema, wrap: Wrap, path: string): void {
    const resource = wrap(structuredClone(schema.default));
    const shape = resourceShapeOf();
    const problems = validateEmbedded(shape, resource, { isResource: true });
    if (problems.length > 0) {
      const texts = problems.map(({ path, message }) => `${path}: ${message}`);
      const all = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
      const detail = `must result in valid metadata: ${all}`;
      this.#errors.push(invalid(path, schema.default, detail));
    } else this.#push(this.#rulesFor(schema, path));
  }

  #rulesFor(schema: JsonSchema, path: string): FieldError[] {
    const errors = validateValue(schema, schema.default, { path });
    return errors.length > 0 ? errors : this.#options.rules?.(schema, schema.default, path) ?? [];
  }

  #push(errors: readonly FieldError[]): void {
    this.#errors.push(...errors);
  }
}

function wrapTypeMeta(value: unknown): Record<string, unknown> {
  const object = isObject(value) ? { ...value } : {};
  object.kind ??= "Validation";
  object.apiVersion ??= "validation/v1";
  return object;
}

/**
 * A schema whose defaults hold nothing that the schema does not declare, as they are applied. Returns the same schema
 * if nothing changes.
 */
export function prunedDefaults(schema: JsonSchema): JsonSchema {
  const standard = schema.default ?? undefined;
  const changes: Partial<JsonSchema> = {};
  if (standard !== undefined) {
    const pruned = pruneValue(shapeOf(schema), standard);
    if (!sameJson(pruned, standard)) changes.default = pruned;
  }
  const items = itemsOf(schema);
  if (items) {
    const next = prunedDefaults(items);
    if (next !== items) changes.items = next;
  }
  const additional = additionalOf(schema);
  if (additional) {
    const next = prunedDefaults(additional);
    if (next !== additional) changes.additionalProperties = next;
  }
  const properties: Record<string, JsonSchema> = {};
  let changed = false;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const next = prunedDefaults(property);
    changed ||= next !== property;
    setKey(properties, key, next);
  }
  if (changed) changes.properties = properties;
  return Object.keys(changes).length > 0 ? { ...schema, ...changes } : schema;
}
