import assert from "node:assert/strict";
import {
  validateDomainPrefixedPath,
  validateFullyQualifiedDomainName,
  validateFullyQualifiedName,
} from "./validate_domain.ts";

const subdomain = "a lowercase RFC 1123 subdomain must consist of";
const cases: readonly [typeof validateDomainPrefixedPath, string, readonly string[]][] = [
  [validateDomainPrefixedPath, "example.com/a", []],
  [validateDomainPrefixedPath, "", ["Required value"]],
  [validateDomainPrefixedPath, "c", [
    'Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")',
  ]],
  [validateDomainPrefixedPath, "Bad/a b", [
    `Invalid value: "Bad": ${subdomain}`,
    'Invalid value: "a b": Invalid path (regex used for validation is',
  ]],
  [validateFullyQualifiedName, "a.b.c", []],
  [validateFullyQualifiedName, "a.b", [
    'Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ]],
  [validateFullyQualifiedDomainName, "a.b.", []],
  [validateFullyQualifiedDomainName, "a", [
    'Invalid value: "a": should be a domain with at least two segments separated by dots',
  ]],
];
for (const [rule, text, want] of cases) {
  Deno.test(`${rule.name}() judges "${text}"`, () => {
    const messages = rule(text, "spec.x").map((error) => error.message);
    assert.equal(messages.length, want.length);
    want.forEach((start, i) => assert.equal(messages[i]!.slice(0, start.length), start));
  });
}
