import { DurationError, parseDuration } from "../../../resource/duration.ts";

/** The bounds of one field of a schedule, and the names that stand for numbers in it. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "sun mon tue wed thu fri sat".split(" ");
const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: Object.fromEntries(months.map((name, i) => [name, i + 1])) },
  { min: 0, max: 6, names: Object.fromEntries(days.map((name, i) => [name, i])) },
];
const descriptors = [
  "@yearly",
  "@annually",
  "@monthly",
  "@weekly",
  "@daily",
  "@midnight",
  "@hourly",
];
const EVERY = "@every ";

/**
 * What is wrong with a schedule such as `0 3 * * mon-fri` or `@daily`, in the words that users of CronJobs know (those
 * of robfig/cron); undefined if nothing is.
 */
export function cronScheduleProblem(schedule: string): string | undefined {
  if (schedule.startsWith("@")) return descriptorProblem(schedule);
  const fields = schedule.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== bounds.length) {
    return `expected exactly ${bounds.length} fields, found ${fields.length}: [${
      fields.join(" ")
    }]`;
  }
  for (const [i, field] of fields.entries()) {
    const problem = fieldProblem(field, bounds[i]!);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function descriptorProblem(schedule: string): string | undefined {
  if (descriptors.includes(schedule)) return undefined;
  if (!schedule.startsWith(EVERY)) return `unrecognized descriptor: ${schedule}`;
  const problem = durationProblem(schedule.slice(EVERY.length));
  return problem === undefined ? undefined : `failed to parse duration ${schedule}: ${problem}`;
}

function durationProblem(text: string): string | undefined {
  try {
    parseDuration(text);
    return undefined;
  } catch (error) {
    if (error instanceof DurationError) return error.message;
    throw error;
  }
}

function fieldProblem(field: string, { min, max, names }: Bounds): string | undefined {
  for (const part of field.split(",").filter((text) => text !== "")) {
    const problem = rangeProblem(part, min, max, names);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function rangeProblem(
  text: string,
  min: number,
  max: number,
  names: Bounds["names"],
): string | undefined {
  const [range, ...steps] = text.split("/");
  const [low, ...highs] = range!.split("-");
  let start = min;
  let end = max;
  if (low !== "*" && low !== "?") {
    if (highs.length > 1) return `too many hyphens: ${text}`;
    const first = numberOf(low!, names);
    const last = highs.length === 0 ? first : numberOf(highs[0]!, names);
    if (typeof first === "string") return first;
    if (typeof last === "string") return last;
    start = first;
    end = highs.length === 0 && steps.length > 0 ? max : last;
  }
  if (steps.length > 1) return `too many slashes: ${text}`;
  const step = steps.length === 0 ? 1 : numberOf(steps[0]!, undefined);
  if (typeof step === "string") return step;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${text}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** A number, or what is wrong with it. */
function numberOf(text: string, names: Bounds["names"]): number | string {
  const named = names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[+-]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${
      JSON.stringify(text)
    }: invalid syntax`;
  }
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
