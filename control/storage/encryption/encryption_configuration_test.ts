import assert from "node:assert/strict";
import { ConfigError } from "../../../shared/config/settings.ts";
import { readEncryptionConfiguration } from "./encryption_configuration.ts";

const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const read = (text: string) => readEncryptionConfiguration({ path: "e.yaml", text: head + text });
const secret = btoa("0123456789abcdef0123456789abcdef");
const rule = (resources: string, providers: string) =>
  `resources: [{resources: [${resources}], providers: [${providers}]}]`;
const aes = `aescbc: {keys: [{name: a, secret: ${secret}}]}`;

Deno.test("readEncryptionConfiguration() gives a transformer for each key, in order", () => {
  const [one] = read(rule(
    "secrets",
    `{secretbox: {keys: [{name: new, secret: ${secret}}, {name: old, secret: ${secret}}]}}, {${aes}}, {identity: {}}`,
  ));
  assert.deepEqual(one!.resources, ["secrets"]);
  const prefixes = one!.transformers.map(({ prefix }) => new TextDecoder().decode(prefix));
  assert.deepEqual(prefixes, [
    "k8s:enc:secretbox:v1:new:",
    "k8s:enc:secretbox:v1:old:",
    "k8s:enc:aescbc:v1:a:",
    "",
  ]);
});

const refused: readonly [title: string, text: string, message: RegExp][] = [
  ["no rules", "resources: []", /resources: Required value: at least one resources is required$/],
  ["a rule without resources", rule("", "{identity: {}}"), /resources\[0\]\.resources: Required/],
  ["a rule without providers", rule("secrets", ""), /at least one resources\[0\]\.providers is/],
  ["two providers in one", rule("secrets", `{identity: {}, ${aes}}`), /more than one provider/],
  ["a provider that it does not know", rule("secrets", "{kms: {}}"), /unknown field ".*\.kms"/],
  ["a provider without keys", rule("secrets", "{aesgcm: {keys: []}}"), /at least one keys/],
  [
    "a key that is too short",
    rule("secrets", "{aesgcm: {keys: [{name: a, secret: YWJj}]}}"),
    /got 3, expected one of \[16 24 32\]$/,
  ],
  [
    "a key of AES's length for secretbox",
    rule("secrets", `{secretbox: {keys: [{name: a, secret: ${btoa("0123456789abcdef")}}]}}`),
    /got 16, expected one of \[32\]$/,
  ],
  [
    "a key that is not base64",
    rule("secrets", "{aescbc: {keys: [{name: a, secret: hunter2!}]}}"),
    /secrets must be base64 encoded$/,
  ],
  [
    "a key without a name",
    rule("secrets", `{aescbc: {keys: [{secret: ${secret}}]}}`),
    /name is a mandatory field/,
  ],
  ["capital letters", rule("Secrets", "{identity: {}}"), /should not contain capital letters/],
  ["a star alone", rule("'*'", "{identity: {}}"), /use '\*\.' to encrypt/],
  [
    "a resource of all groups",
    rule("'pods.*'", "{identity: {}}"),
    /across groups is not supported/,
  ],
  [
    "events by their other name",
    rule("events.events.k8s.io", "{identity: {}}"),
    /Use 'events' instead/,
  ],
  ["a resource twice", rule("secrets, secrets", "{identity: {}}"), /specified multiple times/],
  ["a resource beside its whole group", rule("secrets, '*.'", "{identity: {}}"), /overlapping/],
  ["anything beside everything", rule("'*.*', apps.apps", "{identity: {}}"), /overlapping/],
];
for (const [title, text, message] of refused) {
  Deno.test(`readEncryptionConfiguration() refuses ${title}`, () => {
    assert.throws(() => read(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hunter2|YWJj/, "no message holds a key");
      return true;
    });
  });
}

Deno.test("readEncryptionConfiguration() takes a whole group beside resources of another", () => {
  assert.equal(read(rule("'*.', deployments.apps", "{identity: {}}")).length, 1);
});
