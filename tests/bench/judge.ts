import { figure, table } from "../results/table.ts";
import type { Bar, Bound } from "./bars.ts";
import type { Figures } from "./figures.ts";

/** How a figure stands to its bar. `open`: there is nothing to hold it against. */
export type Verdict = "aim" | "reached" | "MISSED" | "open";

export interface Judgement {
  readonly bar: Bar;
  readonly reference: number | undefined;
  readonly own: number | undefined;
  /** How many times better than the reference. */
  readonly ratio: number | undefined;
  readonly verdict: Verdict;
}

/** Holds what was measured against each bar. Without a reference only absolute bounds can be judged. */
export function judge(
  bars: readonly Bar[],
  { own, reference }: { readonly own: Figures; readonly reference?: Figures | undefined },
): Judgement[] {
  return bars.map((bar) => {
    const ours = own[bar.figure];
    const theirs = reference?.[bar.figure];
    const ratio = ours === undefined || theirs === undefined
      ? undefined
      : better(bar, ours, theirs);
    const keeps = (bound: Bound) => {
      if ("atMost" in bound) return ours === undefined ? undefined : ours <= bound.atMost;
      return ratio === undefined ? undefined : ratio >= bound.times;
    };
    return { bar, reference: theirs, own: ours, ratio, verdict: verdictOf(bar, keeps) };
  });
}

/** The judgements as a table in Markdown. */
export function judgementTable(judgements: readonly Judgement[]): string {
  const show = (value: number | undefined, unit: string) =>
    value === undefined ? "–" : `${figure(value)} ${unit}`.replace(" /s", "/s");
  return table(
    ["", "reference", "Coracle", "better by", "must reach", "aim", "verdict"],
    judgements.map(({ bar, reference, own, ratio, verdict }) => [
      bar.title,
      show(reference, bar.unit),
      show(own, bar.unit),
      ratio === undefined ? "–" : `${figure(ratio)}×`,
      boundText(bar.must, bar.unit),
      bar.aim ? boundText(bar.aim, bar.unit) : "–",
      verdict,
    ]),
  );
}

/** Of rates more is better; of everything else less. */
function better(bar: Bar, ours: number, theirs: number): number {
  return bar.unit === "/s" ? ours / theirs : theirs / ours;
}

function verdictOf(bar: Bar, keeps: (bound: Bound) => boolean | undefined): Verdict {
  const must = keeps(bar.must);
  if (must === undefined) return "open";
  if (!must) return "MISSED";
  return bar.aim && keeps(bar.aim) ? "aim" : "reached";
}

function boundText(bound: Bound, unit: string): string {
  return "times" in bound ? `≥ ${bound.times}×` : `≤ ${bound.atMost} ${unit}`;
}
