import assert from "node:assert/strict";
import { linearize, type RegisterOperation } from "./linearizability.ts";

/** "2-5 w7" is a write of revision 7 called at 2 and answered at 5; "r7" a read of it, "-" no answer. */
function operation(line: string): RegisterOperation {
  const [, call, end, kind, number] = line.match(/^(\d+)-(\d*) ([wr])(\d+)$/)!;
  const revision = Number(number);
  return {
    name: line,
    call: Number(call),
    end: end === "" ? Infinity : Number(end),
    writes: kind === "w" ? revision : undefined,
    apply: (state) =>
      kind === "r"
        ? state.revision === revision ? state : undefined
        : state.revision < revision
        ? { revision, value: `${revision}` }
        : undefined,
  };
}

const cases: readonly { title: string; history: readonly string[]; holds: boolean }[] = [
  { title: "nothing", history: [], holds: true },
  { title: "a read of what was written before", history: ["1-2 w1", "3-4 r1"], holds: true },
  { title: "a stale read", history: ["1-2 w1", "3-4 w2", "5-6 r1"], holds: false },
  {
    title: "a read during the write, of either state",
    history: ["1-9 w1", "2-3 r0", "4-5 r1"],
    holds: true,
  },
  { title: "a read that goes back", history: ["1-9 w1", "2-3 r1", "4-5 r0"], holds: false },
  {
    title: "writes that overlap, in the order of revisions",
    history: ["1-5 w2", "2-6 w1", "7-8 r2"],
    holds: true,
  },
  { title: "revisions against real time", history: ["1-2 w2", "3-4 w1"], holds: false },
  {
    title: "an unanswered write that was seen",
    history: ["1- w1", "2-3 r0", "9-10 r1"],
    holds: true,
  },
  {
    title: "an unanswered write that was not seen",
    history: ["1- w1", "2-3 w2", "9-10 r2"],
    holds: true,
  },
  {
    title: "an unanswered write seen before it was called",
    history: ["5- w1", "2-3 r1"],
    holds: false,
  },
  {
    title: "an unanswered write seen and gone",
    history: ["1- w1", "2-3 r1", "4-5 r0"],
    holds: false,
  },
  { title: "a read of nothing that was written", history: ["1-2 w1", "3-4 r7"], holds: false },
];

for (const { title, history, holds } of cases) {
  Deno.test(`linearize() ${holds ? "accepts" : "refuses"} ${title}`, () => {
    const stuck = linearize(history.map(operation), { revision: 0, value: undefined });
    assert.equal(stuck === undefined, holds, stuck ?? "nothing is stuck");
  });
}

Deno.test("linearize() is quick about many clients and many unanswered writes", () => {
  const history: string[] = [];
  for (let i = 1; i <= 400; i++) {
    history.push(`${i * 10}-${i * 10 + 45} w${i}`, `${i * 10 + 46}-${i * 10 + 47} r${i}`);
    if (i % 10 === 0) history.push(`${i * 10}- w${i + 1000}`);
  }
  const initial = { revision: 0, value: undefined };
  assert.equal(linearize(history.map(operation), initial), undefined);
  const never = [...history, "9000-9001 r7"];
  assert.match(linearize(never.map(operation), initial) ?? "", /none of these can be next/);
});
