import type { JsonPatchOperation } from "./json_patch.ts";

/** Why an operation does not apply, before it is known which it was. */
export class PatchFault extends Error {
  override readonly name = "PatchFault";
  constructor(
    /** Whether the container is missing, or what the path names in it is wrong. */
    readonly where: "path" | "key",
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** The text of a fault as the reference's library (gopkg.in/evanphx/json-patch.v4) words it. */
export function patchFaultText(
  { op, from }: Pick<JsonPatchOperation, "op" | "from">,
  { where, path, message }: PatchFault,
): string {
  const isFrom = path === from;
  if (where === "path") return `${op} operation does not apply: ${missing(op, path, isFrom)}`;
  switch (op) {
    case "add":
      // Only here does the library say what it wanted of a key that is no number.
      return `error in add for path: '${path}': ${
        message.replace(
          /^strconv\.Atoi: parsing "(.*)":/,
          (text, key) => `value was not a proper array index: '${key}': ${text}`,
        )
      }`;
    case "replace":
      return `replace operation does not apply: doc is missing key: ${path}: missing value`;
    case "copy":
      return isFrom
        ? `error in copy for from: '${path}': ${message}`
        : `error while adding value during copy: ${message}`;
    case "move": {
      const shown = isFrom ? path.slice(path.lastIndexOf("/") + 1) : path;
      return `error in move for path: '${shown}': ${message}`;
    }
    default:
      return `error in ${op} for path: '${path}': ${message}`;
  }
}

function missing(op: string, path: string, isFrom: boolean): string {
  switch (op) {
    case "move":
    case "copy":
      return `doc is missing ${isFrom ? "from" : "destination"} path: ${path}: missing value`;
    case "replace":
      return `doc is missing path: ${path}: missing value`;
    case "test":
      return `is missing path: ${path}: missing value`;
    default:
      return `doc is missing path: "${path}": missing value`;
  }
}
