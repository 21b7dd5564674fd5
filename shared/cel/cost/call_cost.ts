import {
  CHECK_COST,
  LIST_COST,
  type MadeCall,
  PATTERN_FACTOR,
  STRUCT_COST,
  TEXT_FACTOR,
} from "./unit_costs.ts";
import { listCost } from "./list_cost.ts";
import { sizeOfValue } from "../values/type_of.ts";
import { elementsOf } from "../values/collections.ts";
import { type CelValue, isList, isMap, OpaqueValue } from "../values/value.ts";

/** Functions that cost 1, whatever they are called with. */
export const nominal: ReadonlySet<string> = new Set(
  ("serviceAccount path group resource subresource namespace name allowed reason error errored " +
    "masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast " +
    "isGlobalUnicast format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan " +
    "compareTo add sub major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery")
    .split(" "),
);
/** Functions that walk the elements of a list once. */
export const walking: ReadonlySet<string> = new Set(
  "isSorted sum max min indexOf lastIndexOf includes".split(" "),
);
/** Functions that walk the text that they are called on, or given, once. */
export const textual: ReadonlySet<string> = new Set(
  ("url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR ip quantity " +
    "isQuantity semver isSemver").split(" "),
);

/** A list of requirements of a selector: parsing it, and what it comes to. */
export function selectorCost(length: number): number {
  const requirements = Math.ceil(length * 0.5) * (LIST_COST + STRUCT_COST);
  return LIST_COST + Math.ceil(length * TEXT_FACTOR) + requirements;
}

/** What a call cost. Source: k8s.io/apiserver/pkg/cel/library/cost.go and cel-go's interpreter/runtimecost.go. */
export function callCost(call: MadeCall): number {
  return listCost(call) ?? libraryCost(call) ?? standardCost(call);
}

function text(value: CelValue | undefined, factor = TEXT_FACTOR): number {
  return Math.ceil(sizeOfValue(value ?? null) * factor);
}

function libraryCost(call: MadeCall): number | undefined {
  const { function: name, overload, args, result } = call;
  const [first, second] = args;
  if (name === "ip" && overload === "cidr_ip" || nominal.has(name)) return 1;
  if (name === "check") return CHECK_COST;
  if (walking.has(name)) return args.length > 0 ? traversalCost(first!) : 0;
  if (textual.has(name) && args.length > 0) return text(first);
  switch (name) {
    case "fieldSelector":
    case "labelSelector":
      return selectorCost(sizeOfValue(second ?? null));
    case "replace":
    case "split":
    case "ip.isCanonical":
      return text(first, 2 * TEXT_FACTOR);
    case "join":
      return text(result, 2 * TEXT_FACTOR);
    case "find":
    case "findAll":
      return matchCost(first!, second!);
    case "containsIP":
      return containsCost(call, "cidr_contains_ip_string", 0);
    case "containsCIDR":
      return containsCost(call, "cidr_contains_cidr_string", text(first) + 1);
    case "validate":
      return validateCost(first!, second!);
    case "_==_":
      return first instanceof OpaqueValue ? 1 : undefined;
    default:
      return undefined;
  }
}

function containsCost({ args, overload }: MadeCall, parsing: string, more: number): number {
  const [container, other] = args;
  const compared = Math.ceil(2 * sizeOfValue(container!) * TEXT_FACTOR);
  return compared + more + (overload === parsing ? text(other) : 0);
}

function validateCost(format: CelValue, value: CelValue): number | undefined {
  if (!(format instanceof OpaqueValue) || !("maxRegexSize" in format)) return undefined;
  const pattern = Math.ceil(Number(format.maxRegexSize) * PATTERN_FACTOR);
  return Math.ceil((1 + sizeOfValue(value)) * TEXT_FACTOR) * pattern;
}

function matchCost(value: CelValue, pattern: CelValue): number {
  return Math.ceil((1 + sizeOfValue(value)) * TEXT_FACTOR) * text(pattern, PATTERN_FACTOR);
}

const comparing = /^(?:less|greater)(?:_equals)?_(?:string|bytes)$|^(?:not_)?equals$/;

function standardCost({ overload, args }: MadeCall): number {
  const [first, second] = args;
  if (comparing.test(overload)) {
    return Math.ceil(Math.min(sizeOfValue(first!), sizeOfValue(second!)) * TEXT_FACTOR);
  }
  switch (overload) {
    case "starts_with_string":
    case "ends_with_string":
      return text(second);
    case "string_to_bytes":
    case "bytes_to_string":
    case "strings_quote":
    case "string_format":
      return text(first);
    case "in_list":
      return sizeOfValue(second!);
    case "add_string":
    case "add_bytes":
      return Math.ceil((sizeOfValue(first!) + sizeOfValue(second!)) * TEXT_FACTOR);
    case "matches":
    case "matches_string":
      return matchCost(first!, second!);
    case "contains_string":
      return text(first) * text(second);
    default:
      return 1;
  }
}

/** What walking a value with all that is in it costs. */
function traversalCost(value: CelValue): number {
  if (typeof value === "string") return Math.floor(utf8Length(value) * TEXT_FACTOR);
  if (value instanceof Uint8Array) return Math.floor(value.length * TEXT_FACTOR);
  if (isList(value)) {
    return elementsOf(value).reduce<number>((sum, one) => sum + traversalCost(one), 0);
  }
  if (!isMap(value)) return 1;
  let sum = 0;
  for (const key of value.keys()) sum += traversalCost(key) + traversalCost(value.get(key)!);
  return sum;
}

function utf8Length(value: string): number {
  let length = 0;
  for (const character of value) {
    const code = character.codePointAt(0)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
