import { Cron } from "croner";
import type { CronJob } from "../../../shared/api/batch/v1/types.gen.ts";

/** A cron expression that can be asked for times. */
export interface Schedule {
  /** The first time after `time`, in milliseconds; undefined: never again. */
  next(time: number): number | undefined;
}

/** Compiles a CronJob's schedule (`0 4 * * *`, `@daily`, `@every 90m`). Throws TypeError or RangeError for what is none. */
export function parseSchedule(schedule: string, timeZone: string | undefined): Schedule {
  const every = /^@every\s+(.+)$/.exec(schedule)?.[1];
  if (every !== undefined) {
    const ms = Math.max(1000, goDurationMs(every));
    return { next: (time) => Math.floor(time / 1000) * 1000 + ms };
  }
  // Without a time zone the reference uses the controller's, which is UTC wherever it runs in a container.
  const cron = new Cron(schedule, { timezone: timeZone ?? "UTC", mode: "5-part" });
  return { next: (time) => cron.nextRun(new Date(time))?.getTime() };
}

function goDurationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const parts = [...text.matchAll(/([0-9]*\.?[0-9]+)(ms|h|m|s)/g)];
  if (parts.map(([part]) => part).join("") !== text || parts.length === 0) {
    throw new TypeError(`Cannot parse schedule: "${text}" is no duration`);
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
}

/** What is due. */
export interface Due {
  /** The latest time that was reached and not started; milliseconds. */
  readonly at?: number | undefined;
  /** More than 100 were missed: the clock jumped, or nobody looked for long. */
  readonly tooMany: boolean;
  /** When to look again; milliseconds. */
  readonly next: number | undefined;
}

const MAX_MISSED = 100;

/** The latest scheduled time up to `now` that has not been started, within `startingDeadlineSeconds`. */
export function dueAt(cronJob: CronJob, schedule: Schedule, now: number): Due {
  const { startingDeadlineSeconds } = cronJob.spec;
  const since = cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? "";
  let earliest = Date.parse(since);
  if (startingDeadlineSeconds !== undefined) {
    earliest = Math.max(earliest, now - startingDeadlineSeconds * 1000);
  }
  const next = schedule.next(now);
  let at: number | undefined;
  let missed = 0;
  for (let time = schedule.next(earliest); time !== undefined && time <= now;) {
    at = time;
    if (++missed > MAX_MISSED) return { at: latest(schedule, at, now), tooMany: true, next };
    time = schedule.next(time);
  }
  return { at, tooMany: false, next };
}

/** Steps from ever nearer to `now`, so that a long absence costs few steps. */
function latest(schedule: Schedule, known: number, now: number): number {
  let at = known;
  for (let from = (known + now) / 2; now - from > 1000; from = (from + now) / 2) {
    const time = schedule.next(from);
    if (time === undefined || time > now) break;
    at = time;
  }
  for (let time = schedule.next(at); time !== undefined && time <= now; time = schedule.next(at)) {
    at = time;
  }
  return at;
}
