import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  errorType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from "../types/cel_type.ts";
import {
  type CelValue,
  Duration,
  isList,
  isMap,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";

const anyList = listType(dynType);
const anyMap = mapType(dynType, dynType);
const anyOptional = optionalType(dynType);

/** The type of a value as it is at run time: what lists and maps hold does not count. */
export function typeOfValue(value: CelValue): CelType {
  if (value === null) return nullType;
  switch (typeof value) {
    case "boolean":
      return boolType;
    case "bigint":
      return intType;
    case "number":
      return doubleType;
    case "string":
      return stringType;
  }
  if (isList(value)) return anyList;
  if (isMap(value)) return value.type ?? anyMap;
  if (value instanceof Uint) return uintType;
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof Timestamp) return timestampType;
  if (value instanceof Duration) return durationType;
  if (value instanceof TypeValue) return typeType;
  if (value instanceof Optional) return anyOptional;
  if (value instanceof OpaqueValue) return value.type;
  return errorType;
}

/** The size that cost counts by: characters, bytes, items, entries; 1 for what has none. */
export function sizeOfValue(value: CelValue): number {
  if (typeof value === "string") return characters(value);
  if (value === null || typeof value !== "object") return 1;
  if (isList(value) || isMap(value)) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOfValue(value.value);
  if (value instanceof OpaqueValue) return value.size ?? 1;
  return 1;
}

/** The length of a text in code points. */
export function characters(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        count--;
        index++;
      }
    }
  }
  return count;
}
