import { systemClock } from "../shared/clock/clock.ts";
import { systemRandom } from "../shared/clock/random.ts";
import type { Level, Log } from "../shared/log/log.ts";
import { hostPort } from "../shared/stream/dial_message.ts";
import { CertificateManager, type ServerNames } from "./certificates/certificate_manager.ts";
import { directoryFileStore } from "./certificates/file_store.ts";
import { startComponents } from "./components/thread.ts";
import {
  clusterSettings,
  ConfigError,
  historyLimits,
  parseListen,
  type ServerConfig,
} from "./config.ts";
import { configuredFeatures, storageCodec } from "./configured_features.ts";
import { AgentConnections } from "./agents/agent_connections.ts";
import { connectSubresources } from "./endpoints/connect/connect_subresources.ts";
import { clusterNetwork } from "./network/cluster_network.ts";
import type { Destination } from "./network/network.ts";
import { readSchedulerConfiguration } from "./scheduler/configuration/read_configuration.ts";
import { ApiServer } from "./server/api_server.ts";
import { signRequests } from "./server/csr_signing.ts";
import { reencrypt } from "./server/reencryption.ts";
import { listen, type Listener } from "./server/listener.ts";
import { Metrics } from "./server/metrics.ts";
import { serviceAddressOf } from "./server/standard_objects.ts";
import { openKvStorage } from "./storage/kv/open.ts";
import type { KvStorage } from "./storage/kv/storage.ts";

/** A server that runs. */
export interface RunningServer {
  /** `https://host:port` as nodes and pods reach it. */
  readonly url: string;
  readonly port: number;
  readonly kubeconfigPath: string;
  /** Lets requests end, finishes writes, closes the store. */
  stop(): Promise<void>;
}

const stopGraceMs = 5_000;
/**
 * Renewals of leases reach the disk so late: at rest they are all that is written. Whoever watches a lease goes by when
 * it saw it change, so a renewal that a power cut takes away costs nobody anything.
 */
const leaseFlushMs = 60_000;

/** Builds the whole control plane from its configuration and starts it. Rejects with one clear sentence. */
export async function startServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  checkAddress(config);
  const storage = await openKvStorage(`${config.dataDir}/store`, {
    clock: systemClock,
    log,
    random: systemRandom,
    lazyFlushMs: leaseFlushMs,
    retention: historyLimits(config),
    codec: await storageCodec(config),
  });
  try {
    return await serveFrom(storage, config, log);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Everything above the store, which is closed with the rest when the server stops. */
async function serveFrom(
  storage: KvStorage,
  config: ServerConfig,
  log: Log,
): Promise<RunningServer> {
  const clock = systemClock;
  const random = systemRandom;
  const { host, port } = parseListen(config.listen)!;
  const stopping = new AbortController();
  const address = config.advertiseAddress || addressOf(host);
  const names = (actualPort: number) => namesOf(config, address, actualPort);
  const store = directoryFileStore(`${config.dataDir}/certificates`);
  const certificates = await CertificateManager.open({ store, clock, log, names: names(port) });
  const agents = new AgentConnections({ clock, log });
  const network = clusterNetwork({ agents, clock, mayDial });
  const metrics = new Metrics();
  const features = configuredFeatures(config, { clock, random, log, metrics });
  const server = await ApiServer.start({
    ...features,
    agents,
    network,
    connections: (parts) => connectSubresources({ ...parts, agents, network, clock, log }),
    storage,
    clock,
    random,
    log,
    metrics,
    serviceAccountKeys: certificates.serviceAccountKeys,
    advertise: { address, port },
    serviceCidr: config.serviceCidr,
    ...authoritiesOf(certificates),
    backup: { certificates: store, settings: clusterSettings(config) },
    proxyCertificate: () => certificates.frontProxy,
  });
  const listener = await openListener(config, { server, certificates, log });
  if (listener.port !== port) await certificates.setNames(names(listener.port));
  await startSigner(config, { server, certificates, log });
  const encrypting = encryptAnew(storage, log, stopping.signal);
  certificates.onChange(() => {
    listener.setTls(tlsOf(config, certificates));
    server.trust(authoritiesOf(certificates));
    placeKubeconfig(config.dataDir).catch((error) => log.error("Kubeconfig not renewed", error));
  });
  void certificates.run(stopping.signal);
  const stopComponents = startComponentsOf(config, { server, certificates, log });
  const kubeconfigPath = await placeKubeconfig(config.dataDir);
  log.info("Server is ready", { url: names(listener.port).url, kubeconfig: kubeconfigPath });
  return {
    url: names(listener.port).url,
    port: listener.port,
    kubeconfigPath,
    async stop() {
      stopping.abort();
      await stopComponents();
      agents.close();
      server.stop();
      await listener.close(stopGraceMs);
      await features.auditor?.close();
      await encrypting;
      await storage.close();
    },
  };
}

/** How this machine's server is reached: for its certificate and the administrator's kubeconfig. */
function namesOf(config: ServerConfig, address: string, port: number): ServerNames {
  const service = serviceAddressOf(config.serviceCidr);
  return {
    domain: config.clusterDomain,
    hostname: Deno.hostname(),
    addresses: [...new Set([address, "127.0.0.1", service, ...ownAddresses()])],
    url: `https://${address}:${port}`,
  };
}

/** Writes anew what was found with an older key, beside everything else. */
function encryptAnew(storage: KvStorage, log: Log, signal: AbortSignal): Promise<unknown> {
  return reencrypt(storage, { outdated: storage.stale, log, signal }).catch((error) =>
    log.error("Stored objects could not be encrypted anew", error)
  );
}

/** The signer is a controller too, but it runs here, where the authority's key is. */
async function startSigner(
  config: ServerConfig,
  { server, certificates, log }: {
    readonly server: ApiServer;
    readonly certificates: CertificateManager;
    readonly log: Log;
  },
): Promise<void> {
  if (config.disable.includes("controllers")) return;
  await signRequests(server.storeOf("certificates.k8s.io", "certificatesigningrequests"), {
    authority: () => certificates.authority,
    authorizer: server.authorizer,
    clock: systemClock,
    log,
  });
}

/** Whether this process was given the right to connect there. */
function mayDial({ host, port }: Destination): boolean {
  const descriptor = { name: "net", host: hostPort(host, port) } as const;
  return Deno.permissions.querySync(descriptor).state === "granted";
}

async function openListener(
  config: ServerConfig,
  { server, certificates, log }: {
    readonly server: ApiServer;
    readonly certificates: CertificateManager;
    readonly log: Log;
  },
): Promise<Listener> {
  const { host, port } = parseListen(config.listen)!;
  try {
    return await listen({
      host,
      port,
      clock: systemClock,
      log,
      tls: tlsOf(config, certificates),
      fetch: (request, env) => server.app.fetch(request, env),
    });
  } catch (error) {
    throw cannotListen(config, error);
  }
}

/** Refuses an address that cannot be had before anything is written: a second start must leave no trace. */
function checkAddress(config: ServerConfig): void {
  const { host, port } = parseListen(config.listen)!;
  if (port === 0) return;
  try {
    Deno.listen({ hostname: host, port }).close();
  } catch (error) {
    throw cannotListen(config, error);
  }
}

function cannotListen({ listen }: ServerConfig, error: unknown): ConfigError {
  const inUse = error instanceof Deno.errors.AddrInUse ||
    (error as { code?: string }).code === "EADDRINUSE";
  const why = inUse ? "the port is in use" : (error as Error).message;
  return new ConfigError(`Cannot listen on ${listen}: ${why}`);
}

/** Scheduler and controllers, unless the configuration leaves both out. */
function startComponentsOf(
  config: ServerConfig,
  { server, certificates, log }: {
    readonly server: ApiServer;
    readonly certificates: CertificateManager;
    readonly log: Log;
  },
): () => Promise<void> {
  const controllers = !config.disable.includes("controllers");
  const scheduler = !config.disable.includes("scheduler");
  if (!controllers && !scheduler) return () => Promise.resolve();
  return startComponents({
    controllers,
    scheduler,
    schedulerConfiguration: schedulerConfigurationOf(config),
    logLevel: config.logLevel as Level,
    fetch: (request, env) => server.app.fetch(request, env),
    log,
    config: {
      clusterCidr: config.clusterCidr,
      nodeCidrMaskSize: config.nodeCidrMaskSize,
      caBundle: certificates.caBundle,
      nodeMonitorGraceMs: config.nodeMonitorGraceSeconds * 1000,
    },
  });
}

function authoritiesOf({ caBundle, frontProxyBundle }: CertificateManager) {
  return { clientAuthority: caBundle, proxyAuthority: frontProxyBundle };
}

/** What the file says that the configuration names. Throws ConfigError. */
function schedulerConfigurationOf({ schedulerConfig: path }: ServerConfig) {
  if (path === "") return undefined;
  try {
    return readSchedulerConfiguration(Deno.readTextFileSync(path));
  } catch (error) {
    throw new ConfigError(`Cannot use ${path}: ${(error as Error).message}`);
  }
}

function tlsOf(config: ServerConfig, certificates: CertificateManager) {
  const { certificate, key } = certificates.serving;
  // The chain goes out with its root: a joining node compares it with the hash in its token.
  const { requestheaderClientCaFile: proxies } = config;
  const ca = certificates.caBundle + (proxies === "" ? "" : Deno.readTextFileSync(proxies));
  return { cert: certificate + certificates.caBundle, key, ca };
}

/** The first address of this machine that others can reach; loopback if there is none (no network: still a server). */
function addressOf(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  return ownAddresses()[0] ?? "127.0.0.1";
}

function ownAddresses(): string[] {
  return Deno.networkInterfaces()
    .filter(({ family, address, name }) =>
      family === "IPv4" && name !== "lo" && !name.startsWith("coracle") &&
      !address.startsWith("169.254.")
    )
    .map(({ address }) => address);
}

/**
 * Users look for it right below the data directory. A copy, because a program with rights to some paths alone may not
 * make links.
 */
async function placeKubeconfig(dataDir: string): Promise<string> {
  const name = "admin.kubeconfig";
  const text = await directoryFileStore(`${dataDir}/certificates`).read(name);
  await directoryFileStore(dataDir).write(name, text!);
  return `${dataDir}/${name}`;
}
