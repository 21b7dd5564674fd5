import type { MatchResources } from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { AdmissionReader, Attributes } from "../plugin.ts";
import { type EquivalentKinds, matchRules } from "./rules.ts";
import { namespaceSelected, objectSelected } from "./selectors.ts";

/** What deciding about a match reads. */
export interface MatchSources {
  readonly reader: AdmissionReader;
  readonly kinds: EquivalentKinds;
}

/**
 * The kind under which `match` (of a policy or of its binding) covers the request, or undefined. Without resource rules
 * every resource is covered. Throws StatusError if the request is covered but for its namespace, which does not
 * exist: what is not meant anyway must not fail by that.
 */
export function matchResources(
  match: MatchResources,
  attributes: Attributes,
  { reader, kinds }: MatchSources,
): KindDefinition | undefined {
  const { matchPolicy } = match;
  let failure: unknown;
  try {
    if (!namespaceSelected(match.namespaceSelector, attributes, reader)) return undefined;
  } catch (error) {
    failure = error;
  }
  if (!objectSelected(match.objectSelector, attributes)) return undefined;
  const options = { matchPolicy, kinds };
  if (matchRules(match.excludeResourceRules, attributes, options)) return undefined;
  const matched = match.resourceRules?.length
    ? matchRules(match.resourceRules, attributes, options)
    : attributes.kind;
  if (matched && failure !== undefined) throw failure;
  return matched;
}

/** The kinds that configure admission: no policy and no webhook applies to them, or nobody could mend a mistake. */
export function isAdmissionConfiguration({ group, kind }: KindDefinition): boolean {
  return group === "admissionregistration.k8s.io" && configurationKinds.has(kind);
}

const configurationKinds: ReadonlySet<string> = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
]);
