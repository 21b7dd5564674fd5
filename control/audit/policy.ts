import { ConfigError } from "../../shared/config/settings.ts";
import { type FieldError, invalid, notSupported, required } from "../../shared/meta/field_error.ts";
import { isDns1123Subdomain } from "../../shared/meta/names.ts";
import { urlMatches } from "../authorization/policy_rule.ts";
import { checkFields, type DocumentText, readDocument } from "../configuration/config_document.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import { type Level, levels, type Stage, stages } from "./event.ts";

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** One rule of a policy; what it leaves out, it does not ask. */
export interface PolicyRule {
  readonly level: Level;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly Stage[];
  readonly omitManagedFields?: boolean;
}

/** `audit.k8s.io/v1` Policy: the first rule that fits a request decides. */
export interface AuditPolicy {
  readonly rules: readonly PolicyRule[];
  readonly omitStages?: readonly Stage[];
  readonly omitManagedFields?: boolean;
}

/** What is to be recorded of one request. */
export interface AuditDecision {
  readonly level: Level;
  readonly omitStages: ReadonlySet<Stage>;
  readonly omitManagedFields: boolean;
}

const names = { list: "string" } as const;

/** Reads a policy file. Throws ConfigError for one that would not be kept as it is written. */
export function readAuditPolicy(file: DocumentText): AuditPolicy {
  const policy = readDocument<Partial<AuditPolicy>>(file, {
    kind: "Policy",
    apiVersions: ["audit.k8s.io/v1"],
    fields: {
      omitStages: names,
      omitManagedFields: "boolean",
      rules: {
        list: {
          fields: {
            level: "string",
            users: names,
            userGroups: names,
            verbs: names,
            resources: {
              list: { fields: { group: "string", resources: names, resourceNames: names } },
            },
            namespaces: names,
            nonResourceURLs: names,
            omitStages: names,
            omitManagedFields: "boolean",
          },
        },
      },
    },
  });
  const { rules = [] } = policy;
  checkFields(file, [
    ...stageErrors(policy.omitStages, "omitStages"),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`)),
  ]);
  if (rules.length === 0) {
    throw new ConfigError(`Cannot use ${file.path}: loaded illegal policy with 0 rules`);
  }
  return { ...policy, rules };
}

/** Makes the function that says what is to be recorded of a request. `user`: undefined if nobody was authenticated. */
export function auditDecider(
  policy: AuditPolicy,
): (user: UserInfo | undefined, info: RequestInfo) => AuditDecision {
  const { omitStages = [], omitManagedFields = false } = policy;
  const none: AuditDecision = {
    level: "None",
    omitStages: new Set(omitStages),
    omitManagedFields,
  };
  const decisions = policy.rules.map((rule): AuditDecision => ({
    level: rule.level,
    omitStages: new Set([...omitStages, ...rule.omitStages ?? []]),
    omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
  }));
  return (user, info) => {
    const index = policy.rules.findIndex((rule) => ruleMatches(rule, user, info));
    return decisions[index] ?? none;
  };
}

function ruleMatches(rule: PolicyRule, user: UserInfo | undefined, info: RequestInfo): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && !(user && users.includes(user.name))) return false;
  if (userGroups.length > 0 && !user?.groups.some((group) => userGroups.includes(group))) {
    return false;
  }
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  const resources = rule.resources ?? [];
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.isResource) return false;
    if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false;
    return resources.length === 0 || resources.some((one) => resourcesMatch(one, info));
  }
  if (nonResourceURLs.length === 0) return true;
  return !info.isResource && nonResourceURLs.some((spec) => urlMatches(spec, info.path));
}

function resourcesMatch(
  { group = "", resources = [], resourceNames = [] }: GroupResources,
  info: RequestInfo,
): boolean {
  if (group !== info.group && group !== "*") return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
  const { resource, subresource } = info;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some((wanted) =>
    wanted === full || wanted === "*" || wanted === `${resource}/*` ||
    (subresource !== "" && wanted === `*/${subresource}`)
  );
}

function ruleErrors(rule: PolicyRule, path: string): FieldError[] {
  const { level, nonResourceURLs = [], resources = [], namespaces = [] } = rule;
  const errors: FieldError[] = [];
  if (!level) errors.push(required(`${path}.level`));
  else if (!levels.includes(level)) errors.push(notSupported(`${path}.level`, level, levels));
  errors.push(
    ...nonResourceURLs.flatMap((url, i) => urlErrors(url, `${path}.nonResourceURLs[${i}]`)),
  );
  for (const { group = "", resources: wanted = [], resourceNames = [] } of resources) {
    const faults = group === "" || group === "*" ? [] : isDns1123Subdomain(group);
    if (faults.length > 0) errors.push(invalid(`${path}.resources.group`, group, faults.join(",")));
    if (resourceNames.length > 0 && wanted.length === 0) {
      const why = "using resourceNames requires at least one resource";
      errors.push(invalid(`${path}.resources.resourceNames`, resourceNames, why));
    }
  }
  errors.push(...stageErrors(rule.omitStages, `${path}.omitStages`));
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    const why = "rules cannot apply to both regular resources and non-resource URLs";
    errors.push(invalid(`${path}.nonResourceURLs`, nonResourceURLs, why));
  }
  return errors;
}

function urlErrors(url: string, path: string): FieldError[] {
  if (url === "*") return [];
  const errors: FieldError[] = [];
  if (!url.startsWith("/")) {
    errors.push(invalid(path, url, "non-resource URL rules must begin with a '/' character"));
  }
  if (url.slice(0, -1).includes("*")) {
    const why = "non-resource URL wildcards '*' must be the final character of the rule";
    errors.push(invalid(path, url, why));
  }
  return errors;
}

function stageErrors(given: readonly Stage[] = [], path: string): FieldError[] {
  return given.flatMap((stage, index) =>
    stages.includes(stage)
      ? []
      : [invalid(`${path}[${index}]`, stage, `allowed stages are ${stages.join(",")}`)]
  );
}
