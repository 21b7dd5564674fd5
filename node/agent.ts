import type { Taint } from "../shared/api/core/v1/types.gen.ts";
import type { Client } from "../shared/client/client.ts";
import { eventRecorder } from "../shared/client/event_recorder.ts";
import { httpsTransport } from "../shared/client/https_transport.ts";
import { restClient } from "../shared/client/rest_client.ts";
import { type Clock, systemClock } from "../shared/clock/clock.ts";
import { type Random, systemRandom } from "../shared/clock/random.ts";
import type { InformerSet } from "../shared/informer/informer.ts";
import { createInformerSet } from "../shared/informer/informer_set.ts";
import type { Log } from "../shared/log/log.ts";
import type { AgentConfig } from "./config.ts";
import { type RunningDns, startDns } from "./dns/dns_server.ts";
import { upstreamsOf } from "./dns/upstreams.ts";
import { DenoFileSystem } from "./host/deno_file_system.ts";
import { DenoHost } from "./host/deno_host.ts";
import { type FileSystem, readText } from "./host/file_system.ts";
import type { Host } from "./host/host.ts";
import { denoLogFiles } from "./host/log_files.ts";
import { IdentityKeeper } from "./join/identity_keeper.ts";
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts";
import { NodeNetwork, pluginDirectories } from "./network/node_network.ts";
import { startProxy } from "./proxy/proxy.ts";
import { PodmanRuntime } from "./runtime/podman/podman_runtime.ts";
import type { RuntimeService } from "./runtime/runtime_service.ts";
import { nodeServer } from "./server/node_server.ts";
import { runTunnel } from "./server/tunnel.ts";

/** An agent that runs. */
export interface RunningAgent {
  readonly nodeName: string;
  /** Ends the agent; containers go on. */
  stop(): Promise<void>;
}

/** The version a node shows: that of the API it speaks. */
const kubeletVersion = "v1.37.2+coracle";

/** What all parts of the agent work with. */
interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly host: Host;
  readonly files: FileSystem;
  readonly nodeName: string;
  readonly informers: InformerSet;
}

/** Joins the cluster and runs pods, service proxy, DNS and node server. Rejects with one clear sentence. */
export async function startAgent(config: AgentConfig, log: Log): Promise<RunningAgent> {
  const clock = systemClock;
  const random = systemRandom;
  const { nodeName, server, token, dataDir } = config;
  const files = new DenoFileSystem();
  const host = new DenoHost({ pluginDirectories });
  const stop = new AbortController();
  const { signal } = stop;
  const directory = `${dataDir}/identity`;
  const keeper = await IdentityKeeper.open(
    { server, token, nodeName, directory, files, clock, log },
    signal,
  );
  const { caPem } = keeper.current;
  const certificate = () => keeper.current;
  const transport = httpsTransport({ server, caPem, certificate });
  const client = restClient(transport, { userAgent: "coracle-agent" });
  const informers = createInformerSet(client, { clock, log, random });
  const parts = { clock, random, log, host, files, nodeName, informers };
  const node = await startNode(config, parts, { client, signal });
  const handle = nodeServer({ ...parts, ...node, logFiles: denoLogFiles });
  const work = Promise.all([
    runTunnel({ server, caPem, certificate, handle, clock, random, log }, signal),
    keeper.run(client, signal),
  ]);
  log.info("Agent is running", { node: nodeName });
  return {
    nodeName,
    async stop() {
      stop.abort(new Error("the agent stops"));
      await node.stop();
      informers.stop();
      await work;
      transport.close();
    },
  };
}

interface StartedNode {
  readonly pods: Kubelet["pods"];
  readonly runtime: RuntimeService;
  stop(): Promise<void>;
}

/** Network first, then pods, then what leads to them. */
async function startNode(
  config: AgentConfig,
  parts: Parts,
  { client, signal }: { readonly client: Client; readonly signal: AbortSignal },
): Promise<StartedNode> {
  const { host, nodeName } = parts;
  const { dataDir, clusterCidr, clusterDns, clusterDomain, maxPods } = config;
  const nodeIp = config.nodeIp || await addressTowards(host, config.server);
  const network = new NodeNetwork({
    ...parts,
    dataDir: `${dataDir}/network`,
    clusterCidrs: [clusterCidr],
    services: { cidr: config.serviceCidr, nodeIp },
    // Not `/etc/cni/net.d`: Podman's own networks are declared there.
    configDirectory: config.cniConfigDir || `${dataDir}/cni`,
  });
  const runtime = new PodmanRuntime({
    runDir: `/run/coracle/${nodeName}`,
    ...(config.ownStorage && { storageDir: `${dataDir}/containers` }),
    ...(config.ociRuntime && { ociRuntime: config.ociRuntime }),
  }, parts);
  await network.start();
  const kubelet = await startKubelet({
    ...parts,
    dataDir: `${dataDir}/kubelet`,
    client,
    runtime,
    network: network.pods,
    events: eventRecorder(client, { ...parts, component: "kubelet", host: nodeName, signal }),
    nodeIps: [nodeIp],
    clusterDns: [clusterDns],
    clusterDomain,
    version: kubeletVersion,
    maxPods,
    labels: Object.fromEntries(config.nodeLabels.map((label) => label.split("=", 2))),
    taints: config.nodeTaints.map(parseTaint),
  });
  const nodeAddresses = [nodeIp];
  const proxy = await startProxy({ ...parts, nodeAddresses, backend: "iptables", clusterCidr });
  const dns = await startDnsHere(config, parts);
  return {
    pods: kubelet.pods,
    runtime,
    async stop() {
      await kubelet.stop();
      await proxy.stop();
      await dns.stop();
      await network.stop();
      await runtime.close();
    },
  };
}

/** `key=value:effect` or `key:effect`, as the configuration has checked. */
function parseTaint(text: string): Taint {
  const [, key = "", value, effect = ""] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(text) ?? [];
  return { key, effect, ...(value && { value }) };
}

/** The address of this machine on the way to the server: where others reach this node. */
async function addressTowards(host: Host, server: string): Promise<string> {
  const { hostname } = new URL(server);
  const route = await host.run("ip", ["-json", "route", "get", hostname]);
  if (route.code === 0) {
    const [first] = JSON.parse(new TextDecoder().decode(route.stdout)) as { prefsrc?: string }[];
    if (first?.prefsrc) return first.prefsrc;
  }
  return "127.0.0.1";
}

/** The node's DNS listens on an address of its own on the loopback device, the same on every node. */
async function startDnsHere(config: AgentConfig, parts: Parts): Promise<RunningDns> {
  const { clusterDns: address, clusterDomain: domain } = config;
  await parts.host.run("ip", ["address", "replace", `${address}/32`, "dev", "lo"]);
  const hostResolvConf = await readText(parts.files, "/etc/resolv.conf") ?? "";
  const upstreams = upstreamsOf(hostResolvConf, [address]);
  return await startDns({ ...parts, address, port: 53, domain, upstreams });
}
