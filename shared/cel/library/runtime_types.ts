import type { CelType } from "../types/cel_type.ts";
import { typeOfValue } from "../values/type_of.ts";
import { type CelValue, isList, isMap, Optional } from "../values/value.ts";
import type { Overload } from "./function_table.ts";

/** Whether a value may be passed where a parameter of `type` is; of lists and maps the first element counts. */
export function fitsType(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case "dyn":
    case "any":
    case "typeParam":
      return true;
    case "list":
      return isList(value) && (value.size === 0 || fitsType(value.at(0), type.params[0]!));
    case "map": {
      if (!isMap(value)) return false;
      for (const key of value.keys()) {
        const one = value.get(key);
        return fitsType(key, type.params[0]!) &&
          (one === undefined || fitsType(one, type.params[1]!));
      }
      return true;
    }
  }
  if (value instanceof Optional) return type.name === "optional_type";
  const own = typeOfValue(value);
  return own.kind === type.kind && own.name === type.name;
}

/** Whether arguments fit an overload. */
export function fitsOverload(args: readonly CelValue[], { params }: Overload): boolean {
  return params.length === args.length &&
    params.every((type, index) => fitsType(args[index]!, type));
}
