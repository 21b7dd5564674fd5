import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "../../shared/api/flowcontrol/v1/types.gen.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";

/** Says whether requests of a user are a schema's. */
export type SchemaMatcher = (user: UserInfo, info: RequestInfo) => boolean;

/** Compiles the rules of a FlowSchema: any rule with a subject and an action that fit. Source: KEP-1040. */
export function schemaMatcher({ spec }: FlowSchema): SchemaMatcher {
  const rules = (spec.rules ?? []).map(ruleMatcher);
  return (user, info) => rules.some((rule) => rule(user, info));
}

function ruleMatcher(rule: PolicyRulesWithSubjects): SchemaMatcher {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule;
  const mine = (subjects ?? []).map(subjectMatcher);
  const resources = resourceRules.map(resourceMatcher);
  const paths = nonResourceRules.map(pathMatcher);
  return (user, info) => {
    // What is asked is cheaper to compare than who asks.
    const actions = info.isResource ? resources : paths;
    return actions.some((matches) => matches(info)) && mine.some((matches) => matches(user));
  };
}

function subjectMatcher(
  { kind, user, group, serviceAccount }: Subject,
): (user: UserInfo) => boolean {
  if (kind === "User" && user) {
    return user.name === "*" ? () => true : ({ name }) => name === user.name;
  }
  if (kind === "Group" && group) {
    return group.name === "*" ? () => true : ({ groups }) => groups.includes(group.name);
  }
  if (kind === "ServiceAccount" && serviceAccount) {
    const prefix = `system:serviceaccount:${serviceAccount.namespace}:`;
    if (serviceAccount.name === "*") return ({ name }) => name.startsWith(prefix);
    return ({ name }) => name === prefix + serviceAccount.name;
  }
  return () => false;
}

function resourceMatcher(rule: ResourcePolicyRule): (info: RequestInfo) => boolean {
  const verbs = wordMatcher(rule.verbs);
  const groups = wordMatcher(rule.apiGroups);
  const namespaces = wordMatcher(rule.namespaces);
  const resources = wordMatcher(rule.resources);
  return (info) => {
    if (!verbs(info.verb) || !groups(info.group)) return false;
    const { resource, subresource, namespace } = info;
    if (!resources(subresource === "" ? resource : `${resource}/${subresource}`)) return false;
    return namespace === "" ? rule.clusterScope === true : namespaces(namespace);
  };
}

function pathMatcher(rule: NonResourcePolicyRule): (info: RequestInfo) => boolean {
  const verbs = wordMatcher(rule.verbs);
  const urls = rule.nonResourceURLs ?? [];
  return ({ verb, path }) => verbs(verb) && urls.some((url) => pathMatches(url, path));
}

/** A path stands for everything below it, with or without a star at its end. */
function pathMatches(url: string, path: string): boolean {
  if (url === "*" || url === path) return true;
  const prefix = url.replace(/\*$/, "");
  return path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** One of a few words; `*`, which stands alone, is any. */
function wordMatcher(words: readonly string[] = []): (word: string) => boolean {
  if (words.length === 1 && words[0] === "*") return () => true;
  return (word) => words.includes(word);
}
