import type { RequestInfo } from "../server/request_context.ts";
import type { Work } from "./queue_set.ts";

/** What a resource's requests cost depends on. */
export interface ResourceLoad {
  readonly objects: number;
  /** Of all objects together. */
  readonly bytes: number;
  readonly watches: number;
}

export interface EstimateInput {
  readonly info: RequestInfo;
  /** Seats that the level lets one request have. */
  readonly maxSeats: number;
  /** The resource's load; undefined if it has no store here. Asked for only if it matters. */
  load(): ResourceLoad | undefined;
  query(name: string): string | null | undefined;
}

/** One seat for what a list has in memory at once. */
const bytesPerSeat = 100_000;
/** Lists are written piece by piece: more than this is never in memory. */
const maxListBytes = 1_000_000;
const maxMutatingSeats = 10;
const watchesPerSeat = 10;
/** How long a change keeps a seat busy for so many watches. */
const eventMs = 5;
const one: Work = { initialSeats: 1, finalSeats: 0, additionalMs: 0 };

/**
 * What a request is expected to cost: lists (and watches that begin with one) by what there is to list, writes by who
 * watches. Source: KEP-1040, "Width of the request"; the reference's work estimator.
 */
export function estimateWork(input: EstimateInput): Work {
  switch (input.info.verb) {
    case "list":
      return listWork(input);
    case "watch":
      return beginsWithState(input) ? listWork(input) : one;
    case "create":
    case "update":
    case "patch":
    case "delete":
      return writeWork(input);
    default:
      return one;
  }
}

function beginsWithState({ query }: EstimateInput): boolean {
  const initial = query("sendInitialEvents");
  if (initial === "true" || initial === "1") return true;
  const version = query("resourceVersion") ?? "";
  return version === "" || version === "0";
}

function listWork({ info, load: loadOf, maxSeats, query }: EstimateInput): Work {
  const load = loadOf();
  if (!load || load.objects === 0) return one;
  const limit = Number(query("limit") ?? 0);
  const objects = info.name !== "" ? 1 : limit > 0 ? Math.min(limit, load.objects) : load.objects;
  const bytes = Math.min(maxListBytes, objects * load.bytes / load.objects);
  const seats = Math.max(1, Math.min(maxSeats, Math.ceil(bytes / bytesPerSeat)));
  return seats === 1 ? one : { initialSeats: seats, finalSeats: 0, additionalMs: 0 };
}

function writeWork({ info, load, maxSeats }: EstimateInput): Work {
  // A token is no event.
  if (info.resource === "serviceaccounts" && info.subresource === "token") return one;
  const watches = load()?.watches ?? 0;
  if (watches < watchesPerSeat) return one;
  const wanted = Math.ceil(watches / watchesPerSeat);
  const finalSeats = Math.min(wanted, maxSeats, maxMutatingSeats);
  // The same work on fewer seats takes longer.
  return { initialSeats: 1, finalSeats, additionalMs: wanted * eventMs / finalSeats };
}
