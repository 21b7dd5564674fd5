import type { CelValue } from "../values/value.ts";

/** The cost of walking a text once, for each character. */
export const TEXT_FACTOR = 0.1;
/** The cost of a pattern, for each character of it. */
export const PATTERN_FACTOR = 0.25;
/** What is made costs this much. */
export const LIST_COST = 10;
export const MAP_COST = 30;
export const STRUCT_COST = 40;
/** An authorization check; two fit into an evaluation. */
export const CHECK_COST = 350_000;

/** A call that was made. */
export interface MadeCall {
  readonly function: string;
  /** "" if it was not known before which overload it is. */
  readonly overload: string;
  /** The receiver first. */
  readonly args: readonly CelValue[];
  readonly result: CelValue;
}
