import assert from "node:assert/strict";
import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import { renderMasquerade } from "./masquerade.ts";
import { parseRoutes, planRoutes, renderRoutes } from "./routes.ts";

function node(name: string, podCIDRs: string[], ...ips: string[]): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: { podCIDRs },
    status: { addresses: ips.map((address) => ({ type: "InternalIP", address })) },
  };
}

Deno.test("planRoutes() leads to every other node through its address of the same family", () => {
  const nodes = [
    node("self", ["10.42.0.0/24"], "192.168.0.1"),
    node("b", ["10.42.1.0/24", "fd00:1::/64"], "192.168.0.2", "fe80::2"),
    node("new", [], "192.168.0.3"),
    node("hidden", ["10.42.2.0/24"]),
  ];
  assert.deepEqual(planRoutes(nodes, "self"), [
    { destination: "10.42.1.0/24", via: "192.168.0.2" },
    { destination: "fd00:1::/64", via: "fe80::2" },
  ]);
});

Deno.test("renderRoutes() removes what is gone, replaces what moved and leaves the rest", () => {
  const have = [
    { destination: "10.1.0.0/24", via: "a" },
    { destination: "10.2.0.0/24", via: "b" },
    { destination: "10.3.0.0/24", via: "c" },
  ];
  const want = [{ destination: "10.1.0.0/24", via: "a" }, { destination: "10.2.0.0/24", via: "z" }];
  assert.deepEqual(renderRoutes(have, want), [
    "route del 10.3.0.0/24 proto 86",
    "route replace 10.2.0.0/24 via z proto 86",
  ]);
  assert.deepEqual(renderRoutes(want, want), []);
});

Deno.test("parseRoutes() reads what ip prints, also nothing", () => {
  assert.deepEqual(parseRoutes(""), []);
  assert.deepEqual(parseRoutes('[{"dst":"10.1.0.0/24","gateway":"1.2.3.4","dev":"eth0"}]'), [
    { destination: "10.1.0.0/24", via: "1.2.3.4" },
  ]);
});

Deno.test("renderMasquerade() keeps cluster traffic as it is and masks the rest, per family", () => {
  const options = { podCidrs: ["10.42.1.0/24", "fd00::/64"], clusterCidrs: ["10.42.0.0/16"] };
  const lines = renderMasquerade(options, 4).split("\n");
  const order = [
    "-A CORACLE-MASQ -s 10.42.1.0/24 -d 10.42.0.0/16 -j RETURN",
    "-A CORACLE-MASQ -s 10.42.1.0/24 -j MASQUERADE --random-fully",
  ].map((rule) => lines.indexOf(rule));
  assert.ok(order[0]! > 0 && order[1]! > order[0]!, "exceptions come before the rule");
  assert.ok(!lines.some((line) => line.includes("fd00")));
  assert.match(renderMasquerade(options, 6), /-A CORACLE-FWD -d fd00::\/64 -j ACCEPT/);
});
