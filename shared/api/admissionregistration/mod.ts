import type { KindDefinition } from "../kind.ts";
import { mutatingAdmissionPolicy } from "./v1/mutating_admission_policy.ts";
import { mutatingAdmissionPolicyBinding } from "./v1/mutating_admission_policy_binding.ts";
import { mutatingWebhookConfiguration } from "./v1/mutating_webhook_configuration.ts";
import { validatingAdmissionPolicy } from "./v1/validating_admission_policy.ts";
import { validatingAdmissionPolicyBinding } from "./v1/validating_admission_policy_binding.ts";
import { validatingWebhookConfiguration } from "./v1/validating_webhook_configuration.ts";

/** The kinds of the group, for the table of all kinds. */
export const admissionregistrationKinds: readonly KindDefinition[] = [
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
];
