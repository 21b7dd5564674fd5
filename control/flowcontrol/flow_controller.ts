import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from "../../shared/api/flowcontrol/v1/types.gen.ts";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import { divideSeats } from "./concurrency_allocation.ts";
import { type SchemaMatcher, schemaMatcher } from "./flow_schema_rules.ts";
import { PriorityLevel } from "./priority_level.ts";
import { type FlowSeries, type FlowSeriesOf, silentSeries } from "./flow_series.ts";

/** A FlowSchema as requests meet it. */
export interface Schema {
  readonly name: string;
  /** The headers that name it and its level, by their ids. */
  readonly ids: Readonly<Record<string, string>>;
  readonly level: PriorityLevel;
  readonly series: FlowSeries;
  readonly byUser: boolean;
  readonly byNamespace: boolean;
  readonly matches: SchemaMatcher;
}

export interface FlowControllerOptions {
  readonly clock: Clock;
  /** Seats of all levels together. */
  readonly seats: number;
  /** Used in place of the objects of these names, should they be missing: `exempt` and `catch-all`. */
  readonly mandatory: FlowObjects;
  /** What is counted of a level's schema; default: nothing. */
  readonly series?: FlowSeriesOf;
}

export interface FlowObjects {
  readonly schemas: readonly FlowSchema[];
  readonly levels: readonly PriorityLevelConfiguration[];
}

/** How often seats are lent anew. */
const adjustmentMs = 10_000;

/**
 * Divides the server's seats among the priority levels and finds the level of each request, by the FlowSchemas and
 * PriorityLevelConfigurations that there are (KEP-1040).
 */
export class FlowController {
  readonly #options: FlowControllerOptions;
  #levels = new Map<string, PriorityLevel>();
  #schemas: readonly Schema[] = [];
  #timer: Timer | undefined;

  constructor(options: FlowControllerOptions) {
    this.#options = options;
    this.configure({ schemas: [], levels: [] });
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values();
  }

  /** Lends seats from time to time, until `stop`. */
  run(): void {
    this.#timer = this.#options.clock.after(adjustmentMs, () => {
      this.adjust();
      this.run();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Takes over all objects as they are now. A schema whose level is missing counts for nothing. */
  configure({ schemas, levels }: FlowObjects): void {
    const { clock, seats, mandatory } = this.#options;
    const old = this.#levels;
    const wanted = withMandatory(levels, mandatory.levels);
    this.#levels = new Map();
    for (const object of wanted) {
      const name = object.metadata.name!;
      const level = old.get(name) ?? new PriorityLevel(name, clock);
      level.configure(object);
      this.#levels.set(name, level);
    }
    const shares = [...this.#levels.values()].reduce((sum, level) => sum + level.shares, 0);
    for (const level of this.#levels.values()) {
      level.divide(seats, shares, !old.has(level.name));
    }
    const all = withMandatory(schemas, mandatory.schemas);
    this.#schemas = all.toSorted(byPrecedence).flatMap((schema) => this.#schema(schema));
    this.adjust();
  }

  /** The schema of a request: the first that matches, else `catch-all`. */
  classify(user: UserInfo, info: RequestInfo): Schema {
    for (const schema of this.#schemas) if (schema.matches(user, info)) return schema;
    return this.#schemas.find(({ name }) => name === "catch-all")!;
  }

  /** Lends seats of levels that did not need theirs to those that could have used more. */
  adjust(): void {
    const now = this.#options.clock.monotonic();
    const levels = [...this.#levels.values()];
    const least = new Map(levels.map((level) => [level, level.observeDemand(now)]));
    const limited = levels.filter(({ exempt }) => !exempt);
    const total = levels.reduce((sum, { nominal }) => sum + nominal, 0);
    const sum = (of: (level: PriorityLevel) => number) =>
      limited.reduce((all, level) => all + of(level), 0);
    const left = levels.filter(({ exempt }) => exempt)
      .reduce((all, level) => all - least.get(level)!, total);
    const lowest = sum(({ lower }) => lower);
    const minimum = sum((level) => least.get(level)!);
    for (const level of levels) if (level.exempt) level.queues.setLimit(least.get(level)!);
    if (left <= minimum) {
      // Not even enough for that: everybody gives way alike, down to what is its own.
      const part = left <= lowest ? 0 : (left - lowest) / (minimum - lowest);
      for (const level of limited) {
        level.queues.setLimit(level.lower + Math.round((least.get(level)! - level.lower) * part));
      }
      return;
    }
    const { seats } = divideSeats(
      total,
      limited.map((level) => ({
        target: Math.max(least.get(level)!, level.smoothed),
        lower: least.get(level)!,
        upper: level.upper,
      })),
    );
    for (const [i, level] of limited.entries()) level.queues.setLimit(Math.round(seats[i]!));
  }

  #schema(object: FlowSchema): Schema[] {
    const level = this.#levels.get(object.spec.priorityLevelConfiguration?.name ?? "");
    if (!level) return [];
    const { name = "", uid = "" } = object.metadata;
    const distinguisher = object.spec.distinguisherMethod?.type;
    return [{
      name,
      ids: {
        "x-kubernetes-pf-flowschema-uid": uid,
        "x-kubernetes-pf-prioritylevel-uid": level.uid,
      },
      level,
      series: this.#options.series?.(level.name, name) ?? silentSeries,
      byUser: distinguisher === "ByUser",
      byNamespace: distinguisher === "ByNamespace",
      matches: schemaMatcher(object),
    }];
  }
}

interface Named {
  readonly metadata: { readonly name?: string | undefined };
}

function withMandatory<T extends Named>(
  objects: readonly T[],
  mandatory: readonly T[],
): readonly T[] {
  const names = new Set(objects.map(({ metadata }) => metadata.name));
  return [...objects, ...mandatory.filter(({ metadata }) => !names.has(metadata.name))];
}

function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0);
  if (difference !== 0) return difference;
  return a.metadata.name! < b.metadata.name! ? -1 : 1;
}
