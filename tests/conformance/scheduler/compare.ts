import type { Decisions, Verdict } from "./decisions.ts";

/** In what `ours` differs from `theirs`, one line each. */
export function differences(ours: Decisions, theirs: Decisions): string[] {
  if (ours.error !== undefined || theirs.error !== undefined) {
    if (ours.error !== undefined && theirs.error !== undefined) return [];
    return [`error: ${ours.error} / ${theirs.error}`];
  }
  return [
    ...verdictDifference("all nodes", ours.preFilter, theirs.preFilter),
    ...nodeDifferences(ours.nodes ?? {}, theirs.nodes ?? {}),
    ...scoreDifferences(ours.scores ?? {}, theirs.scores ?? {}),
    ...(ours.message === theirs.message ? [] : [`message: ${ours.message} / ${theirs.message}`]),
    ...(ours.nominated === theirs.nominated
      ? []
      : [`nominated: ${ours.nominated} / ${theirs.nominated}`]),
  ];
}

function nodeDifferences(
  ours: NonNullable<Decisions["nodes"]>,
  theirs: NonNullable<Decisions["nodes"]>,
): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...names].flatMap((name) => verdictDifference(name, ours[name], theirs[name]));
}

function verdictDifference(
  where: string,
  ours: Verdict | undefined,
  theirs: Verdict | undefined,
): string[] {
  const [a, b] = [textOf(ours), textOf(theirs)];
  return a === b ? [] : [`${where}: ${a} / ${b}`];
}

function textOf(verdict: Verdict | undefined): string {
  if (!verdict) return "not looked at";
  const { code, plugin, reasons } = verdict;
  return code === "" || code === "Narrowed" ? code : `${code} ${plugin}: ${reasons?.join("; ")}`;
}

type Scores = NonNullable<Decisions["scores"]>;

/**
 * Plugin by plugin. A plugin that one side leaves out must give every node the same on the other: that decides nothing.
 */
function scoreDifferences(ours: Scores, theirs: Scores): string[] {
  const nodes = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  const plugins = new Set(
    [...Object.values(ours), ...Object.values(theirs)].flatMap((scores) => Object.keys(scores)),
  );
  return [...plugins].flatMap((plugin) => {
    const a = nodes.map((node) => ours[node]?.[plugin]);
    const b = nodes.map((node) => theirs[node]?.[plugin]);
    const isAbsent = (scores: typeof a) => scores.every((score) => score === undefined);
    const isFlat = (scores: typeof a) => new Set(scores).size === 1;
    if (isAbsent(a) && isFlat(b) || isAbsent(b) && isFlat(a)) return [];
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [`${plugin}: ${a} / ${b}`];
  });
}
