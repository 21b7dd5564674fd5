import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Subdomain, isLabelValue, isQualifiedName } from "../../../meta/names.ts";
import { check } from "../../validation.ts";
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Toleration,
} from "./types.gen.ts";

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Which taints a pod tolerates. */
export function validateTolerations(
  tolerations: readonly Toleration[] | undefined,
  path: string,
): readonly FieldError[] {
  return (tolerations ?? []).flatMap((toleration, i) => [
    ...validateToleration(toleration, `${path}[${i}]`),
  ]);
}

/** The effect of a taint, or one that a toleration is for. */
export function validateTaintEffect(
  effect: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!effect) return [required(path)];
  return taintEffects.includes(effect) ? [] : [notSupported(path, effect, taintEffects)];
}

/** A selector of nodes: at least one term. */
export function validateNodeSelector(
  selector: NodeSelector,
  path: string,
): readonly FieldError[] {
  const at = `${path}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, i) => [...validateNodeSelectorTerm(term, `${at}[${i}]`)]);
}

/** One term of a node selector. `allowInvalidValues`: values that no label can have just match nothing. */
export function validateNodeSelectorTerm(
  term: NodeSelectorTerm,
  path: string,
  options: { readonly allowInvalidValues?: boolean } = {},
): readonly FieldError[] {
  const errors: FieldError[] = [];
  term.matchExpressions?.forEach((requirement, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    errors.push(...validateNodeRequirement(requirement, at, options));
  });
  term.matchFields?.forEach((requirement, i) => {
    errors.push(...validateNodeFieldRequirement(requirement, `${path}.matchFields[${i}]`));
  });
  return errors;
}

function validateToleration(toleration: Toleration, path: string): readonly FieldError[] {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  const errors: FieldError[] = [];
  if (key) errors.push(...check(key, `${path}.key`, isQualifiedName));
  else if (operator !== "Exists") {
    const detail =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator ?? "", detail));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${path}.effect`, effect ?? "", detail));
  }
  if (operator === "Exists") {
    if (value) {
      const detail = "value must be empty when `operator` is 'Exists'";
      errors.push(invalid(`${path}.operator`, value, detail));
    }
  } else if (!operator || operator === "Equal") {
    const messages = isLabelValue(value ?? "");
    if (messages.length > 0) errors.push(invalid(`${path}.operator`, value, messages.join(";")));
  } else errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"]));
  if (effect) errors.push(...validateTaintEffect(effect, `${path}.effect`));
  return errors;
}

function validateNodeRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
  options: { readonly allowInvalidValues?: boolean },
): readonly FieldError[] {
  const errors: FieldError[] = [];
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) {
        const detail = "must be specified when `operator` is 'In' or 'NotIn'";
        errors.push(required(`${path}.values`, detail));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbidden(`${path}.values`, detail));
      }
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) {
        const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
        errors.push(required(`${path}.values`, detail));
      }
      break;
    default:
      errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  }
  errors.push(...check(key ?? "", `${path}.key`, isQualifiedName));
  if (options.allowInvalidValues) return errors;
  values.forEach((value, i) => errors.push(...check(value, `${path}.values[${i}]`, isLabelValue)));
  return errors;
}

/** Only the name of a node can be selected as a field. */
function validateNodeFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  } else if (values.length !== 1) {
    const detail =
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, detail));
  }
  if (key !== "metadata.name") {
    errors.push(invalid(`${path}.key`, key ?? "", "not a valid field selector key"));
    return errors;
  }
  values.forEach((value, i) => {
    errors.push(...check(value, `${path}.values[${i}]`, isDns1123Subdomain));
  });
  return errors;
}
