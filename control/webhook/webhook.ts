import { AnswerError, boundedJson } from "../../shared/client/bounded_json.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";

export interface WebhookOptions {
  /** Leads to the webhook's URL: its requests have the path "". */
  readonly transport: Transport;
  readonly clock: Clock;
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number;
}

/** Somebody who answers reviews. */
export interface Webhook {
  /** Sends an object and gives the one that comes back. Rejects if there is no answer after a few attempts. */
  ask<T>(object: object): Promise<T>;
}

const attempts = 4;
const firstWaitMs = 500;
const maxBytes = 1024 * 1024;

/** A webhook behind a kubeconfig. Asked again where a server may do better next time: no answer, 429, 5xx. */
export function webhook({ transport, clock, timeoutMs }: WebhookOptions): Webhook {
  return {
    async ask<T>(object: object): Promise<T> {
      const request = {
        method: "POST" as const,
        path: "",
        contentType: "application/json",
        body: JSON.stringify(object),
      };
      for (let attempt = 1, wait = firstWaitMs;; attempt++, wait *= 1.5) {
        try {
          return await boundedJson(transport, request, { clock, timeoutMs, maxBytes }) as T;
        } catch (error) {
          if (attempt === attempts || !mayHelp(error)) throw error;
          await sleep(clock, wait);
        }
      }
    },
  };
}

function mayHelp(error: unknown): boolean {
  if (error instanceof SyntaxError) return false;
  return !(error instanceof AnswerError) || error.status === 429 || error.status >= 500;
}
