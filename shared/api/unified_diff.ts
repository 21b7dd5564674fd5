/** How many equal lines are shown before and after a change. */
const CONTEXT = 3;
/** Beyond this many differing lines the shortest difference is not looked for. */
const MAX_LINES = 4000;

/**
 * The difference of two texts in unified format, without file names: `@@ -1,4 +1,4 @@`, then lines that begin with
 * a space, `-` or `+`. Ends with a newline; empty for equal texts.
 */
export function unifiedDiff(before: string, after: string): string {
  const a = before.split("\n");
  const b = after.split("\n");
  const edits = editsOf(a, b);
  let out = "";
  for (const hunk of hunksOf(edits)) {
    out += `@@ -${range(hunk.fromA, hunk.countA)} +${range(hunk.fromB, hunk.countB)} @@\n`;
    for (const { mark, line } of hunk.edits) out += `${mark}${line}\n`;
  }
  return out;
}

interface Edit {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}
interface Hunk {
  readonly edits: readonly Edit[];
  /** Number of the first line, from 1, and how many there are, in either text. */
  readonly fromA: number;
  readonly countA: number;
  readonly fromB: number;
  readonly countB: number;
}

function range(from: number, count: number): string {
  return count === 1 ? String(from) : `${from},${count}`;
}

function editsOf(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (lines: readonly string[]) => lines.map((line): Edit => ({ mark: " ", line }));
  return [
    ...same(a.slice(0, start)),
    ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

/** Longest common subsequence by table: the texts are specs, and their equal ends are gone already. */
function changed(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const removed = (line: string): Edit => ({ mark: "-", line });
  const added = (line: string): Edit => ({ mark: "+", line });
  if (a.length * b.length > MAX_LINES * MAX_LINES) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      edits.push({ mark: " ", line: a[i]! });
      i++;
      j++;
    } else if (
      i < a.length &&
      (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) edits.push(removed(a[i++]!));
    else edits.push(added(b[j++]!));
  }
  return edits;
}

function hunksOf(edits: readonly Edit[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let lineA = 1;
  let lineB = 1;
  let at = 0;
  const advance = (to: number) => {
    for (; at < to; at++) {
      if (edits[at]!.mark !== "+") lineA++;
      if (edits[at]!.mark !== "-") lineB++;
    }
  };
  for (const { from, to } of changesOf(edits)) {
    advance(from);
    const part = edits.slice(from, to);
    hunks.push({
      edits: part,
      fromA: lineA,
      countA: part.filter(({ mark }) => mark !== "+").length,
      fromB: lineB,
      countB: part.filter(({ mark }) => mark !== "-").length,
    });
    advance(to);
  }
  return hunks;
}

/** The stretches to show: changes with context, joined where their contexts touch. */
function changesOf(edits: readonly Edit[]): readonly { from: number; to: number }[] {
  const stretches: { from: number; to: number }[] = [];
  edits.forEach(({ mark }, i) => {
    if (mark === " ") return;
    const last = stretches.at(-1);
    const from = Math.max(0, i - CONTEXT);
    const to = Math.min(edits.length, i + 1 + CONTEXT);
    if (last && from <= last.to) last.to = to;
    else stretches.push({ from, to });
  });
  return stretches;
}
