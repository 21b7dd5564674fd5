import { type FieldError, invalid, required, tooLong } from "../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../meta/names.ts";

const MAX_DOMAIN_BYTES = 253;
/** A domain, a slash and a path of namespace and name. */
const MAX_SIGNER_BYTES = MAX_DOMAIN_BYTES + 1 + 63 + 1 + 253;

/** A signer is named by a domain of two labels at least, a slash and a path: `example.com/signer-name`. */
export function validateSignerName(
  signer: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!signer) return [required(path)];
  const segments = signer.split("/");
  const [domain = "", rest = ""] = segments;
  if (segments.length !== 2) {
    const detail =
      "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, signer, detail)];
  }
  const errors: FieldError[] = [];
  if (domain.length > MAX_DOMAIN_BYTES) errors.push(tooLong(path, MAX_DOMAIN_BYTES));
  const labels = domain.split(".");
  for (const label of labels) {
    for (const message of isDns1123Label(label)) {
      errors.push(invalid(path, domain, `validating label ${JSON.stringify(label)}: ${message}`));
    }
  }
  if (labels.length < 2) {
    const detail = "should be a domain with at least two segments separated by dots";
    errors.push(invalid(path, domain, detail));
  }
  if (signer.length > MAX_SIGNER_BYTES) errors.push(tooLong(path, MAX_SIGNER_BYTES));
  for (const message of isDns1123Subdomain(rest)) {
    errors.push(invalid(path, rest, `validating label ${JSON.stringify(rest)}: ${message}`));
  }
  return errors;
}
