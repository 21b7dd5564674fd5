import { type FieldError, invalid, required } from "./field_error.ts";
import { isDns1123Label, isDns1123Subdomain, regexMessage } from "./names.ts";

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const pathPattern = new RegExp(`^(?:${pathFormat})$`);

/** `example.com/some/path`: names of controllers and managers. The parts at fault are shown by themselves. */
export function validateDomainPrefixedPath(
  value: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!value) return [required(path)];
  const slash = value.indexOf("/");
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const domain = value.slice(0, slash);
  const rest = value.slice(slash + 1);
  const errors = isDns1123Subdomain(domain).map((message) => invalid(path, domain, message));
  if (!pathPattern.test(rest)) {
    errors.push(invalid(path, rest, regexMessage("Invalid path", pathFormat, [])));
  }
  return errors;
}

/** A name that cannot collide with others': a domain of three labels at least (webhooks). */
export function validateFullyQualifiedName(
  value: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!value) return [required(path)];
  const messages = isDns1123Subdomain(value);
  if (messages.length > 0) return [invalid(path, value, messages.join(","))];
  if (value.split(".").length >= 3) return [];
  return [
    invalid(path, value, "should be a domain with at least three segments separated by dots"),
  ];
}

/** A domain of two labels at least; a dot at the end is allowed. */
export function validateFullyQualifiedDomainName(
  value: string | undefined,
  path: string,
): readonly FieldError[] {
  if (!value) return [required(path)];
  const name = value.endsWith(".") ? value.slice(0, -1) : value;
  const messages = isDns1123Subdomain(name);
  if (messages.length > 0) return [invalid(path, name, messages.join(","))];
  const labels = name.split(".");
  if (labels.length < 2) {
    const detail = "should be a domain with at least two segments separated by dots";
    return [invalid(path, name, detail)];
  }
  return labels.flatMap((label) =>
    isDns1123Label(label).map((message) => invalid(path, label, message))
  );
}
