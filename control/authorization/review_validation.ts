import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReviewSpec,
} from "../../shared/api/authorization/v1/types.gen.ts";
import { type FieldError, invalid, required } from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";

/** What is wrong with the spec of a SubjectAccessReview. */
export function validateSubjectReview(spec: SubjectAccessReviewSpec): readonly FieldError[] {
  const errors = [...validateSelfReview(spec)];
  if (!spec.user && (spec.groups ?? []).length === 0) {
    errors.push(invalid("spec.user", "", "at least one of user or group must be specified"));
  }
  return errors;
}

/** What is wrong with the spec of a SelfSubjectAccessReview. */
export function validateSelfReview(spec: SelfSubjectAccessReviewSpec): readonly FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if ((resource === undefined) !== (path === undefined)) {
    return resource ? validateResource(resource) : [];
  }
  return [
    invalid(
      "spec",
      goValue(path),
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    ),
  ];
}

/** What is wrong with a LocalSubjectAccessReview; its namespace has been filled in. */
export function validateLocalReview(review: LocalSubjectAccessReview): readonly FieldError[] {
  const { spec, metadata } = review;
  const errors = [...validateSubjectReview(spec)];
  const asked = spec.resourceAttributes;
  if (asked && (asked.namespace ?? "") !== metadata.namespace) {
    const path = "spec.resourceAttributes.namespace";
    errors.push(invalid(path, asked.namespace ?? "", "must match metadata.namespace"));
  }
  if (spec.nonResourceAttributes) {
    const shown = goValue(spec.nonResourceAttributes);
    const path = "spec.nonResourceAttributes";
    errors.push(invalid(path, shown, "disallowed on this kind of request"));
  }
  return errors;
}

/** Throws the 422 for `errors`, if there are any. The reference knows no kind and no name for reviews. */
export function invalidReview(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const texts = errors.map(({ path, message }) => `${path}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  throw new StatusError("Invalid", `.authorization.k8s.io "" is invalid: ${text}`, {
    details: {
      group: "authorization.k8s.io",
      causes: errors.map(({ reason, message, path }) => ({ reason, message, field: path })),
    },
  });
}

function validateResource(resource: ResourceAttributes): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["fieldSelector", "labelSelector"] as const) {
    const selector = resource[field];
    if (!selector) continue;
    const path = `spec.resourceAttributes.${field}`;
    const { rawSelector = "", requirements = [] } = selector;
    if (rawSelector !== "" && requirements.length > 0) {
      const why = "may not specified at the same time as requirements";
      errors.push(invalid(`${path}.rawSelector`, rawSelector, why));
    }
    if (rawSelector === "" && requirements.length === 0) {
      const why = `when ${path} is specified, requirements or rawSelector is required`;
      errors.push(required(`${path}.requirements`, why));
    }
  }
  return errors;
}

/** The attributes as messages show them: the reference prints its internal type, with Go's field names. */
function goValue(attributes: NonResourceAttributes | undefined): unknown {
  return attributes && { Path: attributes.path ?? "", Verb: attributes.verb ?? "" };
}
