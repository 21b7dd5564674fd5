import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Transport } from "../../shared/client/transport.ts";
import type { Log } from "../../shared/log/log.ts";
import type { AuditBackend, AuditEvent, AuditMetrics } from "./event.ts";

export interface WebhookBackendOptions {
  /** Leads to the URL of the webhook itself: its requests have the path "". */
  readonly transport: Transport & { close?(): void };
  readonly initialBackoffMs: number;
  /** The request fails whose event cannot be delivered (mode `blocking-strict`). */
  readonly strict: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: AuditMetrics;
}

/** A batch is sent so often before it is given up; each wait is half as long again as the one before. */
const attempts = 5;
const timeoutMs = 30_000;

/** POSTs events as an `audit.k8s.io/v1` EventList. Whatever goes wrong, it is tried again. */
export function webhookBackend(options: WebhookBackendOptions): AuditBackend {
  const { transport, strict, log, metrics } = options;
  return {
    name: "webhook",
    async process(events) {
      try {
        await deliver(events, options);
        return true;
      } catch (error) {
        metrics.failed("webhook", events.length);
        log.error("Audit events could not be delivered", error, { lost: events.length });
        return !strict;
      }
    },
    close() {
      transport.close?.();
      return Promise.resolve();
    },
  };
}

async function deliver(
  events: readonly AuditEvent[],
  { transport, initialBackoffMs, clock, random }: WebhookBackendOptions,
): Promise<void> {
  const body = JSON.stringify({
    kind: "EventList",
    apiVersion: "audit.k8s.io/v1",
    metadata: {},
    items: events.map(({ kind: _kind, apiVersion: _apiVersion, ...event }) => event),
  });
  for (let attempt = 1, wait = initialBackoffMs;; attempt++, wait *= 1.5) {
    try {
      return await post(transport, body, clock);
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(clock, wait * (1 + 0.2 * random.float()));
    }
  }
}

async function post(transport: Transport, body: string, clock: Clock): Promise<void> {
  const limit = new AbortController();
  const timer = clock.after(timeoutMs, () => limit.abort(new Error("the webhook did not answer")));
  try {
    const response = await transport.send({
      method: "POST",
      path: "",
      contentType: "application/json",
      accept: "application/json",
      body,
      signal: limit.signal,
    });
    await response.text();
    if (response.status < 200 || response.status > 299) {
      throw new Error(`the webhook answered ${response.status}`);
    }
  } finally {
    timer.cancel();
  }
}
