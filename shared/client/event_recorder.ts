import type { Event } from "../api/core/v1/types.gen.ts";
import type { KubeObject } from "../api/kind.ts";
import { type Clock, sleep, timestamp } from "../clock/clock.ts";
import type { Random } from "../clock/random.ts";
import type { Log } from "../log/log.ts";
import { isStatus, StatusError } from "../meta/status_error.ts";
import type { Client } from "./client.ts";
import { EventCorrelator } from "./event_correlator.ts";
import type { EventOptions, EventRecorder } from "./events.ts";
import { resources } from "./resources.gen.ts";

export interface EventRecorderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who speaks, e.g. `replicaset-controller`. */
  readonly component: string;
  /** The node, for what runs on one. */
  readonly host?: string;
  /** Ends the writing; what waits is dropped. */
  readonly signal?: AbortSignal;
}
/** A recorder, and what became of what it was given. */
export interface CountingEventRecorder extends EventRecorder {
  /** Events not written: too many of one object, too many at once, or refused. */
  readonly dropped: number;
}

/** Events that may wait to be written; more are dropped. */
const MAX_WAITING = 1000;
/** How often, and after which pause, an event is tried when no server answers. */
const ATTEMPTS = 12;
const RETRY_MS = 10_000;

/** Writes events one after another, in the background. Never throws. */
export function eventRecorder(
  client: Client,
  options: EventRecorderOptions,
): CountingEventRecorder {
  const { clock, random, log, component, host, signal } = options;
  const correlator = new EventCorrelator(clock);
  const waiting: Event[] = [];
  let dropped = 0;
  let writing = false;
  const work = async () => {
    writing = true;
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      const written = await write(event).catch((error) => {
        log.debug("Event not written", { reason: event!.reason, error: String(error) });
        return false;
      });
      if (!written) dropped++;
    }
    writing = false;
  };
  const write = async (event: Event): Promise<boolean> => {
    // Now, not when it was recorded: what waited behind an outage is then counted into one event.
    const step = correlator.next(event);
    if (step.action === "drop") return false;
    for (let attempt = 1;; attempt++) {
      try {
        if (step.action === "count") {
          const patched = await patchCount(client, step);
          if (patched) return true;
        }
        const created = await client.create(resources.events, step.event);
        correlator.wrote(step.key, created.metadata.name ?? "");
        return true;
      } catch (error) {
        if (error instanceof StatusError && error.code < 500 && error.code !== 429) return false;
        if (attempt === ATTEMPTS || signal?.aborted) throw error;
        await sleep(clock, RETRY_MS * (attempt === 1 ? random.float() : 1), signal);
      }
    }
  };
  return {
    get dropped() {
      return dropped;
    },
    event(about, type, reason, message, eventOptions = {}) {
      if (waiting.length >= MAX_WAITING || signal?.aborted) {
        dropped++;
        return;
      }
      const what = { about, type, reason, message };
      waiting.push(newEvent(what, { clock, random, component, host, ...eventOptions }));
      if (!writing) void work();
    },
  };
}

/** Whether the event that was counted before is still there. */
async function patchCount(
  client: Client,
  step: { readonly event: Event; readonly name: string },
): Promise<boolean> {
  const { count, lastTimestamp, message } = step.event;
  const ref = { namespace: step.event.metadata.namespace, name: step.name };
  try {
    await client.patch(resources.events, ref, { count, lastTimestamp, message }, {
      type: "strategic",
    });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

interface What {
  readonly about: KubeObject;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

function newEvent(
  { about, type, reason, message }: What,
  options: EventOptions & {
    readonly clock: Clock;
    readonly random: Random;
    readonly component: string;
    readonly host: string | undefined;
  },
): Event {
  const { clock, random, component, host, fieldPath } = options;
  const { name = "", namespace, uid, resourceVersion } = about.metadata;
  const now = timestamp(clock.now());
  const suffix = random.uuid().replaceAll("-", "").slice(0, 16);
  return {
    kind: "Event",
    apiVersion: "v1",
    metadata: { name: `${name}.${suffix}`, namespace: namespace || "default" },
    involvedObject: {
      kind: about.kind,
      apiVersion: about.apiVersion,
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(fieldPath && { fieldPath }),
    },
    reason,
    // The server refuses longer ones.
    message: message.slice(0, 1024),
    source: { component, ...(host && { host }) },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type,
    reportingComponent: component,
    reportingInstance: host ?? "",
  };
}
