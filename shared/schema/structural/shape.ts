import { additionalOf, hasAdditional, itemsOf, type JsonSchema } from "./json_schema.ts";

/** A structural schema compiled for walks over values. Immutable; made once per schema. */
export interface Shape {
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, Shape>;
  /** What other keys hold. `unspecified`: they are allowed, and nothing is said of them. */
  readonly additional: Shape | "unspecified" | undefined;
  readonly items: Shape | undefined;
  /** Keys that are not declared are kept. */
  readonly preserves: boolean;
  /** A whole resource: its apiVersion, kind and metadata are of the known form and always allowed. */
  readonly isResource: boolean;
  readonly nullable: boolean;
  /** undefined: none. */
  readonly default: unknown;
  /** Whether this or something within has one, so that walks can leave out what has nothing for them. */
  readonly has: {
    readonly defaults: boolean;
    readonly listRules: boolean;
    readonly resources: boolean;
  };
}

const shapes = new WeakMap<JsonSchema, Shape>();
const roots = new WeakMap<JsonSchema, Shape>();
const nothing: JsonSchema = {};

/** The shape of a schema that has no `structuralObstacle`. */
export function shapeOf(schema: JsonSchema): Shape {
  let shape = shapes.get(schema);
  if (!shape) shapes.set(schema, shape = compile(schema));
  return shape;
}

/** The shape of a whole resource: as if its schema said that it is one. Without a schema nothing else is allowed. */
export function resourceShapeOf(schema: JsonSchema = nothing): Shape {
  let shape = roots.get(schema);
  if (!shape) {
    shape = compile({ ...schema, "x-kubernetes-embedded-resource": true });
    roots.set(schema, shape);
  }
  return shape;
}

/** The shape of the value at `key`; undefined where nothing is said of it. */
export function shapeAt(shape: Shape, key: string): Shape | undefined {
  const { additional } = shape;
  return shape.properties.get(key) ?? (additional === "unspecified" ? undefined : additional);
}

function compile(schema: JsonSchema): Shape {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([key, property]) => [key, shapeOf(property)]),
  );
  const given = additionalOf(schema);
  const additional = given ? shapeOf(given) : hasAdditional(schema) ? "unspecified" : undefined;
  const itemSchema = itemsOf(schema);
  const items = itemSchema && shapeOf(itemSchema);
  const parts = [...properties.values(), items, given && shapeOf(given)].filter((part) =>
    part !== undefined
  );
  const isResource = schema["x-kubernetes-embedded-resource"] === true;
  const standard = schema.default ?? undefined;
  const listType = schema["x-kubernetes-list-type"];
  return {
    schema,
    properties,
    additional,
    items,
    preserves: schema["x-kubernetes-preserve-unknown-fields"] === true,
    isResource,
    nullable: schema.nullable === true,
    default: standard,
    has: {
      defaults: standard !== undefined || parts.some(({ has }) => has.defaults),
      listRules: listType === "set" || listType === "map" ||
        parts.some(({ has }) => has.listRules),
      resources: isResource || parts.some(({ has }) => has.resources),
    },
  };
}
