import assert from "node:assert/strict";
import type { ServiceSpec } from "../../shared/api/core/v1/types.gen.ts";
import type { Host } from "../host/host.ts";
import type { ProxyBackend } from "./backend.ts";
import { forgetFlows, staleFlows } from "./conntrack.ts";
import { type ForwardedPort, forwardedPorts, type ForwardingState } from "./forwarding_state.ts";
import { endpoint, service, slice } from "./tests/fixtures.ts";
import { addresses, Lab, podCidr } from "./tests/lab.ts";

export interface ContractOptions {
  /** Programs without which the backend cannot be tried. */
  readonly needs: readonly string[];
  /** All rules of the node as text, in one order, without what changes by itself or does nothing. */
  readonly rules: (host: Host) => Promise<string>;
  /** A rule that is not ours, for `cleanup` to leave alone. */
  readonly foreignRule: (host: Host) => Promise<unknown>;
}

export interface BackendSettings {
  readonly host: Host;
  readonly clusterCidrs: readonly string[];
  readonly bridgeNetfilter: boolean;
  readonly localhostNodePorts: boolean;
}

type Body = (lab: Lab, backend: ProxyBackend) => Promise<void>;
const signal = new AbortController().signal;
const VIP = "10.96.0.10";

/** Registers the tests that every proxy backend must pass, with real packets between network namespaces. */
export function proxyBackendContract(
  name: string,
  make: (settings: BackendSettings) => ProxyBackend,
  options: ContractOptions,
): void {
  const test = (title: string, body: Body, settings: Partial<BackendSettings> = {}) =>
    Deno.test(`${name} ${title}`, async () => {
      const obstacle = await Lab.obstacle(...options.needs);
      if (obstacle) return console.log(`skipped: ${obstacle}`);
      const lab = await Lab.open();
      try {
        await body(
          lab,
          make({
            host: lab.host,
            clusterCidrs: [podCidr],
            bridgeNetfilter: true,
            localhostNodePorts: true,
            ...settings,
          }),
        );
      } finally {
        await lab.close();
      }
    });

  test("forwards cluster IPs from everywhere, and follows endpoints", followsEndpoints);
  test("lets a server reach itself through its Service", reachesItself);
  test("opens node ports and external addresses", opensToOutside);
  test("keeps traffic and client addresses local where the policy says so", keepsLocal);
  test("keeps a client with its endpoint for session affinity", staysWithEndpoint);
  test("spreads connections over endpoints", spreads);
  test("admits only the source ranges to load balancer addresses", admitsSources);
  test("moves UDP flows away from endpoints that are gone", movesUdp);
  test("works where bridged packets do not pass the rules", worksUnbridged, {
    bridgeNetfilter: false,
  });
  test("notices that its rules are gone and writes them anew", async (lab, backend) => {
    await apply(backend, [port({ to: ["pod1"] })]);
    assert.equal(await backend.intact(signal), true);
    const before = await options.rules(lab.host);
    await make({
      host: lab.host,
      clusterCidrs: [],
      bridgeNetfilter: true,
      localhostNodePorts: true,
    })
      .cleanup();
    assert.equal(await backend.intact(signal), false);
    await apply(backend, [port({ to: ["pod1"] })]);
    assert.equal(await options.rules(lab.host), before);
    assert.equal(await backend.intact(signal), true);
  });
  test("comes to the same rules step by step as at once", async (lab, backend) => {
    const sticky = (seconds: number) =>
      port({
        to: ["pod1", "pod2"],
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: seconds } },
      });
    const last = [
      ...everything().slice(1),
      port({ to: ["pod2"], type: "NodePort", nodePort: 30080 }),
    ];
    const steps = [everything(), [sticky(60)], [], [sticky(60)], [sticky(90)], everything(), last];
    for (const step of steps) await apply(backend, step);
    const stepwise = await options.rules(lab.host);
    assert.equal(await backend.intact(signal), true);
    const settings = { clusterCidrs: [podCidr], bridgeNetfilter: true, localhostNodePorts: true };
    await apply(make({ host: lab.host, ...settings }), last);
    assert.equal(await options.rules(lab.host), stepwise);
  });
  test("takes over what an earlier run left, and cleans all up", async (lab, backend) => {
    await options.foreignRule(lab.host);
    const before = await options.rules(lab.host);
    await apply(backend, everything());
    const settings = { clusterCidrs: [podCidr], bridgeNetfilter: true, localhostNodePorts: true };
    const next = make({ host: lab.host, ...settings });
    await apply(next, [port({ to: ["pod1"] })]);
    const fresh = await options.rules(lab.host);
    assert.doesNotMatch(fresh, /10\.96\.0\.77/, "the other Service is gone");
    await next.cleanup();
    assert.equal(await options.rules(lab.host), before);
    await next.cleanup();
  });
}

async function followsEndpoints(lab: Lab, backend: ProxyBackend) {
  await apply(backend, [port({ to: ["pod1"] })]);
  assert.equal(await lab.tcp("pod2", VIP, 80), `pod1 ${addresses.pod2}`);
  assert.equal(await lab.tcp("node", VIP, 80), `pod1 ${addresses.gateway}`);
  assert.equal(await lab.tcp("outside", VIP, 80), `pod1 ${addresses.gateway}`);
  await apply(backend, [port({ to: ["pod2"] })]);
  assert.equal(await lab.tcp("pod1", VIP, 80), `pod2 ${addresses.pod1}`);
  await apply(backend, [port({ to: [], type: "NodePort", nodePort: 30080 })]);
  for (const place of ["pod1", "node", "outside"] as const) {
    assert.equal(await lab.tcp(place, VIP, 80), "ECONNREFUSED", place);
    assert.equal(await lab.tcp(place, addresses.node, 30080), "ECONNREFUSED", place);
  }
}

async function reachesItself(lab: Lab, backend: ProxyBackend) {
  await apply(backend, [
    port({ to: ["pod1"] }),
    port({ to: ["node"], name: "kubernetes", clusterIP: "10.96.0.1" }),
  ]);
  assert.equal(await lab.tcp("pod1", VIP, 80), `pod1 ${addresses.gateway}`);
  assert.equal(await lab.tcp("pod1", "10.96.0.1", 80), `node ${addresses.pod1}`);
  assert.match(await lab.tcp("node", "10.96.0.1", 80), /^node /);
}

async function opensToOutside(lab: Lab, backend: ProxyBackend) {
  await lab.sysctl("net/ipv4/conf/all/route_localnet", "1");
  const open = { type: "NodePort", nodePort: 30080, externalIPs: ["192.168.77.1"] };
  await apply(backend, [port({ to: ["pod1"], ...open })]);
  const masqueraded = `pod1 ${addresses.gateway}`;
  assert.equal(await lab.tcp("outside", addresses.node, 30080), masqueraded);
  assert.equal(await lab.tcp("pod2", addresses.gateway, 30080), masqueraded);
  assert.equal(await lab.tcp("node", addresses.node, 30080), masqueraded);
  assert.equal(await lab.tcp("node", "127.0.0.1", 30080), masqueraded);
  assert.equal(await lab.tcp("pod2", "192.168.77.1", 80), masqueraded);
  // Somebody else's port of the node is not ours.
  assert.equal(await lab.tcp("outside", addresses.node, 8080), `node ${addresses.outside}`);
}

async function keepsLocal(lab: Lab, backend: ProxyBackend) {
  const local = { type: "NodePort", nodePort: 30080, externalTrafficPolicy: "Local" };
  await apply(backend, [port({ to: ["pod1"], ...local })]);
  assert.equal(await lab.tcp("outside", addresses.node, 30080), `pod1 ${addresses.outside}`);
  await apply(backend, [port({ to: ["pod1"], ...local, elsewhere: true })]);
  assert.equal(await lab.tcp("outside", addresses.node, 30080, 700), "timeout");
  assert.match(await lab.tcp("pod2", addresses.node, 30080), /^pod1 /, "from inside all count");
  await apply(backend, [port({ to: ["pod1"], internalTrafficPolicy: "Local", elsewhere: true })]);
  assert.equal(await lab.tcp("pod2", VIP, 80, 700), "timeout");
}

async function staysWithEndpoint(lab: Lab, backend: ProxyBackend) {
  await apply(backend, [port({ to: ["pod1", "pod2"], sessionAffinity: "ClientIP" })]);
  const heard = await ask(lab, 12);
  assert.equal(heard.size, 1, [...heard].join());
}

async function spreads(lab: Lab, backend: ProxyBackend) {
  await apply(backend, [port({ to: ["pod1", "pod2"] })]);
  // With a fair coin, one of two stays silent in one of 16 million runs.
  assert.equal((await ask(lab, 25)).size, 2);
}

async function admitsSources(lab: Lab, backend: ProxyBackend) {
  const balanced = (range: string) =>
    port({ to: ["pod1"], type: "LoadBalancer", balancer: "192.168.77.2", ranges: [range] });
  await apply(backend, [balanced("192.168.50.0/24")]);
  assert.match(await lab.tcp("outside", "192.168.77.2", 80), /^pod1 /);
  await apply(backend, [balanced("172.16.0.0/12")]);
  assert.equal(await lab.tcp("outside", "192.168.77.2", 80, 700), "timeout");
}

async function movesUdp(lab: Lab, backend: ProxyBackend) {
  const udp = (to: PortOptions["to"]) => ({ ports: [port({ to, protocol: "UDP" })] });
  let before: ForwardingState | undefined;
  const move = async (state: ForwardingState) => {
    await backend.apply(state, signal);
    await forgetFlows(lab.host, staleFlows(before, state), signal);
    before = state;
  };
  const ask = () => lab.udp("outside", VIP, 80, 5555);
  await move(udp([]));
  assert.match(await ask(), /ECONNREFUSED|timeout/);
  await move(udp(["pod1"]));
  assert.match(await ask(), /^pod1 /);
  if (!await lab.host.has("conntrack")) return console.log("skipped the rest: no conntrack");
  await move(udp(["pod2"]));
  assert.match(await ask(), /^pod2 /);
}

async function worksUnbridged(lab: Lab, backend: ProxyBackend) {
  await lab.sysctl("net/bridge/bridge-nf-call-iptables", "0");
  await apply(backend, [port({ to: ["pod1"] })]);
  assert.equal(await lab.tcp("pod2", VIP, 80), `pod1 ${addresses.gateway}`);
  assert.equal(await lab.tcp("pod1", VIP, 80), `pod1 ${addresses.gateway}`);
}

async function ask(lab: Lab, times: number): Promise<Set<string>> {
  const heard = new Set<string>();
  for (let i = 0; i < times; i++) heard.add(await lab.tcp("outside", VIP, 80));
  return heard;
}

function apply(backend: ProxyBackend, ports: readonly ForwardedPort[]): Promise<void> {
  return backend.apply({ ports }, signal);
}

interface PortOptions extends Partial<ServiceSpec> {
  readonly to: readonly ("pod1" | "pod2" | "node")[];
  readonly name?: string;
  readonly nodePort?: number;
  readonly protocol?: "TCP" | "UDP";
  /** The endpoints are on another node. */
  readonly elsewhere?: boolean;
  readonly balancer?: string;
  readonly ranges?: string[];
}

function port(options: PortOptions): ForwardedPort {
  const { to, name = "web", nodePort, protocol = "TCP", elsewhere, balancer, ranges, ...spec } =
    options;
  const offered = service(
    name,
    { ...spec, ...(ranges && { loadBalancerSourceRanges: ranges }) },
    [{ name: "http", port: 80, protocol, ...(nodePort && { nodePort }) }],
  );
  if (balancer) offered.status = { loadBalancer: { ingress: [{ ip: balancer }] } };
  const nodeName = elsewhere ? "n2" : "n1";
  const endpoints = to.map((place) => endpoint(addresses[place], { nodeName }));
  const slices = [slice(endpoints, { ports: [{ name: "http", port: 8080, protocol }] })];
  return forwardedPorts(offered, slices, { name: "n1", addresses: [] })[0]!;
}

/** One of each thing a backend can make. */
function everything(): ForwardedPort[] {
  const open = { nodePort: 30077, externalIPs: ["192.168.77.1"], balancer: "192.168.77.2" };
  return [
    port({ to: ["pod1"] }),
    port({
      to: ["pod1", "pod2"],
      ...open,
      name: "gone",
      clusterIP: "10.96.0.77",
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      sessionAffinity: "ClientIP",
      ranges: ["192.168.50.0/24"],
    }),
    port({ to: [], name: "empty", clusterIP: "10.96.0.77", protocol: "UDP" }),
  ];
}
