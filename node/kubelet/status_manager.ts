import type { Pod, PodStatus } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus, StatusError } from "../../shared/meta/status_error.ts";
import { podKey, uidOf } from "./pod_containers.ts";

export interface StatusManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the server was last given, as text; undefined: nothing by us yet. */
  sent: string | undefined;
  /** The resourceVersion that the last write gave the pod. */
  version: string | undefined;
  writing: Promise<void> | undefined;
}

/** Pause after a write that got no answer, doubling. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/**
 * Writes pod statuses to the API: only changes, one write per pod at a time, always the newest. While the server is
 * away it keeps the newest status of each pod and writes it when the server is back.
 */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The status as last set, also if it has not been written yet. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const uid = uidOf(pod);
    const entry = this.#entries.get(uid) ??
      {
        pod,
        status,
        sent: pod.status && textOf(pod.status),
        version: undefined,
        writing: undefined,
      };
    entry.pod = pod;
    entry.status = status;
    this.#entries.set(uid, entry);
    this.#startWriting(entry);
  }

  /**
   * Takes note of what the server has. What is the node's own to say and somebody else changed is written anew: pods of
   * a node that was not heard of for a while were set to not ready.
   */
  seen(pod: Pod): void {
    const entry = this.#entries.get(uidOf(pod));
    if (!entry || entry.writing || !pod.status || isOlder(pod, entry.version)) return;
    entry.pod = pod;
    entry.sent = textOf(pod.status);
    this.#startWriting(entry);
  }

  /** Resolves when the pod's newest status is written, or the pod turned out to be gone. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.writing;
  }

  /** Forgets the pod; a write that is under way is not waited for. */
  remove(uid: string): void {
    this.#entries.delete(uid);
  }

  #startWriting(entry: Entry): void {
    if (textOf(entry.status) === entry.sent) return;
    entry.writing ??= this.#write(entry).finally(() => entry.writing = undefined);
  }

  async #write(entry: Entry): Promise<void> {
    const { clock, log, signal } = this.#options;
    let wait = RETRY_MS;
    // Again and again until what was sent is the newest; a pod that was forgotten meanwhile is left alone.
    while (!signal.aborted && this.#entries.get(uidOf(entry.pod)) === entry) {
      const text = textOf(entry.status);
      if (text === entry.sent) return;
      try {
        entry.version = await this.#patch(entry.pod, entry.status);
        entry.sent = text;
        wait = RETRY_MS;
      } catch (error) {
        if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return;
        const refused = error instanceof StatusError && error.code < 500 && error.code !== 429;
        log.warn("Pod status not written", { pod: podKey(entry.pod), error: String(error) });
        if (refused && wait >= MAX_RETRY_MS) return;
        await sleep(clock, wait, signal).catch(() => {});
        wait = Math.min(wait * 2, MAX_RETRY_MS);
      }
    }
  }

  /** Resolves to the pod's new resourceVersion. */
  async #patch(pod: Pod, status: PodStatus): Promise<string | undefined> {
    const { namespace, name = "", uid } = pod.metadata;
    // The uid makes it fail for a new pod of the same name.
    const patch = { metadata: { uid }, status: patchOf(pod.status ?? {}, status) };
    const written = await this.#options.client.patch(resources.pods, { namespace, name }, patch, {
      type: "strategic",
      subresource: "status",
    });
    return written.metadata.resourceVersion;
  }
}

/** Whether this is a pod from before the version `than`. */
function isOlder({ metadata: { resourceVersion } }: Pod, than: string | undefined): boolean {
  if (resourceVersion === undefined || than === undefined) return false;
  return BigInt(resourceVersion) < BigInt(than);
}

/** Fields that the node owns; one that it no longer sets is removed. */
const ownFields = [
  "observedGeneration",
  "phase",
  "reason",
  "message",
  "hostIP",
  "podIP",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
] as const;

function patchOf(old: PodStatus, status: PodStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = { conditions: status.conditions };
  for (const field of ownFields) {
    if (status[field] !== undefined) patch[field] = status[field];
    else if (old[field] !== undefined) patch[field] = null;
  }
  // Lists merged by address: without the directive an address that was given up would stay.
  for (const field of ["podIPs", "hostIPs"] as const) {
    if (JSON.stringify(old[field]) === JSON.stringify(status[field])) continue;
    const stale = (old[field] ?? []).length > 0;
    patch[field] = [...(status[field] ?? []), ...(stale ? [{ $patch: "replace" }] : [])];
  }
  return patch;
}

/** What is compared: the same status gives the same text. */
function textOf(status: PodStatus): string {
  const { conditions = [], podIPs = [], hostIPs = [] } = status;
  const own = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
  ];
  const mine = own.map((type) => {
    const one = conditions.find((condition) => condition.type === type);
    return one && [one.status, one.reason, one.message, one.observedGeneration];
  });
  return JSON.stringify([
    ownFields.map((field) => canonical(status[field])),
    podIPs,
    hostIPs,
    mine,
  ]);
}

/** Keys in one order, because the server may answer in another than ours. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [key, canonical(item)]);
}
