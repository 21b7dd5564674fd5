import assert from "node:assert/strict";
import {
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPathSegmentName,
  isPortName,
  isQualifiedName,
  isWildcardDns1123Subdomain,
  nameIsDns1123Subdomain,
} from "./names.ts";

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const key =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const value =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const cases: readonly [(text: string) => readonly string[], string, readonly string[]][] = [
  [isDns1123Subdomain, "a.b-c", []],
  [isDns1123Subdomain, "a..b", [subdomain]],
  [isDns1123Subdomain, "ü", [subdomain]],
  [isDns1123Subdomain, "a".repeat(254), ["must be no more than 253 characters"]],
  [isDns1123Label, "a-b", []],
  [isDns1123Label, "-b", [label]],
  [isDns1123Label, "a.b", ["must not contain dots"]],
  [isDns1123Label, `${"a".repeat(63)}.b`, [
    "must be no more than 63 characters",
    "must not contain dots",
  ]],
  [isDns1035Label, "1a", [
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ]],
  [isWildcardDns1123Subdomain, "*.a.b", []],
  [isQualifiedName, "example.com/My_name.1", []],
  [isQualifiedName, "a/b/c", [key]],
  [isQualifiedName, "/a", ["prefix part must be non-empty"]],
  [isQualifiedName, "Example.com/a", [`prefix part ${subdomain}`]],
  [isQualifiedName, "", ["name part must be non-empty", namePart]],
  [isQualifiedName, "x".repeat(64), ["name part must be no more than 63 bytes"]],
  [isLabelValue, "", []],
  [isLabelValue, "-x", [value]],
  [isLabelValue, "x".repeat(64), ["must be no more than 63 bytes"]],
  [isPathSegmentName, "system:a b", []],
  [isPathSegmentName, "..", ["may not be '..'"]],
  [isPathSegmentName, "a/b%", ["may not contain '/'", "may not contain '%'"]],
  [isConfigMapKey, "..a", ["must not start with '..'"]],
  [isConfigMapKey, "..", ["must not be '..'"]],
  [isPortName, "http", []],
  [isPortName, "1--", [
    "must contain at least one letter (a-z)",
    "must not contain consecutive hyphens",
    "must not begin or end with a hyphen",
  ]],
];

for (const [rule, text, want] of cases) {
  Deno.test(`${rule.name}() judges "${text.slice(0, 30)}"`, () => {
    assert.deepEqual(rule(text), want);
  });
}

Deno.test("nameIsDns1123Subdomain() lets a generateName end in a dash, a name not", () => {
  assert.deepEqual(nameIsDns1123Subdomain("web-", true), []);
  assert.deepEqual(nameIsDns1123Subdomain("web-", false), [subdomain]);
});
