import assert from "node:assert/strict";
import { accepts, parseAccept, parseContentType } from "./media_type.ts";

Deno.test("parseAccept() orders by quality, wildcards last, and keeps parameters", () => {
  const show = (header: string) =>
    parseAccept(header).map(({ type, subtype, parameters }) =>
      [`${type}/${subtype}`, ...Object.entries(parameters).map((entry) => entry.join("="))].join(
        ";",
      )
    );
  assert.deepEqual(show("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), [
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json",
  ]);
  assert.deepEqual(show("application/json;q=0.5,application/yaml;q=0.9"), [
    "application/yaml",
    "application/json",
  ]);
  assert.deepEqual(show("*/*, Text/HTML;Q=1"), ["text/html", "*/*"]);
  assert.deepEqual(show("bogus, a/b;q=2, a/c;q=x"), []);
  assert.deepEqual(show('a/b;x="1,2;3"'), ["a/b;x=1,2;3"]);
  assert.deepEqual(parseAccept(""), []);
});

Deno.test("accepts() takes the type itself and the full wildcard only", () => {
  const [json, any, half] = ["application/json", "*/*", "application/*"].map((header) =>
    parseAccept(header)[0]!
  );
  assert.equal(accepts(json!, "application/json"), true);
  assert.equal(accepts(json!, "application/yaml"), false);
  assert.equal(accepts(any!, "application/json"), true);
  assert.equal(accepts(half!, "application/json"), false);
});

Deno.test("parseContentType() reads type and parameters", () => {
  assert.deepEqual(parseContentType("Application/JSON; charset=UTF-8"), {
    type: "application",
    subtype: "json",
    parameters: { charset: "UTF-8" },
  });
  assert.equal(parseContentType("json"), undefined);
  assert.equal(parseContentType(null), undefined);
});
