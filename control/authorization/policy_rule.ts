import type { PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import type { RequestInfo } from "../server/request_context.ts";

/** Whether a rule allows a request. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/. */
export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb)) return false;
  if (!info.isResource) {
    return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, info.path));
  }
  return has(rule.apiGroups, info.group) && hasResource(rule.resources, info) &&
    hasName(rule.resourceNames, info.name);
}

/** Whether any rule allows a request. */
export function rulesAllow(rules: readonly PolicyRule[], info: RequestInfo): boolean {
  for (const rule of rules) if (ruleAllows(rule, info)) return true;
  return false;
}

/**
 * What of `wanted` is not granted by `held`, as rules of one verb on one thing each. Empty: everything is covered.
 */
export function uncovered(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(breakDown).filter((rule) => !held.some((owner) => covers(owner, rule)));
}

/** Joins rules on the same single resource into one with all their verbs; leaves the others alone. */
export function compactRules(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const simple = new Map<string, PolicyRule>();
  const rest: PolicyRule[] = [];
  for (const rule of rules) {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (
      apiGroups.length !== 1 || resources.length !== 1 || resourceNames.length > 1 ||
      nonResourceURLs.length > 0
    ) {
      rest.push(rule);
      continue;
    }
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = simple.get(key);
    const verbs = new Set([...known?.verbs ?? [], ...rule.verbs]);
    simple.set(key, { ...rule, verbs: [...verbs] });
  }
  return [...simple.values(), ...rest];
}

/** A rule in one line, as in messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const text = parts.filter(([, values]) => values && values.length > 0)
    .map(([name, values]) => `${name}:${quoteList(values!)}`);
  return `{${text.join(", ")}}`;
}

/** `["a" "b"]`: a list as Go's `%q` writes it. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}

function has(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes(value) || values.includes("*"));
}

function hasResource(resources: readonly string[] | undefined, info: RequestInfo): boolean {
  if (!resources) return false;
  const { resource, subresource } = info;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.includes(full) || resources.includes("*") ||
    (subresource !== "" && resources.includes(`*/${subresource}`));
}

function hasName(names: readonly string[] | undefined, name: string): boolean {
  return !names || names.length === 0 || names.includes(name);
}

/** Whether a path is the one of a rule; a `*` at the end of a rule stands for anything. */
export function urlMatches(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, ""));
}

/** One rule for every combination of verb, group, resource and name. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  const names = rule.resourceNames ?? [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (names.length === 0) out.push(one);
        for (const name of names) out.push({ ...one, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) out.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return out;
}

/** Whether `owner` grants all that the broken-down rule `rule` does. */
function covers(owner: PolicyRule, rule: PolicyRule): boolean {
  if (!has(owner.verbs, rule.verbs[0]!)) return false;
  const url = rule.nonResourceURLs?.[0];
  if (url !== undefined) return (owner.nonResourceURLs ?? []).some((held) => urlCovers(held, url));
  return has(owner.apiGroups, rule.apiGroups![0]!) &&
    coversResource(owner.resources ?? [], rule.resources![0]!) &&
    coversName(owner.resourceNames ?? [], rule.resourceNames?.[0]);
}

function coversResource(held: readonly string[], wanted: string): boolean {
  if (held.includes("*") || held.includes(wanted)) return true;
  const slash = wanted.indexOf("/");
  return slash >= 0 && held.includes(`*/${wanted.slice(slash + 1)}`);
}

function coversName(held: readonly string[], wanted: string | undefined): boolean {
  return held.length === 0 || (wanted !== undefined && held.includes(wanted));
}

function urlCovers(held: string, wanted: string): boolean {
  return held === wanted || held === "*" ||
    (held.endsWith("*") && wanted.startsWith(held.replace(/\*+$/, "")));
}
