import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../../meta/field_error.ts";
import { boolType } from "../../cel/types/cel_type.ts";
import { checkExpression } from "./expressions.ts";
import { isPathSegmentName, isQualifiedName } from "../../meta/names.ts";
import { validateLabelSelector } from "../../meta/validate_label_selector.ts";
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from "./v1/types.gen.ts";

const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];
const MAX_MATCH_CONDITIONS = 64;

/** The scope of a rule that says none: any. */
export function defaultRules(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= "*";
}

/** What a policy or binding matches if it leaves something out: as much as possible. */
export function defaultMatchResources(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

/** The rules for `matchConstraints` and `matchResources`. */
export function validateMatchResources(
  match: MatchResources,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...validateOption(match.matchPolicy, `${path}.matchPolicy`, ["Equivalent", "Exact"]));
  for (const name of ["namespaceSelector", "objectSelector"] as const) {
    const selector = match[name];
    if (selector === undefined) errors.push(required(`${path}.${name}`));
    errors.push(...validateLabelSelector(selector, `${path}.${name}`));
  }
  for (const name of ["resourceRules", "excludeResourceRules"] as const) {
    match[name]?.forEach((rule, index) => {
      const at = `${path}.${name}[${index}]`;
      validateResourceNames(rule, `${at}.resourceNames`, errors);
      errors.push(...validateRule(rule, at));
    });
  }
  return errors;
}

/** A value that must be set and be one of `allowed`. */
export function validateOption(
  value: string | undefined,
  path: string,
  allowed: readonly string[],
): readonly FieldError[] {
  if (!value) return [required(path)];
  return allowed.includes(value) ? [] : [notSupported(path, value, allowed)];
}

/** Which operations on which resources: the rules of webhooks and policies. */
export function validateRule(rule: RuleWithOperations, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { apiVersions = [], scope } = rule;
  validateWildcard(rule.operations, `${path}.operations`, "operations", errors);
  rule.operations?.forEach((operation, index) => {
    if (!operations.includes(operation)) {
      errors.push(notSupported(`${path}.operations[${index}]`, operation, operations));
    }
  });
  validateWildcard(rule.apiGroups, `${path}.apiGroups`, "API groups", errors);
  validateWildcard(apiVersions, `${path}.apiVersions`, "API versions", errors);
  apiVersions.forEach((version, index) => {
    if (version === "") errors.push(required(`${path}.apiVersions[${index}]`));
  });
  validateResources(rule.resources ?? [], `${path}.resources`, errors);
  if (scope !== undefined && !scopes.includes(scope)) {
    errors.push(notSupported(`${path}.scope`, scope, scopes));
  }
  return errors;
}

/** Match conditions: their names and expressions. `params`: they may read parameters. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  path: string,
  { params = false }: { readonly params?: boolean } = {},
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const count = conditions?.length ?? 0;
  if (count > MAX_MATCH_CONDITIONS) errors.push(tooMany(path, count, MAX_MATCH_CONDITIONS));
  conditions?.forEach(({ name, expression }, index) => {
    const at = `${path}[${index}]`;
    const text = expression?.trim();
    if (!text) errors.push(required(`${at}.expression`));
    else errors.push(...checkExpression(text, `${at}.expression`, { params, types: [boolType] }));
    if (!name) {
      errors.push(required(`${at}.name`));
      return;
    }
    for (const message of isQualifiedName(name)) errors.push(invalid(`${at}.name`, name, message));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  });
  return errors;
}

function validateWildcard(
  values: readonly string[] | undefined,
  path: string,
  what: string,
  errors: FieldError[],
): void {
  if (!values?.length) errors.push(required(path));
  else if (values.length > 1 && values.includes("*")) {
    errors.push(invalid(path, values, `if '*' is present, must not specify other ${what}`));
  }
}

/** A wildcard must not stand beside what it includes. */
function validateResources(
  resources: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (resources.length === 0) errors.push(required(path));
  const anySubresource = new Set<string>();
  const anyResource = new Set<string>();
  resources.forEach((text, index) => {
    const at = `${path}[${index}]`;
    const slash = text.indexOf("/");
    if (text === "") errors.push(required(at));
    if (slash < 0) return;
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    const fail = (wildcard: string) =>
      errors.push(invalid(at, text, `if '${wildcard}' is present, must not specify ${text}`));
    if (anySubresource.has(resource)) fail(`${resource}/*`);
    if (anyResource.has(subresource)) fail(`*/${subresource}`);
    if (subresource === "*") anySubresource.add(resource);
    if (resource === "*") anyResource.add(subresource);
  });
  if (resources.length > 1 && resources.includes("*/*")) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes("*") && resources.some((text) => text !== "*" && !text.includes("/"))) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(path, resources, detail));
  }
}

function validateResourceNames(
  { resourceNames = [] }: NamedRuleWithOperations,
  path: string,
  errors: FieldError[],
): void {
  resourceNames.forEach((name, index) => {
    for (const message of isPathSegmentName(name)) {
      errors.push(invalid(`${path}[${index}]`, name, message));
    }
    if (resourceNames.indexOf(name) < index) errors.push(duplicate(`${path}[${index}]`, name));
  });
}
