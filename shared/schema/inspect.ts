import { alternativeNode, hasAlternatives } from "./alternatives.ts";
import { isObject } from "./json_object.ts";
import { decodeScalar, TypeMismatch } from "./scalars.ts";
import type { ListNode, MapNode, ScalarNode, SchemaNode, StructNode } from "./schema.ts";
import { schemaOfType } from "./schema.ts";
import { inspectResource } from "./structural/decoding.ts";
import { resourceShapeOf } from "./structural/shape.ts";

export interface Findings {
  /** What Go's decoder would have said; undefined: the value fits. */
  readonly error: string | undefined;
  readonly unknownFields: string[];
}

/** As many as the reference's decoder reports. */
const maxUnknownFields = 100;

/**
 * Walks `value` in document order and says what is wrong with it, in the words and in the order of the reference's JSON
 * decoder (sigs.k8s.io/json): the first wrong type is reported at the end, a content that does not parse at once.
 * Slow; runs only when the decoder has met something.
 */
export function inspect(schema: StructNode, value: unknown): Findings {
  if (schema.goType === "") {
    const metadata = { decode: decodesNothing, inspect: inspectMetadata };
    return inspectResource(schema.structural ?? resourceShapeOf(), value, metadata);
  }
  const walk = new Inspection();
  try {
    walk.node(schema, value, "");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.message, unknownFields: walk.unknownFields };
  }
  return { error: walk.firstMismatch, unknownFields: walk.unknownFields };
}

/** As `inspect`, for the `metadata` of a custom resource, which is decoded on its own: errors know no way to it. */
export function inspectMetadata(value: unknown): Findings {
  return inspect(schemaOfType("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta"), value);
}

function decodesNothing(object: unknown) {
  return { object, hasUnknown: false };
}

class Inspection {
  firstMismatch: string | undefined;
  readonly unknownFields: string[] = [];
  /** Names of the fields on the way down, as error messages join them: no indices, no map keys. */
  #fields: string[] = [];
  #structName = "";
  /** Inside a type with a decoder of its own: unknown fields are no news, and errors name the outer field. */
  #opaque = 0;

  node(node: SchemaNode, value: unknown, path: string): void {
    if (value === null || value === undefined) return;
    switch (node.type) {
      case "scalar":
        return this.#scalar(node, value);
      case "list":
        return this.#list(node, value, path);
      case "map":
        return this.#map(node, value, path);
      case "struct":
        return this.#struct(node, value, path);
    }
  }

  #scalar(node: ScalarNode, value: unknown): void {
    if (hasAlternatives(node.goName)) return this.#alternative(node, value);
    try {
      decodeScalar[node.scalar](value);
    } catch (error) {
      if (!(error instanceof TypeMismatch)) throw error;
      this.#mismatch(value, error.wanted, error.showsNumber);
    }
  }

  #alternative(node: ScalarNode, value: unknown): void {
    const chosen = alternativeNode(node.goName, value);
    if (!chosen) return;
    this.#opaque++;
    this.node(chosen, value, "");
    this.#opaque--;
  }

  #list(node: ListNode, value: unknown, path: string): void {
    if (!Array.isArray(value)) return this.#mismatch(value, goTypeOf(node));
    value.forEach((item, i) => this.node(node.items, item, `${path}[${i}]`));
  }

  #map(node: MapNode, value: unknown, path: string): void {
    if (!isObject(value)) return this.#mismatch(value, goTypeOf(node));
    for (const key of Object.keys(value)) this.node(node.values, value[key], join(path, key));
  }

  #struct(node: StructNode, value: unknown, path: string): void {
    if (!isObject(value)) return this.#mismatch(value, goTypeOf(node));
    const outer = this.#structName;
    for (const key of Object.keys(value)) {
      const field = node.fields.get(key);
      if (!field) {
        if (value[key] !== undefined) this.#unknown(join(path, key));
        continue;
      }
      this.#enter(node.goName, key);
      this.node(field.node, value[key], join(path, key));
      this.#leave(outer);
    }
  }

  #enter(structName: string, field: string): void {
    if (this.#opaque > 0) return;
    this.#structName = structName;
    this.#fields.push(field);
  }

  #leave(outer: string): void {
    if (this.#opaque > 0) return;
    this.#structName = outer;
    this.#fields.pop();
  }

  #unknown(path: string): void {
    if (this.#opaque === 0 && this.unknownFields.length < maxUnknownFields) {
      this.unknownFields.push(path);
    }
  }

  #mismatch(value: unknown, wanted: string, showsNumber = false): void {
    const given = showsNumber ? `number ${value}` : jsonTypeOf(value);
    const target = this.#structName === ""
      ? `Go value of type ${wanted}`
      : `Go struct field ${this.#structName}.${this.#fields.join(".")} of type ${wanted}`;
    this.firstMismatch ??= `json: cannot unmarshal ${given} into ${target}`;
  }
}

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** A type as Go's `reflect` names it: `[]string`, `map[string]string`, `v1.PodSpec`. */
function goTypeOf(node: SchemaNode): string {
  switch (node.type) {
    case "scalar":
      return node.goName;
    case "list":
      return `[]${goTypeOf(node.items)}`;
    case "map":
      return node.values.type === "scalar" && node.values.scalar === "quantity"
        ? "v1.ResourceList"
        : `map[string]${goTypeOf(node.values)}`;
    case "struct":
      return node.goType.split(".").slice(-2).join(".");
  }
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
