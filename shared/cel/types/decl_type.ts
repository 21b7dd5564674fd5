import {
  anyType,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  stringType,
  structType,
  timestampType,
  uintType,
} from "./cel_type.ts";

/** A size without a bound. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** A field of an object type, under the name that expressions use (see `escape`). */
export interface DeclField {
  readonly name: string;
  readonly type: DeclType;
  readonly required: boolean;
}

/**
 * A type with what is known of its size: what a schema says about values, for the checker (types and fields) and for the
 * cost estimate (sizes). Immutable.
 */
export interface DeclType {
  readonly name: string;
  readonly celType: CelType;
  /** Of an object. */
  readonly fields?: ReadonlyMap<string, DeclField>;
  /** Of a map. */
  readonly key?: DeclType;
  /** Of a list or map. */
  readonly element?: DeclType;
  /** Items of a list, entries of a map, bytes of a string; 0 where nothing is known. */
  readonly maxElements: number;
  /** The smallest number of bytes that a value takes as JSON. */
  readonly minSerializedSize: number;
}

/** A type without parts. */
export function declScalar(
  name: string,
  celType: CelType,
  sizes: { readonly min: number; readonly max?: number },
): DeclType {
  return { name, celType, maxElements: sizes.max ?? 0, minSerializedSize: sizes.min };
}

export const declAny = declScalar("any", anyType, { min: 1 });
export const declBool = declScalar("bool", boolType, { min: 4 });
export const declBytes = declScalar("bytes", bytesType, { min: 2 });
export const declDouble = declScalar("double", doubleType, { min: 1 });
export const declDuration = declScalar("duration", durationType, { min: 3 });
export const declDyn = declScalar("dyn", dynType, { min: 1 });
export const declInt = declScalar("int", intType, { min: 1 });
export const declNull = declScalar("null_type", nullType, { min: 4 });
export const declString = declScalar("string", stringType, { min: 2 });
export const declTimestamp = declScalar("timestamp", timestampType, { min: 12 });
export const declUint = declScalar("uint", uintType, { min: 1 });
export const declQuantity = declScalar("quantity", structType("kubernetes.Quantity"), { min: 8 });

export function declList(element: DeclType, maxItems = UNBOUNDED): DeclType {
  return {
    name: "list",
    celType: listType(element.celType),
    element,
    maxElements: maxItems,
    minSerializedSize: 2,
  };
}

export function declMap(key: DeclType, element: DeclType, maxProperties = UNBOUNDED): DeclType {
  return {
    name: "map",
    celType: mapType(key.celType, element.celType),
    key,
    element,
    maxElements: maxProperties,
    minSerializedSize: 2,
  };
}

export function declObject(
  name: string,
  fields: readonly DeclField[],
  minSerializedSize = 2,
): DeclType {
  return {
    name,
    celType: structType(name),
    fields: new Map(fields.map((field) => [field.name, field])),
    maxElements: 0,
    minSerializedSize,
  };
}

/**
 * `type` with names for the objects in it that have none: `<name>`, `<name>.<field>`, `<name>.@idx` for elements of a
 * list, `<name>.@elem` for those of a map. The checker finds fields by the name of the type.
 */
export function assignTypeNames(type: DeclType, name: string): DeclType {
  if (type.fields) {
    const own = type.name === "object" ? name : type.name;
    const fields = [...type.fields.values()].map((field) => ({
      ...field,
      type: assignTypeNames(field.type, `${own}.${field.name}`),
    }));
    return declObject(own, fields, type.minSerializedSize);
  }
  if (type.key && type.element) {
    const element = assignTypeNames(type.element, `${name}.@elem`);
    return element === type.element ? type : declMap(type.key, element, type.maxElements);
  }
  if (type.element) {
    const element = assignTypeNames(type.element, `${name}.@idx`);
    return element === type.element ? type : declList(element, type.maxElements);
  }
  return type;
}

/** All object types in `type`, by name. */
export function objectTypesIn(type: DeclType): ReadonlyMap<string, DeclType> {
  const found = new Map<string, DeclType>();
  collect(type, found);
  return found;
}

function collect(type: DeclType, found: Map<string, DeclType>): void {
  if (type.fields) {
    if (found.has(type.name)) return;
    found.set(type.name, type);
    for (const field of type.fields.values()) collect(field.type, found);
  }
  if (type.element) collect(type.element, found);
}
