import assert from "node:assert/strict";
import type { ServiceSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { ForwardedPort } from "../forwarding_state.ts";
import { forwardedPorts } from "../forwarding_state.ts";
import { endpoint, service, slice } from "../tests/fixtures.ts";
import { isPortChain, portChain, targetChain } from "./chain_names.ts";
import { type RenderedPort, renderPort } from "./render_port.ts";
import { renderTables, type Tables } from "./render_tables.ts";
import { renderAll, renderChanges, renderCleanup } from "./restore_text.ts";
import { isIntact, parseSave } from "./saved_rules.ts";
import { chooseVariant } from "./variant.ts";

const options = {
  clusterCidrs: ["10.42.0.0/16"],
  bridgeNetfilter: true,
  localhostNodePorts: true,
};

function port(spec: Partial<ServiceSpec>, ...targets: readonly string[]): ForwardedPort {
  const ports = [{ name: "http", port: 80, protocol: "TCP", nodePort: 30080 }];
  const slices = [slice(targets.map((address) => endpoint(address)))];
  return forwardedPorts(service("web", spec, ports), slices, { name: "n1", addresses: [] })[0]!;
}

/** All rules of a port, without comments, with chains by their kind. */
function plain(rendered: RenderedPort): string[] {
  const { chains, ...shared } = rendered;
  const lines = [...Object.values(shared).flat(), ...[...chains.values()].join("").split("\n")];
  return lines.filter((line) => line !== "").map((line) =>
    line.replace(/ -m comment --comment "[^"]*"/, "").replace(
      /(KUBE-(?!SEP)[A-Z]+)-[A-Z2-7]{16}/g,
      "$1",
    )
  );
}

function tables(...ports: readonly ForwardedPort[]): Tables {
  return renderTables(ports, 4, { ...options, memory: new WeakMap() });
}

/** What `iptables-save` would print after `tables` were written. */
function saved(of: Tables, builtIn: Record<"nat" | "filter", readonly string[]>): string {
  return (["nat", "filter"] as const).map((table) =>
    [
      `*${table}`,
      ":PREROUTING ACCEPT [0:0]",
      ...[...of[table].keys()].map((chain) => `:${chain} - [0:0]`),
      ...builtIn[table],
      ...of[table].values(),
      "COMMIT\n",
    ].join("\n")
  ).join("");
}

Deno.test("portChain() and targetChain() name chains as kube-proxy does", () => {
  const named = { ...port({}), name: "default/kubernetes:https" };
  assert.equal(portChain("SVC", named), "KUBE-SVC-NPX46M4PTMTKRN6Y");
  const other = { ...port({}), name: "ns1/svc1:p80" };
  assert.equal(portChain("SVC", other), "KUBE-SVC-XPGD46QRK7WJZT7O");
  const target = { address: "10.180.0.1", port: 80, local: false };
  assert.equal(targetChain(other, target), "KUBE-SEP-SXIVWICOYRO3J4NJ");
  assert.ok(isPortChain("KUBE-SEP-SXIVWICOYRO3J4NJ") && !isPortChain("KUBE-SERVICES"));
});

Deno.test("renderPort() spreads evenly, and masquerades clients from outside and itself", () => {
  const rendered = renderPort(
    { ...port({}, "10.42.0.2", "10.42.0.3"), nodePort: undefined },
    options,
  );
  const [a, b] = [...rendered.chains.keys()].filter((chain) => chain.startsWith("KUBE-SEP"));
  assert.deepEqual(plain(rendered), [
    "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC",
    `-A ${a} -s 10.42.0.2/32 -j KUBE-MARK-MASQ`,
    `-A ${a} -p tcp -m tcp -j DNAT --to-destination 10.42.0.2:8080`,
    `-A ${b} -s 10.42.0.3/32 -j KUBE-MARK-MASQ`,
    `-A ${b} -p tcp -m tcp -j DNAT --to-destination 10.42.0.3:8080`,
    "-A KUBE-SVC ! -s 10.42.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ",
    `-A KUBE-SVC -m statistic --mode random --probability 0.5000000000 -j ${a}`,
    `-A KUBE-SVC -j ${b}`,
  ]);
});

Deno.test("renderPort() refuses without endpoints, and stays silent where only the node has none", () => {
  const open = { type: "NodePort", externalIPs: ["192.168.77.1"] };
  assert.deepEqual(plain(renderPort(port(open), options)), [
    "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j REJECT",
    "-A KUBE-EXTERNAL-SERVICES -d 192.168.77.1/32 -p tcp -m tcp --dport 80 -j REJECT",
    "-A KUBE-EXTERNAL-SERVICES -m addrtype --dst-type LOCAL -p tcp -m tcp --dport 30080 -j REJECT",
  ]);
  const policies = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" };
  const away = { ...port({ ...open, ...policies }, "10.42.0.2"), local: [] };
  const dropped = plain(renderPort(away, options)).filter((line) => line.endsWith("DROP"));
  assert.equal(dropped.length, 3);
});

Deno.test("renderPort() writes IPv6 addresses as iptables reads them", () => {
  const six = service("web", { clusterIP: "fd00::10" });
  const slices = [slice([endpoint("fd01::2")], { addressType: "IPv6" })];
  const [found] = forwardedPorts(six, slices, { name: "n1", addresses: [] });
  const text = plain(renderPort(found!, options)).join("\n");
  assert.match(text, /-d fd00::10\/128 /);
  assert.match(text, /--to-destination \[fd01::2\]:8080/);
  assert.doesNotMatch(text, /10\.42/);
});

Deno.test("renderChanges() writes only the chains that changed and removes those that are gone", () => {
  const web = port({}, "10.42.0.2", "10.42.0.3");
  const before = tables(web);
  assert.equal(renderChanges(before, tables(web)), undefined);
  const text = renderChanges(before, tables({ ...web, cluster: [web.cluster[1]!] }))!;
  const gone = targetChain(web, web.cluster[0]!);
  const chain = portChain("SVC", web);
  const lines = text.trimEnd().split("\n");
  assert.deepEqual(lines.filter((line) => !line.startsWith("-A")), [
    "*nat",
    `:${chain} - [0:0]`,
    `:${gone} - [0:0]`,
    `-X ${gone}`,
    "COMMIT",
  ]);
  assert.ok(lines.filter((line) => line.startsWith("-A")).every((line) => line.includes(chain)));
});

Deno.test("renderAll() removes stale chains and puts its entries before foreign rules", () => {
  const stale = tables(port({}, "10.42.0.2"));
  const foreign = "-A FORWARD -j CORACLE-FWD";
  const ours = "-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES";
  const text = renderAll(parseSave(saved(stale, { nat: [], filter: [foreign, ours] })), tables());
  for (const chain of stale.nat.keys()) {
    assert.equal(text.includes(`-X ${chain}\n`), isPortChain(chain), chain);
  }
  const forward = text.split("\n").filter((line) => /^-[ID] FORWARD/.test(line))
    .map((line) => line.replace(/ -m .*(?= -j)/, ""));
  assert.deepEqual(forward, [
    "-D FORWARD -j KUBE-SERVICES",
    "-I FORWARD 1 -j KUBE-PROXY-FIREWALL",
    "-I FORWARD 2 -j KUBE-EXTERNAL-SERVICES",
    "-I FORWARD 3 -j KUBE-SERVICES",
    "-I FORWARD 4 -j KUBE-FORWARD",
  ]);
});

Deno.test("isIntact() notices a lost rule, a lost chain and a rule that got before ours", () => {
  const want = tables(port({}, "10.42.0.2"));
  const all = renderAll(parseSave(""), want).split("*filter");
  const entries = (section: string) =>
    section.split("\n").filter((line) => line.startsWith("-I")).map((line) =>
      line.replace(/^-I (\S+) \d+/, "-A $1")
    );
  const whole = saved(want, { nat: entries(all[0]!), filter: entries(all[1]!) });
  assert.equal(isIntact(parseSave(whole), want), true);
  const faults = [
    whole.replace(/^-A KUBE-MARK-MASQ.*\n/m, ""),
    whole.replace(/^.*KUBE-POSTROUTING.*\n/gm, ""),
    whole.replace(/^-A PREROUTING.*\n/m, ""),
    whole.replace(/^-A FORWARD/m, "-A FORWARD -j ACCEPT\n-A FORWARD"),
  ];
  for (const text of faults) {
    assert.notEqual(text, whole);
    assert.equal(isIntact(parseSave(text), want), false);
  }
  assert.equal(isIntact(parseSave(`${whole}*nat\n-A POSTROUTING -j X\nCOMMIT\n`), want), true);
});

Deno.test("renderCleanup() removes all of ours and nothing else", () => {
  const foreign = "-A PREROUTING -j DOCKER";
  const nat = ['-A PREROUTING -m comment --comment "a b" -j KUBE-SERVICES', foreign];
  const text = renderCleanup(parseSave(saved(tables(port({}, "10.42.0.2")), { nat, filter: [] })))!;
  assert.match(text, /^-D PREROUTING -m comment --comment "a b" -j KUBE-SERVICES$/m);
  assert.doesNotMatch(text, /DOCKER|^-A/m);
  assert.equal(renderCleanup(parseSave("*nat\n-A PREROUTING -j DOCKER\nCOMMIT\n")), undefined);
});

const machines: [title: string, nft: string, legacy: string, want: string][] = [
  ["a kubelet's hint", ":KUBE-IPTABLES-HINT - [0:0]", ":KUBE-SERVICES - [0:0]\n-A X\n-A Y", "nft"],
  ["an old kubelet's canary", "-A X\n-A Y", ":KUBE-KUBELET-CANARY - [0:0]", "legacy"],
  ["rules of a proxy", "-A X\n-A Y", ":KUBE-SERVICES - [0:0]", "legacy"],
  ["more rules", "-A X", "-A X\n-A Y", "legacy"],
  ["nothing to tell", "", "", "nft"],
];
for (const [title, nft, legacy, want] of machines) {
  Deno.test(`chooseVariant() decides by ${title}`, () => {
    assert.equal(chooseVariant(nft, legacy), want);
  });
}
