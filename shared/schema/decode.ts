import type { KubeObject } from "../api/kind.ts";
import { alternativeNode, hasAlternatives } from "./alternatives.ts";
import { DecodeError } from "./decode_error.ts";
import { inspect, inspectMetadata } from "./inspect.ts";
import { hasMoreKeys, isObject, setKey, sortedKeys } from "./json_object.ts";
import { decodeScalar, zeroOfScalar } from "./scalars.ts";
import type { FieldNode, ListNode, MapNode, ScalarNode, SchemaNode, StructNode } from "./schema.ts";
import { schemaOfType } from "./schema.ts";
import { decodeResource, type MetadataDecoder } from "./structural/decoding.ts";
import { resourceShapeOf } from "./structural/shape.ts";

export interface DecodeOptions {
  /** Collect the fields that the schema does not have; without it they are dropped in silence. */
  readonly strict: boolean;
}
export interface Decoded {
  readonly object: KubeObject;
  /** Paths in document order, e.g. `spec.containers[0].bar`. At most 100; empty unless strict. */
  readonly unknownFields: string[];
}

/**
 * Makes of parsed JSON the object that the reference would store and send back: unknown fields and empty optional ones
 * are gone, required ones are there (as "", 0, `{}` or null), quantities and times are canonical, fields are in schema
 * order and map keys sorted. Defaults are not applied. The input is untouched; free-form parts (FieldsV1,
 * RawExtension, JSON) are shared with it. Custom resources (a StructNode without goType) are only pruned.
 *
 * Throws DecodeError with the text of Go's decoder when a field has the wrong type.
 */
export function decodeObject(
  schema: StructNode,
  value: unknown,
  options: DecodeOptions,
): Decoded {
  return decodeStruct(schema, value, options) as unknown as Decoded;
}

/** As `decodeObject`, for any struct: a DeleteOptions, a PodSpec. The result has the shape of the schema's Go type. */
export function decodeStruct(
  schema: StructNode,
  value: unknown,
  options: DecodeOptions,
): { object: Record<string, unknown>; unknownFields: string[] } {
  const pass: Pass = { strict: options.strict, sawUnknown: false };
  try {
    const object = planOf(schema).decode(value, pass) as Record<string, unknown>;
    return { object, unknownFields: pass.sawUnknown ? inspect(schema, value).unknownFields : [] };
  } catch (error) {
    // The fast pass knows no paths: the slow one says what the reference would have said.
    const found = inspect(schema, value).error;
    if (found) throw new DecodeError(found, { cause: error });
    throw error;
  }
}

/**
 * The same rules for an object that the server itself put together or changed in place. Throws DecodeError where the
 * object breaks its schema, which then is a bug of the caller.
 */
export function normalizeObject<T extends KubeObject>(schema: StructNode, object: T): T {
  return decodeStruct(schema, object, { strict: false }).object as unknown as T;
}

/** What one run of the decoders shares. */
export interface Pass {
  readonly strict: boolean;
  sawUnknown: boolean;
}

/** How one type is decoded. */
export interface Plan {
  /** `value` is neither null nor undefined. undefined: nothing is left (an empty list or map, a zero time). */
  decode(value: unknown, pass: Pass): unknown;
  /** What stands for a missing value where Go always writes one. */
  zero(pass: Pass): unknown;
}

const plans = new WeakMap<SchemaNode, Plan>();

/** The compiled decoder of a node; compiled once. */
export function planOf(node: SchemaNode): Plan {
  let plan = plans.get(node);
  if (!plan) {
    plan = compile(node);
    plans.set(node, plan);
  }
  return plan;
}

function compile(node: SchemaNode): Plan {
  switch (node.type) {
    case "scalar":
      return compileScalar(node);
    case "list":
      return compileList(node);
    case "map":
      return compileMap(node);
    case "struct":
      return node.goType === "" ? compileCustom(node) : compileStruct(node);
  }
}

function compileScalar(node: ScalarNode): Plan {
  const { scalar } = node;
  if (hasAlternatives(node.goName)) return compileAlternatives(node.goName);
  return { decode: decodeScalar[scalar], zero: () => zeroOfScalar(scalar) };
}

/** The reference decodes these apart, never strictly. */
function compileAlternatives(goName: string): Plan {
  return {
    decode(value) {
      const chosen = alternativeNode(goName, value);
      if (!chosen) return value;
      return planOf(chosen).decode(value, { strict: false, sawUnknown: false });
    },
    zero: () => null,
  };
}

/** Custom resources are free-form JSON to the reference, up to their metadata. */
function compileCustom(node: StructNode): Plan {
  const shape = node.structural ?? resourceShapeOf();
  const decode = (value: unknown, pass: Pass) => {
    const { object, sawUnknown } = decodeResource(shape, value, metadataDecoder);
    if (pass.strict && sawUnknown) pass.sawUnknown = true;
    return object;
  };
  return { decode, zero: () => null };
}

const metadataDecoder: MetadataDecoder = {
  decode(value) {
    const pass: Pass = { strict: true, sawUnknown: false };
    const plan = planOf(schemaOfType("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
    const object = plan.decode(value ?? {}, pass);
    return { object, hasUnknown: pass.sawUnknown };
  },
  inspect: inspectMetadata,
};

function compileList(node: ListNode): Plan {
  const items = planOf(node.items);
  return {
    decode(value, pass) {
      if (!Array.isArray(value)) throw mismatch();
      if (value.length === 0) return undefined;
      const out = new Array<unknown>(value.length);
      for (let i = 0; i < value.length; i++) {
        const item: unknown = value[i];
        out[i] = item === null || item === undefined
          ? items.zero(pass)
          : items.decode(item, pass) ?? items.zero(pass);
      }
      return out;
    },
    zero: () => null,
  };
}

function compileMap(node: MapNode): Plan {
  const values = planOf(node.values);
  return {
    decode(value, pass) {
      if (!isObject(value)) throw mismatch();
      const keys = sortedKeys(value);
      if (keys.length === 0) return undefined;
      const out: Record<string, unknown> = {};
      for (const key of keys) {
        const entry = value[key];
        const decoded = entry === null || entry === undefined
          ? values.zero(pass)
          : values.decode(entry, pass) ?? values.zero(pass);
        setKey(out, key, decoded);
      }
      return out;
    },
    zero: () => null,
  };
}

type FieldDecoder = (value: unknown, pass: Pass) => unknown;

function compileStruct(node: StructNode): Plan {
  // Filled at first use: types may contain themselves.
  let names: readonly string[] | undefined;
  let decoders: readonly FieldDecoder[] = [];
  let zeros: readonly (Plan["zero"] | undefined)[] = [];
  const decode = (value: unknown, pass: Pass): unknown => {
    if (!isObject(value)) throw mismatch();
    if (!names) {
      const fields = [...node.fields.values()];
      decoders = fields.map(compileField);
      zeros = fields.map(zeroOfField);
      names = fields.map((field) => field.name);
    }
    const out: Record<string, unknown> = {};
    let seen = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const given = value[name];
      let decoded: unknown;
      if (given !== undefined) {
        seen++;
        if (given !== null) decoded = decoders[i]!(given, pass);
      }
      decoded ??= zeros[i]?.(pass);
      if (decoded !== undefined) out[name] = decoded;
    }
    if (pass.strict && !pass.sawUnknown) pass.sawUnknown = hasMoreKeys(value, seen);
    return out;
  };
  return { decode, zero: (pass) => decode({}, pass) };
}

/** Structs that JSON cannot leave out with omitempty, because to Go no struct is empty. */
function isWritten(field: FieldNode): boolean {
  if (field.pointer || field.node.type === "list" || field.node.type === "map") return false;
  if (field.node.type === "struct") return !field.omitZero;
  return field.node.goName.includes(".") && !field.omitZero;
}

function zeroOfField(field: FieldNode): Plan["zero"] | undefined {
  if ((field.omitEmpty || field.omitZero) && !isWritten(field)) return undefined;
  if (field.pointer) return () => null;
  return planOf(field.node).zero;
}

function compileField(field: FieldNode): FieldDecoder {
  const { decode } = planOf(field.node);
  if (field.omitZero && field.node.type === "struct") return dropEmptyObject(decode);
  if (field.pointer || !field.omitEmpty || field.node.type !== "scalar") return decode;
  switch (field.node.scalar) {
    case "string":
    case "bytes":
    case "bool":
    case "int32":
    case "int64":
    case "float64":
      return (value, pass) => decode(value, pass) || undefined;
    default:
      return decode;
  }
}

function dropEmptyObject(decode: FieldDecoder): FieldDecoder {
  return (value, pass) => {
    const decoded = decode(value, pass) as Record<string, unknown>;
    return hasMoreKeys(decoded, 0) ? decoded : undefined;
  };
}

/** What the fast pass throws for a value of the wrong type; `inspect` finds the words. */
function mismatch(): DecodeError {
  return new DecodeError("value of the wrong type");
}
