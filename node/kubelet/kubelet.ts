import type { Pod, Service, ServiceList, Taint } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Informer, InformerSet } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type FileSystem, readText } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import type { PodNetwork } from "../network/pod_network.ts";
import type { RuntimeService } from "../runtime/runtime_service.ts";
import { VolumeManager } from "../volumes/volume_manager.ts";
import { BackOff } from "./back_off.ts";
import { removeOrphan } from "./garbage.ts";
import { ImageIds } from "./image_ids.ts";
import { ImagePuller } from "./image_puller.ts";
import { admitPod } from "./node_admission.ts";
import type { NodeContext } from "./node_context.ts";
import { nodeFacts } from "./node_facts.ts";
import { renewNodeLease } from "./node_lease.ts";
import { allocatableOf, type NodeIdentity } from "./node_object.ts";
import { NodeReporter } from "./node_reporter.ts";
import { ObjectCache } from "./object_cache.ts";
import { uidOf } from "./pod_containers.ts";
import { PodDirectory } from "./pod_directory.ts";
import { PodWorkers } from "./pod_workers.ts";
import { probeRunner } from "./prober/probe.ts";
import { Prober } from "./prober/prober.ts";
import { Relister } from "./relister.ts";
import { Sandboxes } from "./sandbox.ts";
import { StatusManager } from "./status_manager.ts";

export interface KubeletOptions {
  readonly nodeName: string;
  /** Everything that must survive a restart is below it. */
  readonly dataDir: string;
  readonly client: Client;
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly host: Host;
  readonly files: FileSystem;
  readonly runtime: RuntimeService;
  readonly network: PodNetwork;
  readonly events: EventRecorder;
  /** The node's own addresses, the preferred one first. */
  readonly nodeIps: readonly string[];
  /** Addresses of the cluster's DNS; empty if it has none. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** As `kubectl get nodes` shows it. */
  readonly version: string;
  /** Labels that the node is registered with beside the usual. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Default 110. */
  readonly maxPods?: number;
  /** Kept from pods. Default: nothing. */
  readonly reserved?: { readonly cpuMilli: number; readonly memoryBytes: number };
  /** Default `/var/log/pods`, where log collectors look. */
  readonly podLogsDir?: string;
}

/** A running kubelet. */
export interface Kubelet {
  /** The pods on this node, as the node's server asks for them. */
  readonly pods: PodDirectory;
  /** Ends the kubelet; containers go on. */
  stop(): Promise<void>;
}

/** How long the server is waited for before pods are started from the checkpoint. */
const SERVER_WAIT_MS = 3000;

/** Starts the kubelet: from here on the pods assigned to this node run. Rejects if the runtime cannot work here. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { files, dataDir, runtime, log, client, clock, events, network } = options;
  await files.makeDirectory(dataDir, 0o700);
  await runtime.open();
  const facts = await nodeFacts({
    files,
    dataDir,
    runtime: await runtime.version(),
    version: options.version,
  });
  const identity = identityOf(options);
  const stop = new AbortController();
  const { signal } = stop;
  const checkpoint = new Checkpoint(files, `${dataDir}/checkpoint`);
  const images = new ImageIds(runtime);
  // What the images of running containers are called, before the first status is written.
  await images.listImages();
  const node = nodeContext(options, {
    checkpoint,
    images,
    signal,
    runtimeName: (await runtime.version()).name,
    memoryBytes: facts.memoryBytes,
    allocatable: allocatableOf(identity, facts),
    wake: (uid) => workers.get(uid)?.wake(),
    refresh: (uid) => workers.get(uid)?.refresh(),
  });
  const reporter = new NodeReporter({
    client,
    clock,
    log,
    events,
    files,
    images,
    network,
    identity,
    facts,
    dataDir,
  });
  const admit = (pod: Pod, others: readonly Pod[]) =>
    admitPod(pod, others, { allocatable: node.allocatable, object: reporter.node });
  const workers: PodWorkers = new PodWorkers({ node, admit });
  const relister = new Relister({ runtime, clock, log, wake: (uid) => workers.get(uid)?.wake() });
  const work = Promise.all([
    reporter.run(signal),
    renewNodeLease({ ...options, node: () => reporter.node }, signal),
    relister.run(signal),
    followPods(options, { workers, node, checkpoint, signal }),
  ]);
  return {
    pods: new PodDirectory(workers, node),
    async stop() {
      stop.abort(new Error("the agent stops"));
      await workers.stop();
      await work;
      node.prober.stop();
      node.objects.stop();
    },
  };
}

interface Following {
  readonly workers: PodWorkers;
  readonly node: NodeContext;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
}

/** Hands every change of the node's pods to the workers; while no server answers, the checkpoint's pods. */
async function followPods(options: KubeletOptions, following: Following): Promise<void> {
  const { workers, checkpoint, signal } = following;
  const { log, clock } = options;
  const fieldSelector = `spec.nodeName=${options.nodeName}`;
  const pods = options.informers.of(resources.pods, { fieldSelector });
  const saved = await checkpoint.pods();
  const early = new AbortController();
  await Promise.race([
    pods.synced().then(() => early.abort()),
    sleep(clock, SERVER_WAIT_MS, AbortSignal.any([signal, early.signal])).catch(() => {}),
  ]);
  if (!pods.hasSynced && !signal.aborted) {
    log.info("Server not reached, starting pods from the checkpoint", { pods: saved.length });
    for (const pod of saved) workers.update(pod);
  }
  const end = pods.onChange((pod, previous) => {
    const uid = uidOf((pod ?? previous)!);
    if (pod) workers.update(pod);
    else workers.gone(previous!);
    const saving = pod ? checkpoint.savePod(pod) : checkpoint.removePod(uid);
    saving.catch((error) => log.warn("Pod not checkpointed", { error: String(error) }));
  });
  signal.addEventListener("abort", end, { once: true });
  await Promise.race([pods.synced(), aborted(signal)]);
  if (signal.aborted) return;
  await removeStrangers(pods, saved, following).catch((error) =>
    log.error("Orphaned pods not removed", error)
  );
}

/** What is left of pods that the server no longer knows: it has spoken, so they may go. */
async function removeStrangers(
  pods: Informer<Pod>,
  saved: readonly Pod[],
  { workers, node, checkpoint }: Following,
): Promise<void> {
  const known = new Set(pods.list().map(uidOf));
  for (const pod of saved) {
    if (known.has(uidOf(pod))) continue;
    workers.gone(pod);
    await checkpoint.removePod(uidOf(pod));
  }
  const remembered = [
    ...(await node.runtime.list()).map(({ labels }) => labels["io.kubernetes.pod.uid"] ?? ""),
    ...await node.network.list(),
    ...await node.files.list(node.paths.podsDir),
  ];
  for (const uid of new Set(remembered)) {
    if (uid === "" || known.has(uid) || workers.get(uid)) continue;
    node.log.info("Removing orphaned pod", { uid });
    await removeOrphan(node, uid);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function identityOf(options: KubeletOptions): NodeIdentity {
  return {
    name: options.nodeName,
    ips: options.nodeIps,
    maxPods: options.maxPods ?? 110,
    reserved: options.reserved ?? { cpuMilli: 0, memoryBytes: 0 },
    labels: options.labels ?? {},
    taints: options.taints ?? [],
  };
}

interface ContextParts {
  readonly images: ImageIds;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
  readonly runtimeName: string;
  readonly memoryBytes: number;
  readonly allocatable: Readonly<Record<string, string>>;
  wake(uid: string): void;
  refresh(uid: string): void;
}

function nodeContext(options: KubeletOptions, parts: ContextParts): NodeContext {
  const { files, host, clock, random, log, client, events, runtime, network, dataDir } = options;
  const { allocatable } = parts;
  const podLogsDir = options.podLogsDir ?? "/var/log/pods";
  const paths = { podsDir: `${dataDir}/pods`, pauseDir: `${dataDir}/pause`, podLogsDir };
  const { checkpoint, refresh } = parts;
  const objects = new ObjectCache({ client, clock, random, log, checkpoint, onChange: refresh });
  const run = probeRunner({ runtime, clock });
  return {
    ...{ client, clock, log, events, files, runtime, network, objects, paths, allocatable },
    sandboxes: new Sandboxes({ host, files, network, random, paths, now: () => clock.now() }),
    volumes: new VolumeManager({
      host,
      files,
      clock,
      objects,
      allocatable,
      podsDir: paths.podsDir,
    }),
    images: new ImagePuller({ images: parts.images, objects, events, clock }),
    prober: new Prober({ clock, events, run, onChange: parts.wake }),
    statuses: new StatusManager({ client, clock, log, signal: parts.signal }),
    backOff: new BackOff(clock),
    runtimeName: parts.runtimeName,
    nodeIps: options.nodeIps,
    nodeMemoryBytes: parts.memoryBytes,
    seccompDir: `${dataDir}/seccomp`,
    names: async () => ({
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain,
      hostResolvConf: (await readText(files, "/etc/resolv.conf")) ?? "",
      hostHosts: (await readText(files, "/etc/hosts")) ?? "",
    }),
    servicesFor: servicesOf(options, checkpoint),
    imageIdOf: (state) => parts.images.of(state),
  };
}

/** Services by namespace; what was last known of them while no server answers. */
function servicesOf(
  { informers, clock }: KubeletOptions,
  checkpoint: Checkpoint,
): NodeContext["servicesFor"] {
  const services = informers.of(resources.services);
  return async (namespace, links) => {
    const key = `services_${links ? namespace : ""}`;
    if (!services.hasSynced) await Promise.race([services.synced(), sleep(clock, SERVER_WAIT_MS)]);
    if (!services.hasSynced) {
      const saved = await checkpoint.load(key) as ServiceList | undefined;
      if (saved) return saved.items;
      throw new Error("services have not yet been read at least once, cannot construct envvars");
    }
    const own: readonly Service[] = links ? services.list(namespace) : [];
    const api = services.get("default/kubernetes");
    const items = (api && !own.includes(api) ? [...own, api] : own).map(addressOf);
    const list: ServiceList = { apiVersion: "v1", kind: "ServiceList", metadata: {}, items };
    await checkpoint.save(key, list);
    return items;
  };
}

/** Of a service only what its variables are made of, so that nothing else makes the checkpoint change. */
function addressOf({ apiVersion, kind, metadata, spec }: Service): Service {
  const { name, namespace } = metadata;
  const { clusterIP, ports } = spec ?? {};
  return { apiVersion, kind, metadata: { name, namespace }, spec: { clusterIP, ports } };
}
