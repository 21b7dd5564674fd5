import { eventRecorder } from "../shared/client/event_recorder.ts";
import { httpsTransport } from "../shared/client/https_transport.ts";
import { restClient } from "../shared/client/rest_client.ts";
import { type Clock, sleep, systemClock } from "../shared/clock/clock.ts";
import { systemRandom } from "../shared/clock/random.ts";
import { createInformerSet } from "../shared/informer/informer_set.ts";
import type { Log } from "../shared/log/log.ts";
import type { AgentConfig } from "./config.ts";
import { startDns } from "./dns/dns_server.ts";
import { upstreamsOf } from "./dns/upstreams.ts";
import { DenoFileSystem } from "./host/deno_file_system.ts";
import { DenoHost } from "./host/deno_host.ts";
import { readText } from "./host/file_system.ts";
import type { Host } from "./host/host.ts";
import { denoLogFiles } from "./host/log_files.ts";
import { joinCluster, type NodeIdentity, renewAt, renewIdentity } from "./join/join.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import { NodeNetwork, pluginDirectories } from "./network/node_network.ts";
import { startProxy } from "./proxy/proxy.ts";
import { PodmanRuntime } from "./runtime/podman/podman_runtime.ts";
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
const renewCheckMs = 3600_000;

/** Joins the cluster and runs pods, service proxy, DNS and node server. Rejects with one clear sentence. */
export async function startAgent(config: AgentConfig, log: Log): Promise<RunningAgent> {
  const clock = systemClock;
  const random = systemRandom;
  const { nodeName, dataDir } = config;
  const files = new DenoFileSystem();
  const host = new DenoHost({ pluginDirectories });
  const stop = new AbortController();
  const { signal } = stop;
  const joining = {
    server: config.server,
    token: config.token,
    nodeName,
    directory: `${dataDir}/identity`,
    files,
    clock,
    log,
  };
  let identity: NodeIdentity = await joinCluster(joining, signal);
  const transport = httpsTransport({
    server: config.server,
    caPem: identity.caPem,
    certificate: () => identity,
  });
  const client = restClient(transport, { userAgent: "coracle-agent" });
  const informers = createInformerSet(client, { clock, log, random });
  const events = eventRecorder(client, {
    clock,
    random,
    log,
    component: "kubelet",
    host: nodeName,
    signal,
  });
  const nodeIp = config.nodeIp || await addressTowards(host, config.server);
  const network = new NodeNetwork({
    host,
    files,
    log,
    nodeName,
    dataDir: `${dataDir}/network`,
    informers,
    clusterCidrs: [config.clusterCidr],
    // Not `/etc/cni/net.d`: Podman's own networks are declared there.
    configDirectory: config.cniConfigDir || `${dataDir}/cni`,
  });
  const runtime = new PodmanRuntime({
    runDir: `/run/coracle/${nodeName}`,
    ...(config.ownStorage && { storageDir: `${dataDir}/containers` }),
    ...(config.ociRuntime && { ociRuntime: config.ociRuntime }),
  }, { host, files, clock, log });
  const shared = { clock, random, log, host, files, informers, nodeName };
  await network.start();
  const kubelet = await startKubelet({
    ...shared,
    dataDir: `${dataDir}/kubelet`,
    client,
    runtime,
    network: network.pods,
    events,
    nodeIps: [nodeIp],
    clusterDns: [config.clusterDns],
    clusterDomain: config.clusterDomain,
    version: kubeletVersion,
    maxPods: config.maxPods,
    labels: Object.fromEntries(config.nodeLabels.map((label) => label.split("=", 2))),
  });
  const proxy = await startProxy({
    ...shared,
    nodeAddresses: [nodeIp],
    backend: "iptables",
    clusterCidr: config.clusterCidr,
  });
  const dns = await startDnsHere(config, { ...shared });
  const server = nodeServer({
    nodeName,
    runtime,
    pods: kubelet.pods,
    clock,
    log,
    files,
    logFiles: denoLogFiles,
  });
  const work = Promise.all([
    runTunnel({
      server: config.server,
      caPem: identity.caPem,
      certificate: () => identity,
      handle: server,
      clock,
      random,
      log,
    }, signal),
    keepRenewing({ clock, log, signal, current: () => identity }, async () => {
      identity = await renewIdentity(client, identity, joining, signal);
    }),
  ]);
  log.info("Agent is running", { node: nodeName, nodeIp });
  return {
    nodeName,
    async stop() {
      stop.abort(new Error("the agent stops"));
      await kubelet.stop();
      await proxy.stop();
      await dns.stop();
      await network.stop();
      informers.stop();
      await work;
      await runtime.close();
      transport.close();
    },
  };
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
async function startDnsHere(
  config: AgentConfig,
  shared: Pick<Parameters<typeof startDns>[0], "informers" | "clock" | "log"> & {
    readonly host: Host;
    readonly files: DenoFileSystem;
  },
): Promise<{ stop(): Promise<void> }> {
  const { host, informers, clock, log, files } = shared;
  await host.run("ip", ["address", "replace", `${config.clusterDns}/32`, "dev", "lo"]);
  return await startDns({
    address: config.clusterDns,
    port: 53,
    domain: config.clusterDomain,
    informers,
    clock,
    log,
    upstreams: upstreamsOf(await readText(files, "/etc/resolv.conf") ?? "", [config.clusterDns]),
  });
}

interface Renewing {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly current: () => NodeIdentity;
}

/** Renews the node's certificate in time, for ever; a failure is logged and tried again an hour later. */
async function keepRenewing(
  { clock, log, signal, current }: Renewing,
  renew: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const dueIn = renewAt(current().certPem) - clock.now();
    const wait = Math.min(Math.max(dueIn, 1000), renewCheckMs);
    try {
      await sleep(clock, wait, signal);
      if (renewAt(current().certPem) <= clock.now()) {
        await renew();
        log.info("Node certificate renewed");
      }
    } catch (error) {
      if (signal.aborted) return;
      log.error("Node certificate could not be renewed", error);
      await sleep(clock, renewCheckMs, signal).catch(() => undefined);
    }
  }
}
