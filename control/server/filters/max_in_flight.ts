import { isLongRunning } from "../long_running.ts";
import type { Filter } from "../request_context.ts";
import { tooManyRequests } from "./too_many_requests.ts";

export interface MaxInFlightOptions {
  /** Reads under way at most; 0: any number. */
  readonly reads: number;
  /** Writes under way at most; 0: any number. */
  readonly writes: number;
}

const readVerbs = new Set(["get", "list", "watch"]);

/** Bounds how many requests are under way, without priorities: what there is when those are switched off. */
export function maxInFlight({ reads, writes }: MaxInFlightOptions): Filter {
  const underWay = { reads: 0, writes: 0 };
  const limits = { reads: reads || Infinity, writes: writes || Infinity };
  return async (c, next) => {
    const info = c.get("info");
    if (isLongRunning(info)) return await next();
    const kind = readVerbs.has(info.verb) ? "reads" : "writes";
    if (underWay[kind] >= limits[kind]) {
      c.res = tooManyRequests(1);
      return;
    }
    underWay[kind]++;
    try {
      await next();
    } finally {
      underWay[kind]--;
    }
  };
}
