import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../meta/names.ts";
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from "./v1/types.gen.ts";

const MAX_PRECEDENCE = 10_000;
const verbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "proxy",
  "update",
  "watch",
];
const methods = ["ByNamespace", "ByUser"];
const subjectFields = { Group: "group", ServiceAccount: "serviceAccount", User: "user" } as const;

/** The rules for a FlowSchema. */
export function validateFlowSchema(obj: FlowSchema): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration } = obj.spec;
  const fail = (detail: string) =>
    errors.push(invalid("spec.matchingPrecedence", matchingPrecedence, detail));
  if (matchingPrecedence <= 0) fail("must be a positive value");
  if (matchingPrecedence > MAX_PRECEDENCE) fail(`must not be greater than ${MAX_PRECEDENCE}`);
  if (matchingPrecedence === 1 && obj.metadata.name !== "exempt") {
    fail("only the schema named 'exempt' may have matchingPrecedence 1");
  }
  if (distinguisherMethod && !methods.includes(distinguisherMethod.type)) {
    const shown = { Type: distinguisherMethod.type };
    errors.push(notSupported("spec.distinguisherMethod.type", shown, methods));
  }
  const level = priorityLevelConfiguration?.name;
  const path = "spec.priorityLevelConfiguration.name";
  if (!level) errors.push(required(path, "must reference a priority level"));
  else errors.push(...isDns1123Subdomain(level).map((message) => invalid(path, level, message)));
  obj.spec.rules?.forEach((rule, index) => validateRule(rule, `spec.rules[${index}]`, errors));
  return errors;
}

function validateRule(rule: PolicyRulesWithSubjects, path: string, errors: FieldError[]): void {
  const { subjects, resourceRules, nonResourceRules } = rule;
  if (!subjects?.length) {
    errors.push(required(`${path}.subjects`, "subjects must contain at least one value"));
  }
  subjects?.forEach((subject, i) => validateSubject(subject, `${path}.subjects[${i}]`, errors));
  if (!resourceRules?.length && !nonResourceRules?.length) {
    const detail = "at least one of resourceRules and nonResourceRules has to be non-empty";
    errors.push(required(path, detail));
  }
  resourceRules?.forEach((entry, i) =>
    validateResourceRule(entry, `${path}.resourceRules[${i}]`, errors)
  );
  nonResourceRules?.forEach((entry, i) =>
    validateNonResourceRule(entry, `${path}.nonResourceRules[${i}]`, errors)
  );
}

function validateSubject(subject: Subject, path: string, errors: FieldError[]): void {
  const kind = subject.kind ?? "";
  if (!Object.hasOwn(subjectFields, kind)) {
    errors.push(notSupported(`${path}.kind`, kind, Object.keys(subjectFields)));
    return;
  }
  const own = subjectFields[kind as keyof typeof subjectFields];
  const value = subject[own];
  const at = `${path}.${own}`;
  if (!value) errors.push(required(at, `${own} is required when subject kind is '${kind}'`));
  else if (own === "serviceAccount") {
    validateServiceAccount(value as ServiceAccountSubject, at, errors);
  } else if (!value.name) errors.push(required(`${at}.name`));
  for (const [other, field] of Object.entries(subjectFields)) {
    if (field === own || subject[field] === undefined) continue;
    const detail = `${field} is forbidden when subject kind is not '${other}'`;
    errors.push(forbidden(`${path}.${field}`, detail));
  }
}

function validateServiceAccount(
  { name, namespace }: ServiceAccountSubject,
  path: string,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(`${path}.name`));
  else if (name !== "*") {
    for (const message of isDns1123Subdomain(name)) {
      errors.push(invalid(`${path}.name`, name, message));
    }
  }
  if (!namespace) {
    errors.push(required(`${path}.namespace`, "must specify namespace for service account"));
    return;
  }
  for (const message of isDns1123Label(namespace)) {
    errors.push(invalid(`${path}.namespace`, namespace, message));
  }
}

function validateResourceRule(rule: ResourcePolicyRule, path: string, errors: FieldError[]): void {
  const { apiGroups, resources, clusterScope } = rule;
  const namespaces = rule.namespaces ?? [];
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, errors);
  const groupDetail = "resource rules must supply at least one api group";
  if (!apiGroups?.length) errors.push(required(`${path}.apiGroups`, groupDetail));
  else validateWildcard(apiGroups, `${path}.apiGroups`, "api groups", errors);
  const resourceDetail = "resource rules must supply at least one resource";
  if (!resources?.length) errors.push(required(`${path}.resources`, resourceDetail));
  else validateWildcard(resources, `${path}.resources`, "resources", errors);
  const at = `${path}.namespaces`;
  if (namespaces.length === 0 && !clusterScope) {
    const detail = "resource rules that are not cluster scoped must supply at least one namespace";
    errors.push(required(at, detail));
  } else if (namespaces.includes("*")) {
    validateWildcard(namespaces, at, "namespaces", errors);
  } else {
    namespaces.forEach((name, index) => {
      for (const message of isDns1123Label(name)) {
        errors.push(invalid(`${at}[${index}]`, name, message));
      }
    });
  }
}

function validateNonResourceRule(
  rule: NonResourcePolicyRule,
  path: string,
  errors: FieldError[],
): void {
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, errors);
  const at = `${path}.nonResourceURLs`;
  const urls = rule.nonResourceURLs ?? [];
  if (urls.length === 0) {
    errors.push(required(at, "nonResourceURLs must contain at least one value"));
  } else if (urls.includes("*")) {
    validateWildcard(urls, at, "non-resource URLs", errors);
  } else urls.forEach((url, index) => validateUrlPath(url, `${at}[${index}]`, errors));
}

function validateVerbs(given: readonly string[], path: string, errors: FieldError[]): void {
  if (given.length === 0) errors.push(required(path, "verbs must contain at least one value"));
  else if (given.includes("*")) validateWildcard(given, path, "verbs", errors);
  else if (!given.every((verb) => verbs.includes(verb))) {
    errors.push(notSupported(path, given, verbs));
  }
}

function validateWildcard(
  values: readonly string[],
  path: string,
  what: string,
  errors: FieldError[],
): void {
  if (values.length < 2 || !values.includes("*")) return;
  errors.push(invalid(path, values, `if '*' is present, must not specify other ${what}`));
}

function validateUrlPath(url: string, path: string, errors: FieldError[]): void {
  const fail = (detail: string) => errors.push(invalid(path, url, detail));
  if (url === "") fail("must not be empty");
  if (url === "" || url === "/") return;
  if (!url.startsWith("/")) fail("must start with slash");
  if (url.includes(" ")) fail("must not contain white-space");
  if (url.includes("//")) fail("must not contain double slash");
  const wildcards = url.split("*").length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith("/*"))) {
    fail("wildcard can only do suffix matching");
  }
}
