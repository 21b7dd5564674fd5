import { type FieldError, invalid } from "../../meta/field_error.ts";

/** The bundle of certificates by which a webhook is known: base64 of PEM. Nothing but space counts as no bundle. */
export function validateCaBundle(bundle: string, path: string): readonly FieldError[] {
  if (isCaBundle(bundle)) return [];
  const detail = "unable to load root certificates: unable to parse bytes as PEM block";
  return [invalid(path, bundle, detail)];
}

/** Whether at least one certificate can be read from the bundle. */
export function isCaBundle(bundle: string): boolean {
  const text = atob(bundle);
  return /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.test(text);
}
