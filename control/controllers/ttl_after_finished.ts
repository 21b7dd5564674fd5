import { resources } from "../../shared/client/resources.gen.ts";
import { keyOf } from "../../shared/informer/informer.ts";
import { findCondition } from "../../shared/meta/conditions.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { Job } from "../../shared/api/batch/v1/types.gen.ts";
import { type ControllerDefinition, done } from "./controller.ts";

/** Deletes finished Jobs `ttlSecondsAfterFinished` after they finished. */
export const ttlAfterFinishedController: ControllerDefinition = {
  name: "ttl-after-finished",
  account: "ttl-after-finished-controller",
  setup({ client, informers, clock, enqueue }) {
    const jobs = informers.of(resources.jobs);
    jobs.onChange((job) => {
      if (job && expiresInMs(job, clock.now()) !== undefined) enqueue(keyOf(job));
    });
    return async (key) => {
      const job = jobs.get(key);
      if (!job || isBeingDeleted(job)) return done;
      const wait = expiresInMs(job, clock.now());
      if (wait === undefined) return done;
      if (wait > 0) return { requeueAfterMs: wait };
      const { namespace, name = "", uid, resourceVersion } = job.metadata;
      // With the version: somebody may have prolonged the time just now.
      await client.delete(resources.jobs, { namespace, name }, {
        preconditions: { uid, resourceVersion },
        propagationPolicy: "Foreground",
      }).catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
      return done;
    };
  },
};

/** Milliseconds until the Job may go; undefined if it has not finished or stays for good. */
export function expiresInMs({ spec, status }: Job, now: number): number | undefined {
  if (spec?.ttlSecondsAfterFinished === undefined) return undefined;
  const finished = ["Complete", "Failed"]
    .map((type) => findCondition(status?.conditions, type))
    .find((condition) => condition?.status === "True");
  if (!finished?.lastTransitionTime) return undefined;
  return Date.parse(finished.lastTransitionTime) + spec.ttlSecondsAfterFinished * 1000 - now;
}
