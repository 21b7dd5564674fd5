import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
} from "../../meta/names.ts";
import { formatType } from "../types/signature.ts";
import { listOf } from "../values/collections.ts";
import { parseTimestamp } from "../values/time.ts";
import { none, OpaqueValue, Optional, Timestamp } from "../values/value.ts";
import { type Overload, overload } from "./function_table.ts";
import { isUrl } from "./urls.ts";

/** The rules for a kind of text. */
export class FormatValue extends OpaqueValue {
  readonly type = formatType;
  readonly #validate: (text: string) => readonly string[];

  /** `maxRegexSize` is the length of the pattern behind it, for the cost of applying it. */
  constructor(
    readonly name: string,
    readonly maxRegexSize: number,
    validate: (text: string) => readonly string[],
  ) {
    super();
    this.#validate = validate;
  }

  /** What is wrong with a text. */
  validate(text: string): readonly string[] {
    return this.#validate(text);
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && this.name === other.name;
  }
}

/** What comes before a generated suffix may end in a dash. */
function asPrefix(validate: (text: string) => readonly string[]) {
  return (text: string) =>
    validate(text.length > 1 && text.endsWith("-") ? `${text.slice(0, -1)}a` : text);
}

function either(message: string, holds: (text: string) => boolean) {
  return (text: string) => holds(text) ? [] : [message];
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UUID_PATTERN_LENGTH = 70;
const DATE_TIME_PATTERN_LENGTH = 76;

const formats: Readonly<Record<string, FormatValue>> = {
  dns1123Label: new FormatValue("DNS1123Label", 30, isDns1123Label),
  dns1123Subdomain: new FormatValue("DNS1123Subdomain", 60, isDns1123Subdomain),
  dns1035Label: new FormatValue("DNS1035Label", 30, isDns1035Label),
  qualifiedName: new FormatValue("QualifiedName", 60, isQualifiedName),
  dns1123LabelPrefix: new FormatValue("DNS1123LabelPrefix", 30, asPrefix(isDns1123Label)),
  dns1123SubdomainPrefix: new FormatValue(
    "DNS1123SubdomainPrefix",
    60,
    asPrefix(isDns1123Subdomain),
  ),
  dns1035LabelPrefix: new FormatValue("DNS1035LabelPrefix", 30, asPrefix(isDns1035Label)),
  labelValue: new FormatValue("LabelValue", 40, isLabelValue),
  uri: new FormatValue("URI", 1103, either("invalid URI for request", isUrl)),
  uuid: new FormatValue(
    "uuid",
    UUID_PATTERN_LENGTH,
    either("does not match the UUID format", (text) => uuid.test(text)),
  ),
  byte: new FormatValue("byte", 84, either("invalid base64", (text) => base64.test(text))),
  date: new FormatValue(
    "date",
    DATE_TIME_PATTERN_LENGTH,
    either("invalid date", (text) => parseTimestamp(`${text}T00:00:00Z`) instanceof Timestamp),
  ),
  datetime: new FormatValue(
    "datetime",
    DATE_TIME_PATTERN_LENGTH,
    either("invalid datetime", (text) => parseTimestamp(text.toUpperCase()) instanceof Timestamp),
  ),
};

function constants(): Record<string, readonly Overload[]> {
  return Object.fromEntries(
    Object.entries(formats).map(([name, format]) => [
      `format.${name}`,
      [overload(`format.${name}`, "() -> Format", () => format)],
    ]),
  );
}

/** Source: "Kubernetes format library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const formatFunctions: Readonly<Record<string, readonly Overload[]>> = {
  ...constants(),
  validate: [
    overload("format-validate", "Format.(string) -> optional(list(string))", (format, text) => {
      const messages = (format as FormatValue).validate(text as string);
      return messages.length === 0 ? none : new Optional(listOf(messages));
    }),
  ],
  "format.named": [
    overload("format-named", "(string) -> optional(Format)", (name) => {
      return Object.hasOwn(formats, name as string) ? new Optional(formats[name as string]) : none;
    }),
  ],
};
