import { defineKind } from "../../kind.ts";
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { paramKindColumn, validatePolicySpec } from "../policies.ts";
import { defaultMatchResources } from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from "./types.gen.ts";

/** A ValidatingAdmissionPolicy refuses requests by CEL expressions that the server evaluates itself. */
export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    {
      name: "Validations",
      type: "integer",
      cell: (obj) => obj.spec?.validations?.length ?? 0,
    },
    paramKindColumn,
    ageColumn(),
  ],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => {
      const spec = obj.spec ??= {};
      spec.failurePolicy ??= "Fail";
      defaultMatchResources(spec.matchConstraints);
    },
    generationOf: (obj) => obj.spec,
    validate: (obj) => validatePolicy(obj, "spec"),
  },
});

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];

function validatePolicy(obj: ValidatingAdmissionPolicy, path: string): readonly FieldError[] {
  const { validations = [], auditAnnotations = [] } = obj.spec ?? {};
  const errors = [...validatePolicySpec(obj.spec ?? {}, path)];
  validations.forEach((validation, index) => {
    validateValidation(validation, `${path}.validations[${index}]`, errors);
  });
  const name = obj.metadata.name ?? "";
  validateAnnotations(auditAnnotations, name, `${path}.auditAnnotations`, errors);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = "validations or auditAnnotations must contain at least one item";
    errors.push(required(`${path}.validations`, detail));
    errors.push(required(`${path}.auditAnnotations`, detail));
  }
  return errors;
}

function validateValidation(validation: Validation, path: string, errors: FieldError[]): void {
  const { expression, messageExpression, message, reason } = validation;
  if (!expression?.trim()) {
    errors.push(required(`${path}.expression`, "expression is not specified"));
  }
  if (messageExpression && !messageExpression.trim()) {
    const detail = "must be non-empty if specified";
    errors.push(invalid(`${path}.messageExpression`, messageExpression, detail));
  }
  if (message && !message.trim()) {
    errors.push(invalid(`${path}.message`, message, "message must be non-empty if specified"));
  } else if (message?.trim().includes("\n")) {
    errors.push(invalid(`${path}.message`, message, "message must not contain line breaks"));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(`${path}.reason`, reason, reasons));
  }
}

/** In the audit event the key is `<policy>/<key>`, which must be a qualified name. */
function validateAnnotations(
  annotations: readonly AuditAnnotation[],
  policy: string,
  path: string,
  errors: FieldError[],
): void {
  const keys = new Set<string>();
  annotations.forEach(({ key, valueExpression }, index) => {
    const at = `${path}[${index}]`;
    if (!key) errors.push(required(`${at}.key`));
    else {
      const messages = isQualifiedName(`${policy}/${key}`);
      if (messages.length > 0) errors.push(invalid(`${at}.key`, key, messages.join(",")));
      if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
      keys.add(key);
    }
    if (!valueExpression?.trim()) {
      errors.push(required(`${at}.valueExpression`, "expression is not specified"));
    }
  });
}
