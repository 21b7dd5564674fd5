import assert from "node:assert/strict";
import { rewriteLocation } from "./rewrite_location.ts";

const prefix = "/api/v1/namespaces/ns/pods/p/proxy";
const cases: readonly (readonly [string, string])[] = [
  ["/there?x=1", `${prefix}/there?x=1`],
  ["/", `${prefix}/`],
  ["relative/path", "relative/path"],
  ["?x=1", "?x=1"],
  ["https://elsewhere.example/there", "https://elsewhere.example/there"],
  ["//elsewhere.example/there", "//elsewhere.example/there"],
  ["http://10.0.0.1:8080/there/#part", `${prefix}/there/#part`],
  ["https://api.example:6443/there", `${prefix}/there`],
  [`${prefix}/there`, `${prefix}/there`],
  [`${prefix}ies`, `${prefix}${prefix}ies`],
];
for (const [location, want] of cases) {
  Deno.test(`rewriteLocation() leads ${location} to ${want}`, () => {
    const options = { target: "10.0.0.1:8080", requestHost: "api.example:6443", prefix };
    assert.equal(rewriteLocation(location, options), want);
  });
}
