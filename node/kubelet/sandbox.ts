import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { Random } from "../../shared/clock/random.ts";
import { type FileSystem, readJson, readText } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import type { HostPort, PodNetwork, PodNetworkRequest } from "../network/pod_network.ts";
import { asNumber, parseQuantity } from "../../shared/resource/quantity.ts";
import { uidOf } from "./pod_containers.ts";
import { type KubeletPaths, podDir } from "./pod_paths.ts";

/** What a pod's containers share. It lives until the pod ends or the machine restarts. */
export interface Sandbox {
  /** Containers carry it as a label: those of another sandbox are history. */
  readonly id: string;
  /** `host`, or the path of the pod's network namespace. */
  readonly network: string;
  /** `host`, or the path of the pod's IPC namespace. */
  readonly ipc: string;
  /** Shared memory of the pod, for `/dev/shm`; absent with the node's IPC. */
  readonly shmDir?: string;
  /** The pod's addresses; those of the node in its network are filled in by the status. */
  readonly ips: readonly string[];
  readonly createdAt: number;
}

interface SandboxRecord extends Sandbox {
  /** Namespaces do not outlive the kernel that they were made by. */
  readonly bootId: string;
}

export interface SandboxOptions {
  readonly host: Host;
  readonly files: FileSystem;
  readonly network: PodNetwork;
  readonly random: Random;
  readonly now: () => number;
  readonly paths: KubeletPaths;
}

/** Makes, finds again and removes sandboxes. What it knows is on disk: `<pod>/sandbox.json`. */
export class Sandboxes {
  readonly #options: SandboxOptions;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /** The pod's sandbox if it still lives. */
  async find(uid: string): Promise<Sandbox | undefined> {
    const { files, network } = this.#options;
    const record = await readJson<SandboxRecord>(files, this.#path(uid));
    if (!record || record.bootId !== await this.#bootId()) return undefined;
    if (record.network === "host") return record;
    return await network.find(uid) ? record : undefined;
  }

  /** A new sandbox. What is left of an earlier one is removed first. */
  async create(pod: Pod): Promise<Sandbox> {
    const { files, random, now } = this.#options;
    const uid = uidOf(pod);
    await this.remove(uid);
    const state = pod.spec?.hostNetwork
      ? { namespacePath: "host", ips: [] }
      : await this.#options.network.setUp(networkRequest(pod));
    const record: SandboxRecord = {
      id: random.uuid(),
      network: state.namespacePath,
      ...await this.#makeIpc(pod),
      ips: state.ips,
      createdAt: now(),
      bootId: await this.#bootId(),
    };
    await files.write(this.#path(uid), JSON.stringify(record));
    return record;
  }

  /** Fine if there is none. Its containers must have ended. */
  async remove(uid: string): Promise<void> {
    const { files, host, network } = this.#options;
    await network.tearDown(uid);
    const directory = podDir(this.#options.paths, uid);
    for (const mounted of [`${directory}/ipc`, `${directory}/shm`]) {
      if (await files.stat(mounted) !== undefined) await host.run("umount", ["-l", mounted]);
      await files.remove(mounted);
    }
    for (const name of ["etc-hosts", "resolv.conf", "sandbox.json"]) {
      await files.remove(`${directory}/${name}`);
    }
  }

  /** An IPC namespace held by a file, so that no process has to hold it; and its shared memory. */
  async #makeIpc(pod: Pod): Promise<Pick<Sandbox, "ipc" | "shmDir">> {
    if (pod.spec?.hostIPC) return { ipc: "host" };
    const { files, host } = this.#options;
    const directory = podDir(this.#options.paths, uidOf(pod));
    await files.makeDirectory(`${directory}/shm`, 0o1777);
    await host.output("mount", [
      "-t",
      "tmpfs",
      "-o",
      "mode=1777,size=64m,nosuid,nodev,noexec",
      "shm",
      `${directory}/shm`,
    ]);
    await files.write(`${directory}/ipc`, "");
    await host.output("unshare", [`--ipc=${directory}/ipc`, host.pathOf("ip"), "-V"]);
    return { ipc: `${directory}/ipc`, shmDir: `${directory}/shm` };
  }

  #path(uid: string): string {
    return `${podDir(this.#options.paths, uid)}/sandbox.json`;
  }

  async #bootId(): Promise<string> {
    const text = await readText(this.#options.files, "/proc/sys/kernel/random/boot_id");
    return (text ?? "").trim();
  }
}

/** What a pod asks of its network. */
export function networkRequest(pod: Pod): PodNetworkRequest {
  const { namespace = "", name = "", annotations = {} } = pod.metadata;
  const rate = (direction: string) => {
    const text = annotations[`kubernetes.io/${direction}-bandwidth`];
    return text === undefined ? undefined : asNumber(parseQuantity(text));
  };
  const [ingress, egress] = [rate("ingress"), rate("egress")];
  return {
    uid: uidOf(pod),
    namespace,
    name,
    hostPorts: hostPorts(pod),
    ...(ingress !== undefined && { ingressBandwidth: ingress }),
    ...(egress !== undefined && { egressBandwidth: egress }),
  };
}

/** Every port of the node that the pod claims. */
export function hostPorts(pod: Pod): HostPort[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = "TCP", hostIP }) =>
      hostPort
        ? [{
          hostPort,
          containerPort,
          protocol: protocol.toLowerCase(),
          ...(hostIP && hostIP !== "0.0.0.0" && hostIP !== "::" && { hostIp: hostIP }),
        }]
        : []
    )
  );
}
