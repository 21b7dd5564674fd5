import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { isDns1035Label } from "../../meta/names.ts";
import { validateFullyQualifiedName } from "../../meta/validate_domain.ts";
import { validateLabelSelector } from "../../meta/validate_label_selector.ts";
import { defaultWebhookClient, validateWebhookClient } from "../webhook_client.ts";
import { defaultRules, validateMatchConditions, validateRule } from "./rules.ts";
import type { MutatingWebhook, ValidatingWebhook } from "./v1/types.gen.ts";

type Webhook = ValidatingWebhook | MutatingWebhook;

/** The versions of AdmissionReview that a server may send. */
const reviewVersions = ["v1", "v1beta1"];
const sideEffects = ["None", "NoneOnDryRun"];
const MAX_TIMEOUT_SECONDS = 30;

/** What both kinds of webhook have in common by default. */
export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  defaultWebhookClient(webhook.clientConfig);
  defaultRules(webhook.rules);
}

/** The rules for a list of webhooks, whose names are unique. */
export function validateWebhooks(
  webhooks: readonly Webhook[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  webhooks?.forEach((webhook, index) => {
    const at = `${path}[${index}]`;
    validateWebhook(webhook, at, errors);
    const versions = webhook.admissionReviewVersions ?? [];
    validateReviewVersions(versions, `${at}.admissionReviewVersions`, errors);
    if (webhook.name && names.has(webhook.name)) {
      errors.push(duplicate(`${at}.name`, webhook.name));
    }
    names.add(webhook.name);
  });
  return errors;
}

function validateWebhook(webhook: Webhook, path: string, errors: FieldError[]): void {
  errors.push(...validateFullyQualifiedName(webhook.name, `${path}.name`));
  webhook.rules?.forEach((rule, index) => {
    errors.push(...validateRule(rule, `${path}.rules[${index}]`));
  });
  const check = (value: string | undefined, field: string, allowed: readonly string[]) => {
    if (!value || allowed.includes(value)) return;
    errors.push(notSupported(`${path}.${field}`, value, allowed));
  };
  check(webhook.failurePolicy, "failurePolicy", ["Fail", "Ignore"]);
  check(webhook.matchPolicy, "matchPolicy", ["Equivalent", "Exact"]);
  if (!webhook.sideEffects) {
    const detail = `must specify one of ${sideEffects.join(", ")}`;
    errors.push(required(`${path}.sideEffects`, detail));
  }
  check(webhook.sideEffects, "sideEffects", sideEffects);
  const timeout = webhook.timeoutSeconds;
  if (timeout !== undefined && (timeout < 1 || timeout > MAX_TIMEOUT_SECONDS)) {
    const detail = `the timeout value must be between 1 and ${MAX_TIMEOUT_SECONDS} seconds`;
    errors.push(invalid(`${path}.timeoutSeconds`, timeout, detail));
  }
  errors.push(
    ...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`),
  );
  if ("reinvocationPolicy" in webhook) {
    check(webhook.reinvocationPolicy, "reinvocationPolicy", ["IfNeeded", "Never"]);
  }
  errors.push(
    ...validateWebhookClient(webhook.clientConfig ?? {}, `${path}.clientConfig`),
    ...validateMatchConditions(webhook.matchConditions, `${path}.matchConditions`),
  );
}

function validateReviewVersions(
  versions: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  if (versions.length === 0) {
    errors.push(required(path, `must specify one of ${reviewVersions.join(", ")}`));
    return;
  }
  versions.forEach((version, index) => {
    const at = `${path}[${index}]`;
    if (versions.indexOf(version) < index) {
      errors.push(invalid(at, version, "duplicate version"));
      return;
    }
    for (const message of isDns1035Label(version)) errors.push(invalid(at, version, message));
  });
  if (!versions.some((version) => reviewVersions.includes(version))) {
    const detail = `must include at least one of ${reviewVersions.join(", ")}`;
    errors.push(invalid(path, versions, detail));
  }
}
