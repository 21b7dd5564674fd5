import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName } from "../../meta/names.ts";
import { isIdentifier } from "../../cel/types/escape.ts";
import { groupVersionOf } from "../../meta/object_meta.ts";
import { validateLabelSelector } from "../../meta/validate_label_selector.ts";
import type { Column, KubeObject } from "../kind.ts";
import { formatLabelSelector } from "../selector_text.ts";
import type { PolicyScope } from "./expressions.ts";
import { validateMatchConditions, validateMatchResources, validateOption } from "./rules.ts";
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from "./v1/types.gen.ts";

/** What validating and mutating policies have in common. */
export interface PolicySpec {
  paramKind?: ParamKind | undefined;
  matchConstraints?: MatchResources | undefined;
  failurePolicy?: string | undefined;
  matchConditions?: MatchCondition[] | undefined;
  variables?: Variable[] | undefined;
}

type Policy = KubeObject & { spec?: PolicySpec | undefined };
type Binding = KubeObject & { spec?: BindingSpec | undefined };

interface BindingSpec {
  policyName?: string | undefined;
  paramRef?: ParamRef | undefined;
}

/** The rules that validating and mutating policies share. The variables become known to `scope`. */
export function validatePolicySpec(
  spec: PolicySpec,
  path: string,
  { scope, operations }: { readonly scope: PolicyScope; readonly operations?: readonly string[] },
): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...validateOption(spec.failurePolicy, `${path}.failurePolicy`, ["Fail", "Ignore"]));
  if (spec.paramKind) validateParamKind(spec.paramKind, `${path}.paramKind`, errors);
  const match = spec.matchConstraints;
  if (!match) errors.push(required(`${path}.matchConstraints`));
  else {
    errors.push(...validateMatchResources(match, `${path}.matchConstraints`));
    if (!match.resourceRules?.length) {
      errors.push(required(`${path}.matchConstraints.resourceRules`));
    }
    if (operations) {
      errors.push(...validateOperations(match, `${path}.matchConstraints`, operations));
    }
  }
  const { params } = scope;
  errors.push(
    ...validateMatchConditions(spec.matchConditions, `${path}.matchConditions`, { params }),
  );
  spec.variables?.forEach((variable, index) => {
    validateVariable(variable, `${path}.variables[${index}]`, { errors, scope });
  });
  return errors;
}

/** The name of the policy that a binding is for. */
export function validatePolicyName(name: string | undefined, path: string): readonly FieldError[] {
  if (!name) return [required(path)];
  return isDns1123Subdomain(name).map((message) => invalid(path, name, message));
}

/** The parameters of a binding: one by name, or all that a selector finds. */
export function validateParamRef(
  reference: ParamRef | undefined,
  path: string,
): readonly FieldError[] {
  if (!reference) return [];
  const errors: FieldError[] = [];
  const { name, selector, parameterNotFoundAction } = reference;
  const detail = "name and selector are mutually exclusive";
  if (name) {
    for (const message of isPathSegmentName(name)) {
      errors.push(invalid(`${path}.name`, name, message));
    }
    if (selector) errors.push(forbidden(`${path}.name`, detail));
  }
  if (selector) {
    errors.push(...validateLabelSelector(selector, `${path}.selector`));
    if (name) errors.push(forbidden(`${path}.selector`, detail));
  }
  if (!name && !selector) {
    errors.push(required(path, "one of name or selector must be specified"));
  }
  const actions = ["Deny", "Allow"];
  errors.push(...validateOption(
    parameterNotFoundAction,
    `${path}.parameterNotFoundAction`,
    actions,
  ));
  return errors;
}

/** The table columns that are the same for both kinds of policy, and for both of binding. */
export const paramKindColumn: Column<Policy> = {
  name: "ParamKind",
  type: "string",
  cell: ({ spec }) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : "<unset>",
};
export const bindingColumns: readonly Column<Binding>[] = [
  { name: "PolicyName", type: "string", cell: ({ spec }) => spec?.policyName ?? "" },
  { name: "ParamRef", type: "string", cell: ({ spec }) => paramText(spec?.paramRef) },
];

function paramText(reference: ParamRef | undefined): string {
  if (reference?.name) return `${reference.namespace || "*"}/${reference.name}`;
  return reference?.selector ? formatLabelSelector(reference.selector) : "<unset>";
}

function validateParamKind(
  { apiVersion, kind }: ParamKind,
  path: string,
  errors: FieldError[],
): void {
  if (!apiVersion) errors.push(required(`${path}.apiVersion`));
  else validateApiVersion(apiVersion, `${path}.apiVersion`, errors);
  if (!kind) {
    errors.push(required(`${path}.kind`));
    return;
  }
  const messages = isDns1035Label(kind.toLowerCase());
  if (messages.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${messages.join(",")}`;
    errors.push(invalid(`${path}.kind`, kind, detail));
  }
}

function validateApiVersion(apiVersion: string, path: string, errors: FieldError[]): void {
  const { group, version } = groupVersionOf(apiVersion);
  if (version.includes("/")) {
    errors.push(invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
    return;
  }
  const groupMessages = group === "" ? [] : isDns1123Subdomain(group);
  if (groupMessages.length > 0) errors.push(invalid(path, group, groupMessages.join(",")));
  if (version === "") {
    errors.push(invalid(path, version, "version must be specified"));
    return;
  }
  const versionMessages = isDns1035Label(version);
  if (versionMessages.length > 0) errors.push(invalid(path, version, versionMessages.join(",")));
}

/** What a mutating policy can be about: there is nothing to change where something goes. */
export const mutatingOperations = ["*", "CONNECT", "CREATE", "UPDATE"];

/** Rules that name other operations than `allowed`, which is all that a policy of the kind can be about. */
export function validateOperations(
  { resourceRules = [] }: MatchResources,
  path: string,
  allowed: readonly string[],
): readonly FieldError[] {
  return resourceRules.flatMap(({ operations = [] }) =>
    operations.filter((operation) => !allowed.includes(operation)).map((operation) =>
      notSupported(`${path}.resourceRules.operations`, operation, allowed)
    )
  );
}

function validateVariable(
  { name, expression }: Variable,
  path: string,
  { errors, scope }: { readonly errors: FieldError[]; readonly scope: PolicyScope },
): void {
  if (!name?.trim()) errors.push(required(`${path}.name`, "name is not specified"));
  else if (!isIdentifier(name)) {
    errors.push(invalid(`${path}.name`, name, "must be a valid CEL identifier"));
  }
  if (!expression?.trim()) {
    errors.push(required(`${path}.expression`, "expression is not specified"));
  } else errors.push(...scope.declare(name ?? "", expression, `${path}.expression`));
}
