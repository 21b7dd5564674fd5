import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { PodNetwork } from "../network/pod_network.ts";
import type { ContainerState, RuntimeService } from "../runtime/runtime_service.ts";
import type { VolumeManager } from "../volumes/volume_manager.ts";
import type { BackOff } from "./back_off.ts";
import type { ImagePuller } from "./image_puller.ts";
import type { NameResolution } from "./name_resolution.ts";
import type { ObjectCache } from "./object_cache.ts";
import type { KubeletPaths } from "./pod_paths.ts";
import type { Prober } from "./prober/prober.ts";
import type { Sandboxes } from "./sandbox.ts";
import type { StatusManager } from "./status_manager.ts";

/** The parts of the kubelet that work on pods needs. */
export interface NodeContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly files: FileSystem;
  readonly runtime: RuntimeService;
  readonly network: PodNetwork;
  readonly sandboxes: Sandboxes;
  readonly volumes: VolumeManager;
  readonly images: ImagePuller;
  readonly prober: Prober;
  readonly statuses: StatusManager;
  readonly objects: ObjectCache;
  readonly backOff: BackOff;
  readonly paths: KubeletPaths;
  readonly runtimeName: string;
  readonly nodeIps: readonly string[];
  readonly nodeMemoryBytes: number;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly seccompDir: string;
  names(): Promise<NameResolution>;
  /** Services whose variables a pod of the namespace gets. Rejects while they are not known. */
  servicesFor(namespace: string, links: boolean): Promise<readonly Service[]>;
  imageIdOf(state: ContainerState): string;
}
