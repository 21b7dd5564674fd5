import type { Log } from "../../../shared/log/log.ts";
import { type FileSystem, readJson, readText } from "../../host/file_system.ts";
import type { Host } from "../../host/host.ts";
import type { PodNetwork, PodNetworkRequest, PodNetworkState } from "../pod_network.ts";
import type { NetworkConfig } from "./config.ts";
import { addNetwork, type Attachment, deleteNetwork, type NetworkResult } from "./invoke.ts";

export interface CniNetworkOptions {
  readonly host: Host;
  readonly files: FileSystem;
  readonly log: Log;
  /** Where results are kept; survives reboots, so that reservations of lost namespaces can be given back. */
  readonly dataDir: string;
  readonly pluginDirectories: readonly string[];
}

/** What was done for a pod, with all that is needed to undo it. Written before the first plugin runs. */
interface NetworkRecord {
  readonly config: NetworkConfig;
  readonly attachment: Attachment;
  readonly result?: NetworkResult;
}

/**
 * Where `ip netns` keeps named namespaces. It must be `/var/run`, which on most machines is a link to `/run`.
 */
const NAMESPACES = "/var/run/netns";

/** Pod networks made by CNI plugins in network namespaces of ours. */
export class CniNetwork implements PodNetwork {
  readonly #options: CniNetworkOptions;
  #config: NetworkConfig | undefined;
  #ready = Promise.withResolvers<void>();
  #reason = "waiting for the node's pod CIDR";

  constructor(options: CniNetworkOptions) {
    this.#options = options;
  }

  /** The configuration for pods from now on; undefined with the reason why there is none. */
  use(config: NetworkConfig | undefined, reason = "no network configuration"): void {
    this.#config = config;
    this.#reason = reason;
    if (config) this.#ready.resolve();
    else this.#ready = Promise.withResolvers();
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  notReady(): string | undefined {
    return this.#config ? undefined : this.#reason;
  }

  async setUp(request: PodNetworkRequest): Promise<PodNetworkState> {
    const config = this.#config;
    if (!config) throw new Error(`network is not ready: ${this.#reason}`);
    const alive = await this.find(request.uid);
    if (alive) return alive;
    // Whatever a crash or reboot left half done is undone first, or its address would stay reserved.
    await this.tearDown(request.uid);
    const attachment = attachmentOf(request, namespacePath(request.uid));
    await this.#options.files.makeDirectory(this.#options.dataDir, 0o700);
    await this.#write(request.uid, { config, attachment });
    try {
      await this.#makeNamespace(request.uid);
      const result = await addNetwork(this.#options, config, attachment);
      const state = stateOf(attachment, result);
      if (state.ips.length === 0) throw new Error("the network plugins gave the pod no address");
      await this.#write(request.uid, { config, attachment, result });
      return state;
    } catch (error) {
      await this.tearDown(request.uid).catch((cause) =>
        this.#options.log.warn("Half-made pod network not undone yet", { error: String(cause) })
      );
      throw error;
    }
  }

  async tearDown(uid: string): Promise<void> {
    const { host, files } = this.#options;
    const record = await readJson<NetworkRecord>(files, this.#path(uid));
    const exists = (await files.stat(namespacePath(uid))) !== undefined;
    if (record) {
      // An empty path tells plugins that the namespace is gone and only the rest is to be undone.
      const namespace = await this.#isNamespace(uid) ? record.attachment.namespacePath : "";
      const attachment = { ...record.attachment, namespacePath: namespace };
      await deleteNetwork(this.#options, record.config, attachment, record.result);
    }
    if (exists) await host.output("ip", ["netns", "delete", namespaceName(uid)]);
    await files.remove(this.#path(uid));
  }

  async find(uid: string): Promise<PodNetworkState | undefined> {
    const { files } = this.#options;
    const record = await readJson<NetworkRecord>(files, this.#path(uid));
    if (!record?.result) return undefined;
    if (!await this.#isNamespace(uid)) return undefined;
    return stateOf(record.attachment, record.result);
  }

  async list(): Promise<string[]> {
    const names = await this.#options.files.list(this.#options.dataDir);
    return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
  }

  /** Whether the file is a namespace still: an unmount leaves an ordinary file behind, on which plugins fail. */
  async #isNamespace(uid: string): Promise<boolean> {
    const mounts = await readText(this.#options.files, "/proc/self/mountinfo") ?? "";
    const place = `/netns/${namespaceName(uid)} `;
    return mounts.split("\n").some((line) => line.includes(place) && line.includes(" - nsfs "));
  }

  async #makeNamespace(uid: string): Promise<void> {
    const { host, files } = this.#options;
    const name = namespaceName(uid);
    if (await files.stat(namespacePath(uid)) === undefined) {
      await host.output("ip", ["netns", "add", name]);
    }
    await host.output("ip", ["-n", name, "link", "set", "lo", "up"]);
  }

  async #write(uid: string, record: NetworkRecord): Promise<void> {
    await this.#options.files.write(this.#path(uid), JSON.stringify(record));
  }

  #path(uid: string): string {
    return `${this.#options.dataDir}/${uid}.json`;
  }
}

function namespaceName(uid: string): string {
  return `coracle-${uid}`;
}

function namespacePath(uid: string): string {
  return `${NAMESPACES}/${namespaceName(uid)}`;
}

function stateOf(attachment: Attachment, result: NetworkResult): PodNetworkState {
  const ips = (result.ips ?? []).map(({ address }) => address.split("/")[0]!);
  return { namespacePath: attachment.namespacePath, ips };
}

function attachmentOf(request: PodNetworkRequest, path: string): Attachment {
  return {
    containerId: request.uid,
    namespacePath: path,
    interfaceName: "eth0",
    args: {
      IgnoreUnknown: "1",
      K8S_POD_NAMESPACE: request.namespace,
      K8S_POD_NAME: request.name,
      K8S_POD_INFRA_CONTAINER_ID: request.uid,
      K8S_POD_UID: request.uid,
    },
    runtimeConfig: {
      portMappings: request.hostPorts.map(({ hostPort, containerPort, protocol, hostIp }) => ({
        hostPort,
        containerPort,
        protocol,
        ...(hostIp && { hostIP: hostIp }),
      })),
      bandwidth: bandwidthOf(request),
    },
  };
}

function bandwidthOf(request: PodNetworkRequest): Record<string, number> | undefined {
  const { ingressBandwidth, egressBandwidth } = request;
  if (!ingressBandwidth && !egressBandwidth) return undefined;
  // The plugin wants a burst beside each rate; a second's worth smooths without starving.
  return {
    ...(ingressBandwidth && { ingressRate: ingressBandwidth, ingressBurst: ingressBandwidth }),
    ...(egressBandwidth && { egressRate: egressBandwidth, egressBurst: egressBandwidth }),
  };
}
