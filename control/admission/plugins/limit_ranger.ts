import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from "../../../shared/api/core/v1/types.gen.ts";
import { asFloat, compareQuantities, type Quantity } from "../../../shared/resource/quantity.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { type Amounts, amountsOf, podAmounts } from "../pod_resources.ts";
import { joinReasons, refusal } from "../refusal.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/**
 * Gives containers the default requests and limits of their namespace, and holds pods and claims to its bounds.
 * Source: https://kubernetes.io/docs/concepts/policy/limit-range/.
 */
export function limitRanger({ reader }: PluginDependencies): AdmissionPlugin {
  const rangesOf = ({ namespace }: Attributes) =>
    reader.list<LimitRange>("", "limitranges", namespace);
  return {
    name: "LimitRanger",
    handles: ({ kind, operation, subresource, object }) => {
      if (operation === "CONNECT" || kind.group !== "") return false;
      if (object?.metadata.deletionTimestamp) return false;
      if (kind.plural === "pods") {
        return operation === "CREATE" && subresource === "" ||
          operation === "UPDATE" && subresource === "resize";
      }
      return kind.plural === "persistentvolumeclaims" && subresource === "" &&
        (operation === "CREATE" || operation === "UPDATE");
    },
    admit(attributes) {
      if (attributes.kind.plural !== "pods" || attributes.operation !== "CREATE") return;
      for (const range of rangesOf(attributes)) setDefaults(attributes.object as Pod, range);
    },
    validate(attributes) {
      for (const range of rangesOf(attributes)) {
        const reasons = (range.spec?.limits ?? []).flatMap((limit) =>
          attributes.kind.plural === "pods"
            ? checkPod(attributes.object as Pod, limit)
            : checkClaim(attributes.object as PersistentVolumeClaim, limit)
        );
        if (reasons.length > 0) throw refusal(attributes, joinReasons(reasons));
      }
    },
  };
}

type List = Readonly<Record<string, string>>;

function setDefaults(pod: Pod, range: LimitRange): void {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const limit of range.spec?.limits ?? []) {
    if (limit.type !== "Container") continue;
    Object.assign(requests, limit.defaultRequest);
    Object.assign(limits, limit.default);
  }
  const notes: string[] = [];
  const spec = pod.spec!;
  for (const container of spec.containers) {
    notes.push(...fill(container, { requests, limits }, "container"));
  }
  for (const container of spec.initContainers ?? []) {
    notes.push(...fill(container, { requests, limits }, "init container"));
  }
  if (notes.length === 0) return;
  const annotations = pod.metadata.annotations ??= {};
  annotations[ANNOTATION] = `LimitRanger plugin set: ${notes.join("; ")}`;
}

/** Sets what is not set; returns a note of what was. */
function fill(
  container: Container,
  defaults: { readonly requests: List; readonly limits: List },
  kind: string,
): string[] {
  const notes: string[] = [];
  for (const what of ["requests", "limits"] as const) {
    const own = container.resources?.[what];
    const absent = Object.keys(defaults[what]).filter((name) => own?.[name] === undefined);
    if (absent.length === 0) continue;
    const list = (container.resources ??= {})[what] ??= {};
    for (const name of absent) list[name] = defaults[what][name]!;
    notes.push(`${absent.sort().join(", ")} ${what.slice(0, -1)} for ${kind} ${container.name}`);
  }
  return notes;
}

function checkPod({ spec }: Pod, limit: LimitRangeItem): string[] {
  if (!spec) return [];
  if (limit.type === "Pod") {
    return check(limit, podAmounts(spec, "requests"), podAmounts(spec, "limits"));
  }
  if (limit.type !== "Container") return [];
  return [...spec.containers, ...spec.initContainers ?? []].flatMap(({ resources }) =>
    check(limit, amountsOf(resources?.requests), amountsOf(resources?.limits))
  );
}

function check(limit: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const each = (bounds: List | undefined, rule: Rule) =>
    [...amountsOf(bounds)].flatMap(([name, bound]) =>
      rule({ name, type: limit.type, bound }, requests.get(name), limits.get(name)) ?? []
    );
  return [
    ...each(limit.min, atLeast),
    ...each(limit.max, atMost),
    ...each(limit.maxLimitRequestRatio, withinRatio),
  ];
}

interface Bound {
  readonly name: string;
  readonly type: string;
  readonly bound: Quantity;
}
/** The reason for a refusal, if there is one. */
type Rule = (
  bound: Bound,
  request: Quantity | undefined,
  limit: Quantity | undefined,
) => string | undefined;

function atLeast(
  { name, type, bound }: Bound,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const text = `minimum ${name} usage per ${type} is ${bound.text}`;
  if (!request) return `${text}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${text}, but request is ${request.text}`;
  if (limit && compareQuantities(limit, bound) < 0) return `${text}, but limit is ${limit.text}`;
  return undefined;
}

function atMost(
  { name, type, bound }: Bound,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${bound.text}`;
  if (!limit) return `${text}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${text}, but limit is ${limit.text}`;
  if (request && compareQuantities(request, bound) > 0) {
    return `${text}, but request is ${request.text}`;
  }
  return undefined;
}

function withinRatio(
  { name, type, bound }: Bound,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const text = `${name} max limit to request ratio per ${type} is ${bound.text}`;
  if (!request || request.unscaled === 0n) {
    return `${text}, but no request is specified or request is 0`;
  }
  if (!limit || limit.unscaled === 0n) return `${text}, but no limit is specified or limit is 0`;
  const ratio = asFloat(limit) / asFloat(request);
  if (ratio <= asFloat(bound)) return undefined;
  return `${text}, but provided ratio is ${ratio.toFixed(6)}`;
}

function checkClaim({ spec }: PersistentVolumeClaim, limit: LimitRangeItem): string[] {
  if (limit.type !== "PersistentVolumeClaim") return [];
  const requests = amountsOf(spec?.resources?.requests);
  const reasons: string[] = [];
  for (const [name, bound] of amountsOf(limit.min)) {
    const reason = atLeast({ name, type: limit.type, bound }, requests.get(name), undefined);
    if (reason) reasons.push(reason);
  }
  for (const [name, bound] of amountsOf(limit.max)) {
    const request = requests.get(name);
    const text = `maximum ${name} usage per ${limit.type} is ${bound.text}`;
    if (!request) reasons.push(`${text}.  No request is specified`);
    else if (compareQuantities(request, bound) > 0) {
      reasons.push(`${text}, but request is ${request.text}`);
    }
  }
  return reasons;
}
