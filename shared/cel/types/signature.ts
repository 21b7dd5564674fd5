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
  opaqueType,
  optionalType,
  stringType,
  structType,
  timestampType,
  typeOf,
  typeParam,
  uintType,
} from "./cel_type.ts";

export const quantityType = structType("kubernetes.Quantity");
export const urlType = structType("kubernetes.URL");
export const semverType = structType("kubernetes.Semver");
export const formatType = structType("kubernetes.NamedFormat");
export const ipType = opaqueType("net.IP");
export const cidrType = opaqueType("net.CIDR");
export const authorizerType = structType("kubernetes.authorization.Authorizer");
export const pathCheckType = structType("kubernetes.authorization.PathCheck");
export const groupCheckType = structType("kubernetes.authorization.GroupCheck");
export const resourceCheckType = structType("kubernetes.authorization.ResourceCheck");
export const decisionType = structType("kubernetes.authorization.Decision");

const named: Readonly<Record<string, CelType>> = {
  any: anyType,
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  duration: durationType,
  dyn: dynType,
  int: intType,
  null: nullType,
  string: stringType,
  timestamp: timestampType,
  uint: uintType,
  Quantity: quantityType,
  URL: urlType,
  Semver: semverType,
  Format: formatType,
  IP: ipType,
  CIDR: cidrType,
  Authorizer: authorizerType,
  PathCheck: pathCheckType,
  GroupCheck: groupCheckType,
  ResourceCheck: resourceCheckType,
  Decision: decisionType,
};

/** The types of one overload. */
export interface Signature {
  readonly receiver: boolean;
  /** The receiver first, if there is one. */
  readonly params: readonly CelType[];
  readonly result: CelType;
}

/**
 * Reads a signature: `(list(A), int) -> A`, with a receiver `string.(string) -> bool`. A single capital letter is a type
 * parameter. Throws TypeError for a text that is none: tables of functions are code.
 */
export function signature(text: string): Signature {
  const [call, result] = text.split(" -> ");
  const open = call!.startsWith("(") ? 0 : call!.indexOf(".(") + 1;
  const receiver = open > 0;
  const params = splitTypes(call!.slice(open + 1, -1)).map(readType);
  if (receiver) params.unshift(readType(call!.slice(0, open - 1)));
  return { receiver, params, result: readType(result ?? "") };
}

function readType(text: string): CelType {
  const open = text.indexOf("(");
  if (open < 0) {
    if (/^[A-Z]$/.test(text)) return typeParam(text);
    const type = named[text];
    if (!type) throw new TypeError(`Cannot read the type ${JSON.stringify(text)}`);
    return type;
  }
  const params = splitTypes(text.slice(open + 1, -1)).map(readType);
  switch (text.slice(0, open)) {
    case "list":
      return listType(params[0]!);
    case "map":
      return mapType(params[0]!, params[1]!);
    case "optional":
      return optionalType(params[0]!);
    case "type":
      return typeOf(params[0]!);
    default:
      throw new TypeError(`Cannot read the type ${JSON.stringify(text)}`);
  }
}

/** Splits at the commas that are in no parentheses. */
function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else part += character;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts;
}
