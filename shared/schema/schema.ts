import data from "./data/schema.json" with { type: "json" };
import type { Shape } from "./structural/shape.ts";

/** How a single value is written; the last seven have a JSON form of their own. */
export type ScalarType =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "float64"
  | "bytes"
  | "quantity"
  | "time"
  | "microTime"
  | "duration"
  | "intOrString"
  | "fieldsV1"
  /** Any JSON object, e.g. a runtime.RawExtension. */
  | "raw"
  /** Any JSON value. */
  | "any";

export interface ScalarNode {
  readonly type: "scalar";
  readonly scalar: ScalarType;
  /** The Go type as the reference's messages name it, e.g. `int32`, `v1.Time`. */
  readonly goName: string;
}
export interface ListNode {
  readonly type: "list";
  readonly items: SchemaNode;
  /** How server-side apply merges it. */
  readonly listType: "atomic" | "set" | "map";
  readonly mapKeys: readonly string[];
}
export interface MapNode {
  readonly type: "map";
  readonly values: SchemaNode;
  readonly atomic: boolean;
}
export interface StructNode {
  readonly type: "struct";
  /** Full Go type, e.g. `k8s.io.api.core.v1.Pod`; empty for a custom resource. */
  readonly goType: string;
  /** Short Go type, e.g. `Pod`. */
  readonly goName: string;
  /** By JSON name, in the order in which the reference encodes them. Inlined structs are flattened. */
  readonly fields: ReadonlyMap<string, FieldNode>;
  /** Replaced as a whole by server-side apply. */
  readonly atomic: boolean;
  /** Fields that are not in `fields` are kept (custom resources with x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown?: boolean;
  /** Of a custom resource as a whole: the structural schema that the nodes were made from. */
  readonly structural?: Shape;
}
export type SchemaNode = ScalarNode | ListNode | MapNode | StructNode;

/** A field of a struct. */
export interface FieldNode {
  readonly name: string;
  readonly node: SchemaNode;
  /** A Go pointer: absent and zero are different. */
  readonly pointer: boolean;
  /** Left out when empty: false, 0, "", an empty list or map; a plain struct is never empty. */
  readonly omitEmpty: boolean;
  /** Left out when zero: as omitEmpty, and a struct with all fields zero. */
  readonly omitZero: boolean;
  /** Field number in protobuf; 0: not in protobuf. */
  readonly proto: number;
  /** Numbers of the protobuf messages that hold the field where JSON inlines them, outermost first. */
  readonly protoParents?: readonly number[];
  /** A list that protobuf wraps in a message of its own (meta/v1 Verbs). */
  readonly protoItems?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** Strategic merge patch: any of `merge`, `replace`, `retainKeys`. */
  readonly patchStrategy: readonly string[];
  readonly patchMergeKey?: string;
}

type FieldRow = readonly [
  name: string,
  type: string,
  flags: string,
  proto?: number | null,
  extra?: Readonly<Record<string, unknown>>,
];
type TypeRow = "custom" | readonly FieldRow[] | { atomic: true; fields: readonly FieldRow[] };

const rows = data.types as unknown as Readonly<Record<string, TypeRow>>;
const kinds = data.kinds as Readonly<Record<string, string>>;

const scalars: Readonly<Record<string, [ScalarType, string]>> = {
  string: ["string", "string"],
  bool: ["bool", "bool"],
  int32: ["int32", "int32"],
  int64: ["int64", "int64"],
  float64: ["float64", "float64"],
  any: ["any", "interface {}"],
  "[]uint8": ["bytes", "[]uint8"],
  Quantity: ["quantity", "resource.Quantity"],
  Time: ["time", "v1.Time"],
  MicroTime: ["microTime", "v1.MicroTime"],
  Duration: ["duration", "v1.Duration"],
  IntOrString: ["intOrString", "intstr.IntOrString"],
  FieldsV1: ["fieldsV1", "v1.FieldsV1"],
  RawExtension: ["raw", "runtime.RawExtension"],
  JSON: ["any", "v1.JSON"],
  JSONSchemaPropsOrArray: ["any", "v1.JSONSchemaPropsOrArray"],
  JSONSchemaPropsOrBool: ["any", "v1.JSONSchemaPropsOrBool"],
  JSONSchemaPropsOrStringArray: ["any", "v1.JSONSchemaPropsOrStringArray"],
};

/** Every kind the API has, as `group/version/Kind` or `version/Kind`. */
export const knownKinds: ReadonlySet<string> = new Set(Object.keys(kinds));

const cache = new Map<string, SchemaNode>();

/**
 * The schema of a built-in kind, e.g. `schemaOf("apps/v1", "Deployment")`. Compiled when first asked for.
 * Throws TypeError for a kind that the API does not have.
 */
export function schemaOf(apiVersion: string, kind: string): StructNode {
  const goType = kinds[`${apiVersion}/${kind}`];
  if (goType === undefined) throw new TypeError(`Unknown kind "${apiVersion}/${kind}"`);
  return compile(goType) as StructNode;
}

/** The schema of a Go type by its published name, e.g. `k8s.io.api.core.v1.PodSpec`. */
export function schemaOfType(goType: string): StructNode {
  return compile(goType.replace(/^k8s\.io\./, "~")) as StructNode;
}

function compile(goType: string): SchemaNode {
  const known = cache.get(goType);
  if (known) return known;
  const scalar = scalarOf(goType);
  if (scalar) return remember(goType, scalar);
  if (goType.startsWith("*")) return compile(goType.slice(1));
  if (goType.startsWith("[]")) {
    return { type: "list", items: compile(goType.slice(2)), listType: "atomic", mapKeys: [] };
  }
  if (goType.startsWith("map[string]")) {
    return { type: "map", values: compile(goType.slice("map[string]".length)), atomic: false };
  }
  return compileStruct(goType);
}

function scalarOf(goType: string): ScalarNode | undefined {
  const isCustom = rows[goType] === "custom";
  const row = scalars[isCustom ? shortName(goType) : goType];
  return row && { type: "scalar", scalar: row[0], goName: row[1] };
}

function compileStruct(goType: string): StructNode {
  const row = rows[goType];
  if (row === undefined || row === "custom") throw new TypeError(`Unknown type "${goType}"`);
  const fields = new Map<string, FieldNode>();
  const node: StructNode = {
    type: "struct",
    goType: goType.replace("~", "k8s.io."),
    goName: shortName(goType),
    fields,
    atomic: !Array.isArray(row),
  };
  // Remembered before its fields are compiled: some types contain themselves.
  remember(goType, node);
  const fieldRows = Array.isArray(row) ? row : (row as { fields: readonly FieldRow[] }).fields;
  for (const field of fieldRows) addField(fields, field);
  return node;
}

function addField(fields: Map<string, FieldNode>, row: FieldRow): void {
  const [name, type, flags, proto, extra = {}] = row;
  const node = compile(type);
  if (flags.includes("i") && node.type === "struct") {
    for (const [key, field] of node.fields) fields.set(key, inlined(field, proto));
    return;
  }
  fields.set(name, {
    name,
    node: withMergeRules(node, extra),
    pointer: type.startsWith("*"),
    omitEmpty: flags.includes("e"),
    omitZero: flags.includes("z"),
    proto: proto ?? 0,
    ...(extra.protoItems !== undefined && { protoItems: true }),
    patchStrategy: typeof extra.patch === "string" ? extra.patch.split(",") : [],
    ...(extra.default !== undefined && { default: extra.default }),
    ...(extra.enum !== undefined && { enum: extra.enum as string[] }),
    ...(extra.mergeKey !== undefined && { patchMergeKey: extra.mergeKey as string }),
  });
}

/** JSON flattens an inlined struct, protobuf nests it; without a number (TypeMeta) it is not in protobuf. */
function inlined(field: FieldNode, proto: number | null | undefined): FieldNode {
  if (!proto) return { ...field, proto: 0 };
  return { ...field, protoParents: [proto, ...(field.protoParents ?? [])] };
}

/** List and map types are facts of the field, not of the element type. */
function withMergeRules(node: SchemaNode, extra: Readonly<Record<string, unknown>>): SchemaNode {
  if (node.type === "list" && extra.listType !== undefined) {
    const listType = extra.listType as ListNode["listType"];
    return { ...node, listType, mapKeys: (extra.mapKeys as string[] | undefined) ?? [] };
  }
  if (extra.mapType === "atomic" && (node.type === "map" || node.type === "struct")) {
    return { ...node, atomic: true };
  }
  // What is atomic by its type may be granular as this field.
  if (extra.mapType === "granular" && node.type === "struct" && node.atomic) {
    return { ...node, atomic: false };
  }
  return node;
}

function remember<N extends SchemaNode>(goType: string, node: N): N {
  cache.set(goType, node);
  return node;
}

function shortName(goType: string): string {
  return goType.slice(goType.lastIndexOf(".") + 1);
}
