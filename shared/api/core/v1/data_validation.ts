import { type FieldError, forbidden, tooLong } from "../../../meta/field_error.ts";

/** What all values of a ConfigMap or Secret together may measure. */
const MAX_DATA_BYTES = 1024 * 1024;
const encoder = new TextEncoder();

type Data = Readonly<Record<string, string>>;

/** The size limit of a ConfigMap or Secret; `binary` values are base64. */
export function validateDataSize(path: string, text: Data, binary: Data): readonly FieldError[] {
  let bytes = 0;
  for (const value of Object.values(text)) bytes += textBytes(value, MAX_DATA_BYTES - bytes);
  for (const value of Object.values(binary)) bytes += base64Bytes(value);
  return bytes > MAX_DATA_BYTES ? [tooLong(path, MAX_DATA_BYTES)] : [];
}

/** That an immutable ConfigMap or Secret still has the same `data`. */
export function validateDataChange(
  path: string,
  data: Data | undefined,
  old: Data | undefined,
): readonly FieldError[] {
  const keys = Object.keys(data ?? {});
  const same = keys.length === Object.keys(old ?? {}).length &&
    keys.every((key) => data![key] === old?.[key]);
  return same ? [] : [forbidden(path, "field is immutable when `immutable` is set")];
}

/** UTF-8 length; a text of at most a third of the limit need not be measured exactly. */
function textBytes(value: string, left: number): number {
  return value.length * 3 < left && value.length < 256
    ? value.length
    : encoder.encode(value).length;
}

function base64Bytes(value: string): number {
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  return Math.floor(value.length / 4) * 3 - padding;
}
