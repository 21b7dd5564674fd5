import { type FieldError, invalid } from "../../meta/field_error.ts";
import type { NonResourceAttributes, ResourceAttributes } from "./v1/types.gen.ts";

/** What all access reviews ask: may somebody do something to a resource, or to a URL. */
export interface ReviewSpec {
  resourceAttributes?: ResourceAttributes | undefined;
  nonResourceAttributes?: NonResourceAttributes | undefined;
  user?: string | undefined;
  groups?: string[] | undefined;
}

/** Either a resource or a URL is asked about. */
export function validateAttributes(spec: ReviewSpec | undefined): readonly FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: url } = spec ?? {};
  if ((resource === undefined) !== (url === undefined)) return [];
  const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalid("spec", showUrl(url), detail)];
}

/** Reviews about others say about whom. */
export function validateReviewOfOthers(spec: ReviewSpec | undefined): readonly FieldError[] {
  const errors = [...validateAttributes(spec)];
  if (!spec?.user && !spec?.groups?.length) {
    errors.push(invalid("spec.user", "", "at least one of user or group must be specified"));
  }
  return errors;
}

/** A local review is about its own namespace. */
export function validateLocalReview(
  spec: ReviewSpec | undefined,
  namespace: string | undefined,
): readonly FieldError[] {
  const errors = [...validateReviewOfOthers(spec)];
  const { resourceAttributes: resource, nonResourceAttributes: url } = spec ?? {};
  if (resource && (resource.namespace ?? "") !== (namespace ?? "")) {
    const path = "spec.resourceAttributes.namespace";
    errors.push(invalid(path, resource.namespace ?? "", "must match metadata.namespace"));
  }
  if (url) {
    const detail = "disallowed on this kind of request";
    errors.push(invalid("spec.nonResourceAttributes", showUrl(url), detail));
  }
  return errors;
}

function showUrl(url: NonResourceAttributes | undefined): unknown {
  return url && { Path: url.path ?? "", Verb: url.verb ?? "" };
}
