import type {
  NamedRuleWithOperations,
  RuleWithOperations,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { Attributes } from "../plugin.ts";

/**
 * The other names under which the objects of a kind are served (events of `v1` and `events.k8s.io/v1`, the versions of
 * a custom resource). A rule with matchPolicy `Equivalent` matches a request for any of them.
 */
export interface EquivalentKinds {
  /** All kinds whose objects are the same as those of `kind`; `kind` itself may be among them. */
  equivalents(kind: KindDefinition): readonly KindDefinition[];
}

/** For servers that serve every kind under one name: nothing is equivalent. */
export const noEquivalents: EquivalentKinds = { equivalents: () => [] };

export interface RuleOptions {
  /** `Exact`, or `Equivalent`; absent means exact, defaults come from the API. */
  readonly matchPolicy?: string | undefined;
  readonly kinds: EquivalentKinds;
}

/**
 * The kind under which a rule covers the request: that of the request if a rule names it, else the first equivalent one
 * that a rule names. Undefined: no rule covers it. Objects are to be converted to this kind for who asked.
 */
export function matchRules(
  rules: readonly NamedRuleWithOperations[] | undefined,
  attributes: Attributes,
  { matchPolicy, kinds }: RuleOptions,
): KindDefinition | undefined {
  if (!rules?.length) return undefined;
  const { kind } = attributes;
  if (rules.some((rule) => ruleMatches(rule, attributes, kind))) return kind;
  if (matchPolicy !== "Equivalent") return undefined;
  const others = kinds.equivalents(kind).filter((other) => !sameResource(other, kind));
  for (const rule of rules) {
    const match = others.find((other) => ruleMatches(rule, attributes, other));
    if (match) return match;
  }
  return undefined;
}

/** Whether one rule covers the request as one for `kind`. A list of names, if there is one, must hold the object's. */
export function ruleMatches(
  rule: NamedRuleWithOperations,
  attributes: Attributes,
  kind: KindDefinition = attributes.kind,
): boolean {
  return scopeMatches(rule, attributes, kind) &&
    includes(rule.operations, attributes.operation) &&
    includes(rule.apiGroups, kind.group) &&
    includes(rule.apiVersions, kind.version) &&
    (rule.resources ?? []).some((text) => resourceMatches(text, kind, attributes.subresource)) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name));
}

/** A namespace counts as an object of the cluster, although a request for one names a namespace. */
function scopeMatches(
  { scope = "*" }: RuleWithOperations,
  { namespace }: Attributes,
  { group, plural }: KindDefinition,
): boolean {
  if (scope === "*") return true;
  const clusterWide = namespace === "" || group === "" && plural === "namespaces";
  return scope === "Cluster" ? clusterWide : scope === "Namespaced" && !clusterWide;
}

function includes(allowed: readonly string[] | undefined, asked: string): boolean {
  return allowed?.some((one) => one === "*" || one === asked) ?? false;
}

/** `pods`, `pods/log`, `pods/*`, `*`, `*` + `/status`, `*` + `/*`: without a slash, subresources are not meant. */
function resourceMatches(text: string, { plural }: KindDefinition, subresource: string): boolean {
  const slash = text.indexOf("/");
  const resource = slash < 0 ? text : text.slice(0, slash);
  const part = slash < 0 ? "" : text.slice(slash + 1);
  return (resource === "*" || resource === plural) && (part === "*" || part === subresource);
}

function sameResource(one: KindDefinition, other: KindDefinition): boolean {
  return one.group === other.group && one.version === other.version && one.plural === other.plural;
}
