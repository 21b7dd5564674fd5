import assert from "node:assert/strict";
import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import type { Host } from "../host/host.ts";
import type { ProxyBackend } from "./backend.ts";
import { type ForwardedPort, forwardedPorts } from "./forwarding_state.ts";
import { forgetFlows, staleFlows } from "./conntrack.ts";
import { addresses, Lab, podCidr } from "./tests/lab.ts";

export interface ContractOptions {
  /** Programs without which the backend cannot be tried. */
  readonly needs: readonly string[];
  /** All rules of the node as text in which counters and dates are left out. */
  readonly rules: (host: Host) => Promise<string>;
}

export interface BackendSettings {
  readonly host: Host;
  readonly clusterCidrs: readonly string[];
  readonly bridgeNetfilter: boolean;
  readonly localhostNodePorts: boolean;
}

type MakeBackend = (settings: BackendSettings) => ProxyBackend;

const signal = new AbortController().signal;
const VIP = "10.96.0.10";

/** Registers the tests that every proxy backend must pass, with real packets between network namespaces. */
export function proxyBackendContract(
  name: string,
  make: MakeBackend,
  options: ContractOptions,
): void {
  const test = (title: string, body: (lab: Lab, backend: ProxyBackend) => Promise<void>) =>
    Deno.test(`${name} ${title}`, async () => {
      const obstacle = await Lab.obstacle(...options.needs);
      if (obstacle) return console.log(`skipped: ${obstacle}`);
      const lab = await Lab.open();
      try {
        const { host } = lab;
        const settings = { clusterCidrs: [podCidr], bridgeNetfilter: true };
        await body(lab, make({ host, ...settings, localhostNodePorts: true }));
      } finally {
        await lab.close();
      }
    });

  test("reaches a cluster IP from pods, the node and outside, and follows endpoints", async (lab, backend) => {
    await apply(backend, port({ endpoints: ["pod1"] }));
    assert.equal(await lab.tcp("pod2", VIP, 80), `pod1 ${addresses.pod2}`);
    assert.equal(await lab.tcp("node", VIP, 80), `pod1 ${addresses.gateway}`);
    assert.equal(await lab.tcp("outside", VIP, 80), `pod1 ${addresses.gateway}`);
    assert.equal(await lab.udp("pod2", VIP, 80), "ECONNREFUSED", "UDP is no port of this Service");
    await apply(backend, port({ endpoints: ["pod2"] }));
    assert.equal(await lab.tcp("pod1", VIP, 80), `pod2 ${addresses.pod1}`);
  });

  test("lets a pod reach itself, and the node's own server, through a Service", async (lab, backend) => {
    await apply(backend, port({ endpoints: ["pod1"] }), port({ endpoints: ["node"], ip: "10.96.0.1" }));
    assert.equal(await lab.tcp("pod1", VIP, 80), `pod1 ${addresses.gateway}`);
    assert.equal(await lab.tcp("pod1", "10.96.0.1", 80), `node ${addresses.pod1}`);
    assert.equal(await lab.tcp("node", "10.96.0.1", 80), `node ${addresses.node}`);
  });
}
