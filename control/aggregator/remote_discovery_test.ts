import assert from "node:assert/strict";
import { fromLegacy } from "./remote_discovery.ts";

Deno.test("fromLegacy() puts subresources into their resources", () => {
  const rows = [
    {
      name: "a",
      singularName: "b",
      namespaced: true,
      kind: "A",
      verbs: ["get"],
      shortNames: ["x"],
    },
    { name: "a/scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: ["get"] },
    { name: "c", kind: "C", verbs: ["list"] },
  ];
  assert.deepEqual(fromLegacy(rows), [
    {
      resource: "a",
      responseKind: { group: "", version: "", kind: "A" },
      scope: "Namespaced",
      singularResource: "b",
      verbs: ["get"],
      shortNames: ["x"],
      subresources: [{
        subresource: "scale",
        responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
        verbs: ["get"],
      }],
    },
    {
      resource: "c",
      responseKind: { group: "", version: "", kind: "C" },
      scope: "Cluster",
      singularResource: "",
      verbs: ["list"],
    },
  ]);
});
