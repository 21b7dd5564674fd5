import { issueLeaf } from "../../../control/certificates/authority.ts";
import { AgentConnections } from "../../../control/agents/agent_connections.ts";
import { CertificateManager } from "../../../control/certificates/certificate_manager.ts";
import { memoryFileStore } from "../../../control/certificates/file_store.ts";
import { connectSubresources } from "../../../control/endpoints/connect/connect_subresources.ts";
import { clusterNetwork } from "../../../control/network/cluster_network.ts";
import { ApiServer } from "../../../control/server/api_server.ts";
import { listen } from "../../../control/server/listener.ts";
import { Metrics } from "../../../control/server/metrics.ts";
import { MemoryStorage } from "../../../control/storage/memory/storage.ts";
import { DenoFileSystem } from "../../../node/host/deno_file_system.ts";
import { denoLogFiles } from "../../../node/host/log_files.ts";
import { labelNames } from "../../../node/runtime/runtime_service.ts";
import { nodeServer } from "../../../node/server/node_server.ts";
import { runTunnel } from "../../../node/server/tunnel.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { systemClock } from "../../../shared/clock/clock.ts";
import { systemRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { ProcessRuntime } from "./process_runtime.ts";

/**
 * A real API server on memory storage behind its real TLS listener, and one node `n1` that has dialled it. The node
 * runs the pod `default/p`, containers `c` and `d`, whose programs are those of the test machine.
 */
export interface NodeLab extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly caPem: string;
  /** Client certificate of an administrator. */
  readonly admin: { readonly certificate: string; readonly key: string };
  readonly kubeconfig: string;
  readonly runtime: ProcessRuntime;
  readonly agents: AgentConnections;
  /** The log of container `c`, written to by tests. */
  readonly logPath: string;
  /** Ends container `c`. */
  exit(): void;
  /** Cuts the agent's connection and keeps it away. */
  disconnect(): Promise<void>;
  request(method: string, path: string, body?: unknown): Promise<Response>;
}

/** An address of this machine that may be proxied to; loopback and link-local ones (a node's DNS) may not. */
export const labAddress =
  Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !/^(127|169\.254)\./.test(address)
  )?.address ?? "192.0.2.1";

export async function startNodeLab(): Promise<NodeLab> {
  const clock = systemClock;
  const directory = await Deno.makeTempDir();
  const url = (port: number) => `https://127.0.0.1:${port}`;
  const names = (port: number) => ({
    domain: "cluster.local",
    hostname: "localhost",
    addresses: ["127.0.0.1"],
    url: url(port),
  });
  const files = new Map<string, string>();
  const certificates = await CertificateManager.open({
    store: memoryFileStore(files),
    clock,
    log: silentLog,
    names: names(1),
  });
  const agents = new AgentConnections({ clock, log: silentLog });
  const network = clusterNetwork({ agents, clock, mayDial: () => false });
  const server = await ApiServer.start({
    agents,
    network,
    connections: (parts) =>
      connectSubresources({ ...parts, agents, network, clock, log: silentLog }),
    storage: new MemoryStorage(),
    clock,
    random: systemRandom,
    log: silentLog,
    metrics: new Metrics(),
    serviceAccountKeys: certificates.serviceAccountKeys,
    advertise: { address: "127.0.0.1", port: 6443 },
    serviceCidr: "10.96.0.0/16",
    clientAuthority: certificates.caBundle,
    proxyCertificate: () => certificates.frontProxy,
  });
  const { key, certificate } = certificates.serving;
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    clock,
    log: silentLog,
    tls: { key, cert: certificate, ca: certificates.caBundle },
    fetch: (request, env) => server.app.fetch(request, env),
  });
  await certificates.setNames(names(listener.port));
  const request = async (method: string, path: string, body?: unknown) =>
    await server.app.fetch(
      new Request(`https://lab${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: { "content-type": "application/json" },
      }),
      { user: { name: "admin", groups: ["system:masters"] } },
    );
  const logPath = `${directory}/0.log`;
  await Deno.writeTextFile(logPath, "");
  const { runtime, pods, exit } = await podOf(request, logPath);
  const leaf = await issueLeaf(certificates.authority, {
    commonName: "system:node:n1",
    organizations: ["system:nodes"],
    usages: ["client auth"],
    lifetimeMs: 3600_000,
    now: clock.now(),
  });
  const stop = new AbortController();
  const tunnel = runTunnel({
    server: url(listener.port),
    caPem: certificates.caBundle,
    certificate: () => ({ certPem: leaf.certificate, keyPem: leaf.key }),
    handle: nodeServer({
      nodeName: "n1",
      pods,
      runtime,
      files: new DenoFileSystem(),
      logFiles: denoLogFiles,
      clock,
      log: silentLog,
    }),
    clock,
    random: systemRandom,
    log: silentLog,
  }, stop.signal);
  while (agents.nodes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const disconnect = async () => {
    stop.abort();
    await tunnel;
    while (agents.nodes.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    port: listener.port,
    url: url(listener.port),
    caPem: certificates.caBundle,
    admin: certificates.admin,
    kubeconfig: files.get("admin.kubeconfig")!,
    ...{ runtime, agents, logPath, exit, disconnect, request },
    async [Symbol.asyncDispose]() {
      await disconnect();
      agents.close();
      server.stop();
      await listener.close(0);
      await Deno.remove(directory, { recursive: true });
    },
  };
}

type Request = NodeLab["request"];

async function podOf(request: Request, logPath: string) {
  await created(request("POST", "/api/v1/nodes", { metadata: { name: "n1" } }));
  await created(
    request("POST", "/api/v1/namespaces/default/serviceaccounts", {
      metadata: { name: "default" },
    }),
  );
  const containers = ["c", "d"].map((name) => ({ name, image: "localhost/app", stdin: true }));
  const pod = await created(
    request("POST", "/api/v1/namespaces/default/pods", {
      metadata: {
        name: "p",
        annotations: { "kubectl.kubernetes.io/default-container": "c" },
      },
      spec: { nodeName: "n1", containers },
    }),
  ) as Pod;
  const running = await request("PUT", "/api/v1/namespaces/default/pods/p/status", {
    ...pod,
    status: {
      ...pod.status,
      phase: "Running",
      podIP: labAddress,
      podIPs: [{ ip: labAddress }],
      containerStatuses: containers.map(({ name }) => ({
        name,
        ready: true,
        started: true,
        restartCount: 0,
        image: "localhost/app",
        imageID: "localhost/app",
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      })),
    },
  });
  if (running.status !== 200) throw new Error(await running.text());
  const runtime = new ProcessRuntime();
  runtime.addImage("localhost/app");
  const ids: string[] = [];
  for (const { name } of containers) ids.push(await runContainer(runtime, name, logPath));
  const pods = {
    list: () => [pod],
    find: (namespace: string, name: string) =>
      namespace === "default" && name === "p" ? pod : undefined,
    container: async (_pod: Pod, name: string) =>
      (await runtime.list()).find(({ labels }) => labels[labelNames.containerName] === name),
    network: () => Promise.resolve("host"),
  };
  return { runtime, pods, exit: () => runtime.exit(ids[0]!, 0) };
}

async function runContainer(
  runtime: ProcessRuntime,
  name: string,
  logPath: string,
): Promise<string> {
  const id = await runtime.create({
    name,
    image: "localhost/app",
    command: ["sleep", "infinity"],
    env: {},
    labels: { [labelNames.containerName]: name, [labelNames.podUid]: "uid" },
    mounts: [],
    devices: [],
    namespaces: { network: "host", ipc: "host", pid: "private" },
    resources: {},
    security: {
      privileged: false,
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      groups: [],
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: "Unconfined",
      unmaskProc: false,
      sysctls: {},
    },
    logPath,
    stdin: true,
    stdinOnce: false,
    tty: false,
    cgroupParent: "/",
  });
  await runtime.start(id);
  return id;
}

async function created(answer: Promise<Response>): Promise<unknown> {
  const response = await answer;
  const body = await response.json();
  if (response.status !== 201) throw new Error(JSON.stringify(body));
  return body;
}
