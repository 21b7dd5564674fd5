import { setImmediate } from "node:timers/promises";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { forbiddenError } from "../authorization/forbidden.ts";
import { methodNotAllowed } from "../registry/errors.ts";
import type { RequestContext } from "../server/request_context.ts";
import { writeFrames } from "./frames.ts";
import { type BackupSource, takeSnapshot } from "./snapshot.ts";

/** Where a backup is to be had, by GET. */
export const backupPath = "/coracle/v1/backup";
/** A client that takes nothing for so long is given up: it holds the old state in memory. */
const STALLED_MS = 60_000;
const MASTERS = "system:masters";

export interface BackupEndpointOptions extends BackupSource {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Answers with a whole backup file, for `system:masters` alone: it holds the authority's key, which is more than RBAC
 * can give. One at a time, made bit by bit as the client takes it.
 */
export function backupEndpoint(
  options: BackupEndpointOptions,
): (c: RequestContext) => Promise<Response> {
  const { clock, log } = options;
  let underWay = false;
  return async (c) => {
    const { user, info } = c.var;
    if (!user.groups.includes(MASTERS)) {
      const reason = `only ${MASTERS} may back up the cluster and its keys`;
      throw forbiddenError(user, info, { decision: "Deny", reason });
    }
    if (c.req.method !== "GET") throw methodNotAllowed();
    if (underWay) {
      throw new StatusError("TooManyRequests", "another backup is being made", {
        details: { retryAfterSeconds: 10 },
      });
    }
    underWay = true;
    try {
      const { manifest, content } = await takeSnapshot(options);
      const { revision, objects } = manifest;
      log.info("Backup begins", { user: user.name, revision, objects });
      const file = writeFrames(content, { created: clock.now() });
      const body = streamOf(file, clock, (complete) => {
        underWay = false;
        log.info(complete ? "Backup sent" : "Backup broken off", { user: user.name, revision });
      });
      return new Response(body, {
        headers: { "content-type": "application/octet-stream", "cache-control": "no-store" },
      });
    } catch (error) {
      underWay = false;
      throw error;
    }
  };
}

/** `onEnd` is called once: with true when all was taken. */
function streamOf(
  file: AsyncGenerator<Uint8Array>,
  clock: Clock,
  onEnd: (complete: boolean) => void,
): ReadableStream<Uint8Array> {
  let watchdog: Timer | undefined;
  let over = false;
  const end = (complete: boolean) => {
    watchdog?.cancel();
    if (!over) onEnd(complete);
    over = true;
  };
  const watch = (controller: ReadableStreamDefaultController) => {
    watchdog = clock.after(STALLED_MS, () => {
      controller.error(new Error("the client has not taken anything for a minute"));
      end(false);
    });
  };
  return new ReadableStream<Uint8Array>({
    start: watch,
    async pull(controller) {
      watchdog?.cancel();
      // Deflating a piece takes about a millisecond: other requests come between two of them.
      await setImmediate();
      const { value, done } = await file.next().catch((error) => {
        end(false);
        throw error;
      });
      if (over) return;
      if (done) {
        controller.close();
        return end(true);
      }
      controller.enqueue(value);
      watch(controller);
    },
    async cancel() {
      end(false);
      await file.return(undefined);
    },
  }, { highWaterMark: 0 });
}
