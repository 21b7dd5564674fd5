import assert from "node:assert/strict";
import { apiBars, type Bar, schedulerBars } from "./bars.ts";
import { judge, judgementTable, type Verdict } from "./judge.ts";

const rate: Bar = {
  title: "gets",
  figure: "get/rate",
  unit: "/s",
  must: { times: 2 },
  aim: { times: 3 },
};
const latency: Bar = { ...rate, unit: "ms", figure: "list/p50" };
const start: Bar = {
  title: "start",
  figure: "start",
  unit: "s",
  must: { times: 4 },
  aim: { atMost: 0.3 },
};
const limit: Bar = { title: "limit", figure: "limit", unit: "s", must: { atMost: 2 } };

const cases: readonly [
  bar: Bar,
  reference: number | undefined,
  own: number | undefined,
  ratio: number | undefined,
  verdict: Verdict,
][] = [
  [rate, 100, 150, 1.5, "MISSED"],
  [rate, 100, 200, 2, "reached"],
  [rate, 100, 300, 3, "aim"],
  [rate, undefined, 300, undefined, "open"],
  [rate, 100, undefined, undefined, "open"],
  [latency, 100, 60, 100 / 60, "MISSED"],
  [latency, 100, 50, 2, "reached"],
  [latency, 100, 25, 4, "aim"],
  [start, 2, 0.5, 4, "reached"],
  [start, 2, 0.25, 8, "aim"],
  [start, 1, 0.3, 1 / 0.3, "MISSED"],
  [limit, undefined, 2, undefined, "reached"],
  [limit, undefined, 2.1, undefined, "MISSED"],
];
for (const [bar, reference, own, ratio, verdict] of cases) {
  Deno.test(`judge() finds ${own} ${bar.unit} beside ${reference}: ${verdict}`, () => {
    const figures = (value: number | undefined) =>
      value === undefined ? {} : { [bar.figure]: value };
    const [judgement] = judge([bar], { own: figures(own), reference: figures(reference) });
    assert.deepEqual(judgement, { bar, reference, own, ratio, verdict });
  });
}

Deno.test("judgementTable() shows both figures, the ratio, both bounds and the verdict", () => {
  const own = { "get/rate": 16000, limit: 1.5 };
  const text = judgementTable(judge([rate, limit], { own, reference: { "get/rate": 4000 } }));
  const [, , gets, limited] = text.split("\n").map((line) => line.replaceAll(/ +/g, " "));
  assert.equal(gets, "| gets | 4,000/s | 16,000/s | 4.00× | ≥ 2× | ≥ 3× | aim |");
  assert.equal(limited, "| limit | – | 1.50 s | – | ≤ 2 s | – | reached |");
});

Deno.test("no two bars are about the same figure, and every aim is beyond its bar", () => {
  const bars = [...apiBars, ...schedulerBars];
  assert.equal(new Set(bars.map((bar) => bar.figure)).size, bars.length);
  for (const { title, must, aim } of bars) {
    if (aim && "times" in aim && "times" in must) assert.ok(aim.times > must.times, title);
  }
});
