/**
 * The syntactic rules for names, keys and label values (RFC 1123, RFC 1035 and Kubernetes' own). Every check returns
 * the messages that the API gives for the value, none if it is valid.
 *
 * @module
 */

const dns1123LabelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dns1123SubdomainFormat = `${dns1123LabelFormat}(\\.${dns1123LabelFormat})*`;
const underscoreLabelFormat = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoreSubdomainFormat = `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`;
const wildcardFormat = `\\*\\.${dns1123SubdomainFormat}`;
const dns1035LabelFormat = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedNameFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValueFormat = `(${qualifiedNameFormat})?`;
const cIdentifierFormat = "[A-Za-z_][A-Za-z0-9_]*";
const configKeyFormat = "[-._a-zA-Z0-9]+";
const httpHeaderFormat = "[-A-Za-z0-9]+";
const percentFormat = "[0-9]+%";

const dns1123Label = whole(dns1123LabelFormat);
const dns1123Subdomain = whole(dns1123SubdomainFormat);
const underscoreSubdomain = whole(underscoreSubdomainFormat);
const wildcardSubdomain = whole(wildcardFormat);
const dns1035Label = whole(dns1035LabelFormat);
const qualifiedName = whole(qualifiedNameFormat);
const labelValue = whole(labelValueFormat);
const cIdentifier = whole(cIdentifierFormat);
const configKey = whole(configKeyFormat);
const httpHeader = whole(httpHeaderFormat);
const percent = whole(percentFormat);

const encoder = new TextEncoder();
const valid: readonly string[] = [];

/** A name rule as `Strategy.validateName` has it; `prefix`: the value is a `generateName`. */
export type NameRule = (name: string, prefix: boolean) => readonly string[];

/** RFC 1123 label: at most 63 characters, no dots (namespaces, containers). */
export function isDns1123Label(value: string): readonly string[] {
  const messages = atMost(63, value);
  if (dns1123Label.test(value)) return messages;
  return [
    ...messages,
    dns1123Subdomain.test(value) ? "must not contain dots" : regexMessage(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and " +
        "end with an alphanumeric character",
      dns1123LabelFormat,
      ["my-name", "123-abc"],
    ),
  ];
}

/** RFC 1123 subdomain: at most 253 characters (the names of most objects). */
export function isDns1123Subdomain(value: string): readonly string[] {
  const messages = atMost(253, value);
  if (dns1123Subdomain.test(value)) return messages;
  return [...messages, dns1123SubdomainMessage()];
}

/** RFC 1123 subdomain whose labels may contain underscores inside. */
export function isDns1123SubdomainWithUnderscore(value: string): readonly string[] {
  const messages = atMost(253, value);
  if (underscoreSubdomain.test(value)) return messages;
  return [
    ...messages,
    regexMessage(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must " +
        "start and end with an alphanumeric character",
      underscoreSubdomainFormat,
      ["example.com"],
    ),
  ];
}

/** `*.` and an RFC 1123 subdomain (hosts of Ingresses). */
export function isWildcardDns1123Subdomain(value: string): readonly string[] {
  const messages = atMost(253, value);
  if (wildcardSubdomain.test(value)) return messages;
  return [
    ...messages,
    regexMessage(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of " +
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      wildcardFormat,
      ["*.example.com"],
    ),
  ];
}

/** RFC 1035 label: as an RFC 1123 label, but starts with a letter. */
export function isDns1035Label(value: string): readonly string[] {
  const messages = atMost(63, value);
  if (dns1035Label.test(value)) return messages;
  return [
    ...messages,
    regexMessage(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
        "character, and end with an alphanumeric character",
      dns1035LabelFormat,
      ["my-name", "abc-123"],
    ),
  ];
}

/** A label key, annotation key, finalizer or resource name: `name` or `subdomain/name`, the name at most 63 bytes. */
export function isQualifiedName(value: string): readonly string[] {
  const slash = value.indexOf("/");
  if (slash !== value.lastIndexOf("/")) {
    const head = qualifiedNameMessage("a valid label key ");
    return [
      `${head} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const messages: string[] = [];
  if (slash === 0) messages.push("prefix part must be non-empty");
  else if (slash > 0) {
    const prefix = isDns1123Subdomain(value.slice(0, slash));
    messages.push(...prefix.map((message) => `prefix part ${message}`));
  }
  const name = slash < 0 ? value : value.slice(slash + 1);
  if (name === "") messages.push("name part must be non-empty");
  else messages.push(...atMostBytes(63, name).map((message) => `name part ${message}`));
  if (!qualifiedName.test(name)) messages.push(qualifiedNameMessage("name part "));
  return messages.length === 0 ? valid : messages;
}

/** The value of a label: empty, or at most 63 bytes of letters, digits, `-`, `_` and `.`. */
export function isLabelValue(value: string): readonly string[] {
  const messages = atMostBytes(63, value);
  if (labelValue.test(value)) return messages;
  return [
    ...messages,
    regexMessage(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " +
        "and end with an alphanumeric character",
      labelValueFormat,
      ["MyValue", "my_value", "12345"],
    ),
  ];
}

/** What may stand in a URL path: the names of kinds that take nearly anything (RBAC). */
export function isPathSegmentName(value: string, prefix = false): readonly string[] {
  if (!prefix && (value === "." || value === "..")) return [`may not be '${value}'`];
  return ["/", "%"].filter((c) => value.includes(c)).map((c) => `may not contain '${c}'`);
}

/** A C identifier. */
export function isCIdentifier(value: string): readonly string[] {
  if (cIdentifier.test(value)) return valid;
  return [
    regexMessage(
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric " +
        "characters or '_'",
      cIdentifierFormat,
      ["my_name", "MY_NAME", "MyName"],
    ),
  ];
}

/** A key of a ConfigMap or Secret: what may be a file name. */
export function isConfigMapKey(value: string): readonly string[] {
  const messages = [...atMost(253, value)];
  if (!configKey.test(value)) {
    messages.push(regexMessage(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      configKeyFormat,
      ["key.name", "KEY_NAME", "key-name"],
    ));
  }
  if (value === "." || value === "..") messages.push(`must not be '${value}'`);
  else if (value.startsWith("..")) messages.push("must not start with '..'");
  return messages;
}

/** The name of an HTTP header. */
export function isHttpHeaderName(value: string): readonly string[] {
  if (httpHeader.test(value)) return valid;
  return [
    regexMessage(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      httpHeaderFormat,
      ["X-Header-Name"],
    ),
  ];
}

/** The name of a port (RFC 6335 service name). */
export function isPortName(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > 15) messages.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(value)) {
    messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(value)) messages.push("must contain at least one letter (a-z)");
  if (value.includes("--")) messages.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) {
    messages.push("must not begin or end with a hyphen");
  }
  return messages;
}

/** The number of a port. */
export function isPortNumber(value: number): readonly string[] {
  return value >= 1 && value <= 65535 ? valid : ["must be between 1 and 65535, inclusive"];
}

/** `10%`. */
export function isPercent(value: string): readonly string[] {
  if (percent.test(value)) return valid;
  return [
    regexMessage(
      "a valid percent string must be a numeric string followed by an ending '%'",
      percentFormat,
      ["1%", "93%"],
    ),
  ];
}

/** The rule for the names of most kinds. In a prefix a dash at the end is allowed: random characters follow it. */
export function nameIsDns1123Subdomain(name: string, prefix: boolean): readonly string[] {
  return isDns1123Subdomain(prefix ? maskTrailingDash(name) : name);
}

/** The rule for the names of namespaces and others that become one DNS label. */
export function nameIsDns1123Label(name: string, prefix: boolean): readonly string[] {
  return isDns1123Label(prefix ? maskTrailingDash(name) : name);
}

/** The rule for the names of kinds that become an RFC 1035 label. */
export function nameIsDns1035Label(name: string, prefix: boolean): readonly string[] {
  return isDns1035Label(prefix ? maskTrailingDash(name) : name);
}

/** `<text> (e.g. 'a',  or 'b', regex used for validation is '…')`. */
export function regexMessage(text: string, format: string, examples: readonly string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${format}')`;
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${text} (e.g. ${shown}regex used for validation is '${format}')`;
}

function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

function dns1123SubdomainMessage(): string {
  return regexMessage(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
      "and end with an alphanumeric character",
    dns1123SubdomainFormat,
    ["example.com"],
  );
}

function qualifiedNameMessage(subject: string): string {
  return regexMessage(
    `${subject}must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an ` +
      "alphanumeric character",
    qualifiedNameFormat,
    ["MyName", "my.name", "123-abc"],
  );
}

function atMost(max: number, value: string): readonly string[] {
  return bytesOf(value) > max ? [`must be no more than ${max} characters`] : valid;
}

function atMostBytes(max: number, value: string): readonly string[] {
  return bytesOf(value) > max ? [`must be no more than ${max} bytes`] : valid;
}

/** Length in UTF-8, which needs no encoding for short strings: a code unit has at most three bytes. */
function bytesOf(value: string): number {
  return value.length * 3 <= 63 ? value.length : encoder.encode(value).length;
}

function whole(format: string): RegExp {
  return new RegExp(`^(?:${format})$`);
}
