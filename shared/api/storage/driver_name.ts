import { type FieldError, invalid, required, tooLong } from "../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../meta/names.ts";

const MAX_DRIVER_NAME_BYTES = 63;
const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** The name of a CSI driver: a domain in any case, at most 63 bytes (CSI specification, GetPluginInfo). */
export function validateDriverName(name: string | undefined, path: string): readonly FieldError[] {
  if (!name) return [required(path)];
  const errors: FieldError[] = [];
  if (name.length > MAX_DRIVER_NAME_BYTES) errors.push(tooLong(path, MAX_DRIVER_NAME_BYTES));
  for (const message of isDns1123Subdomain(name.toLowerCase())) {
    errors.push(invalid(path, name, message));
  }
  return errors;
}

/** What is handed to a driver: at most 512 parameters and 256 KiB. */
export function validateParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const entries = Object.entries(parameters ?? {});
  if (entries.length > MAX_PARAMETERS) errors.push(tooLong(path, MAX_PARAMETERS));
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid(path, key, "field can not be empty."));
    bytes += encoder.encode(key).length + encoder.encode(value).length;
  }
  if (bytes > MAX_PARAMETER_BYTES) errors.push(tooLong(path, MAX_PARAMETER_BYTES));
  return errors;
}
