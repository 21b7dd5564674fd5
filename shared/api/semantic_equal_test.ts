import assert from "node:assert/strict";
import { schemaOf } from "../schema/schema.ts";
import { semanticEqual } from "./semantic_equal.ts";

const spec = schemaOf("v1", "Pod").fields.get("spec")!.node;
const cases = [
  {
    title: "absent and false where there is no pointer",
    a: {},
    b: { hostNetwork: false },
    want: true,
  },
  {
    title: "absent and false of a pointer",
    a: {},
    b: { automountServiceAccountToken: false },
    want: false,
  },
  { title: "absent and empty lists", a: { volumes: [] }, b: {}, want: true },
  { title: "null and absent required lists", a: { containers: null }, b: {}, want: true },
  {
    title: "lists in another order",
    a: { containers: [{ name: "a" }, { name: "b" }] },
    b: { containers: [{ name: "b" }, { name: "a" }] },
    want: false,
  },
  {
    title: "maps in another order",
    a: { nodeSelector: { a: "1", b: "2" } },
    b: { nodeSelector: { b: "2", a: "1" } },
    want: true,
  },
];
for (const { title, a, b, want } of cases) {
  Deno.test(`semanticEqual() ${want ? "equates" : "tells apart"} ${title}`, () => {
    assert.equal(semanticEqual(spec, a, b), want);
  });
}
