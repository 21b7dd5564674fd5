import type { KindDefinition } from "../kind.ts";
import { cronJob } from "./v1/cron_job.ts";
import { job } from "./v1/job.ts";

/** Every kind of the `batch` group; joined with the others in `shared/api/mod.ts`. */
export const batchKinds: readonly KindDefinition[] = [
  cronJob,
  job,
];
