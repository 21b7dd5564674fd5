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
import { boolType, nullType, stringType } from "../../../cel/types/cel_type.ts";
import { PolicyScope } from "../expressions.ts";
import { paramKindColumn, validatePolicySpec } from "../policies.ts";
import { defaultMatchResources } from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from "./types.gen.ts";

/** A ValidatingAdmissionPolicy refuses requests by CEL expressions that the server evaluates itself. */
export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  usesExpressions: true,
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

const MAX_AUDIT_ANNOTATIONS = 20;
const MAX_VALUE_EXPRESSION_BYTES = 5 * 1024;
const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];

function validatePolicy(obj: ValidatingAdmissionPolicy, path: string): readonly FieldError[] {
  const { validations = [], auditAnnotations = [] } = obj.spec ?? {};
  const scope = new PolicyScope(obj.spec ?? {});
  const errors = [...validatePolicySpec(obj.spec ?? {}, path, { scope })];
  validations.forEach((validation, index) => {
    validateValidation(validation, `${path}.validations[${index}]`, { errors, scope });
  });
  const name = obj.metadata.name ?? "";
  const at = `${path}.auditAnnotations`;
  validateAnnotations(auditAnnotations, at, { errors, scope, policy: name });
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = "validations or auditAnnotations must contain at least one item";
    errors.push(required(`${path}.validations`, detail));
    errors.push(required(`${path}.auditAnnotations`, detail));
  }
  return errors;
}

interface Checked {
  readonly errors: FieldError[];
  readonly scope: PolicyScope;
}

function validateValidation(
  validation: Validation,
  path: string,
  { errors, scope }: Checked,
): void {
  const { expression, messageExpression, message, reason } = validation;
  if (!expression?.trim()) {
    errors.push(required(`${path}.expression`, "expression is not specified"));
  } else errors.push(...scope.check(expression, `${path}.expression`, { types: [boolType] }));
  const at = `${path}.messageExpression`;
  if (messageExpression && !messageExpression.trim()) {
    errors.push(invalid(at, messageExpression, "must be non-empty if specified"));
  } else if (messageExpression) {
    const options = { types: [stringType], authorizer: false };
    errors.push(...scope.check(messageExpression, at, options));
  }
  if (message && !message.trim()) {
    errors.push(invalid(`${path}.message`, message, "must be non-empty if specified"));
  } else if (message && /[\n\r]/.test(message.trim())) {
    errors.push(invalid(`${path}.message`, message, "must not contain line breaks"));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(`${path}.reason`, reason, reasons));
  }
}

/** In the audit event the key is `<policy>/<key>`, which must be a qualified name. */
function validateAnnotations(
  annotations: readonly AuditAnnotation[],
  path: string,
  { errors, scope, policy }: Checked & { readonly policy: string },
): void {
  const keys = new Set<string>();
  if (annotations.length > MAX_AUDIT_ANNOTATIONS) {
    const detail = `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`;
    errors.push(invalid(path, annotations, detail));
  }
  annotations.forEach((annotation, index) => {
    const { key = "" } = annotation;
    const at = `${path}[${index}]`;
    if (policy === "") {
      errors.push(invalid(`${at}.key`, key, "requires metadata.name be non-empty"));
    } else {
      const name = `${policy}/${key}`;
      for (const message of isQualifiedName(name)) errors.push(invalid(`${at}.key`, name, message));
    }
    errors.push(...valueErrors(annotation, `${at}.valueExpression`, scope));
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
  });
}

function valueErrors(
  { valueExpression = "" }: AuditAnnotation,
  path: string,
  scope: PolicyScope,
): readonly FieldError[] {
  const expression = valueExpression.trim();
  if (expression === "") return [required(path, "valueExpression is not specified")];
  if (new TextEncoder().encode(expression).length > MAX_VALUE_EXPRESSION_BYTES) {
    return [required(path, `must not exceed ${MAX_VALUE_EXPRESSION_BYTES} bytes in length`)];
  }
  return scope.check(expression, path, { types: [stringType, nullType], shown: valueExpression });
}
