import assert from "node:assert/strict";
import { defaultPullPolicy } from "./image_reference.ts";

const digest = `sha256:${"a".repeat(64)}`;
const cases: readonly (readonly [image: string, policy: string])[] = [
  ["nginx", "Always"],
  ["nginx:latest", "Always"],
  ["nginx:1.27", "IfNotPresent"],
  ["registry.example.com:5000/a/b", "Always"],
  ["registry.example.com:5000/a/b:v1", "IfNotPresent"],
  [`nginx@${digest}`, "IfNotPresent"],
  [`nginx:latest@${digest}`, "Always"],
  ["Not A Reference", "IfNotPresent"],
  ["", "IfNotPresent"],
];
Deno.test("defaultPullPolicy() follows the tag", () => {
  for (const [image, policy] of cases) assert.equal(defaultPullPolicy(image), policy, image);
});
