import assert from "node:assert/strict";
import type { HistoryAnswer, HistoryItem } from "../../control/endpoints/past/object_history.ts";
import { diffLines, historyLines } from "./history_lines.ts";

interface State {
  readonly type: HistoryItem["type"];
  readonly managers: Readonly<Record<string, string>>;
  readonly spec?: Record<string, unknown>;
}

function answerOf(states: readonly State[]): HistoryAnswer {
  const items = states.map(({ type, managers, spec }, index) => ({
    type,
    revision: String(index + 10),
    ...(type !== "KEPT" && { time: `2026-01-02T15:04:0${index}.123456Z` }),
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "web",
        managedFields: Object.entries(managers).map(([name, time]) => {
          const [manager, subresource] = name.split("/") as [string, string?];
          return { manager, time, ...(subresource && { subresource }) };
        }),
      },
      spec,
    },
  }));
  return { kind: "ObjectHistory", apiVersion: "coracle.dev/v1", metadata: {}, items };
}

const life = answerOf([
  { type: "KEPT", managers: { kubectl: "1" }, spec: { replicas: 1 } },
  { type: "MODIFIED", managers: { kubectl: "1", "autoscaler/scale": "2" }, spec: { replicas: 2 } },
  { type: "MODIFIED", managers: { kubectl: "1", "autoscaler/scale": "2" }, spec: { replicas: 3 } },
  { type: "MODIFIED", managers: { kubectl: "3", "autoscaler/scale": "3" }, spec: { replicas: 3 } },
  { type: "DELETED", managers: { kubectl: "3" }, spec: { replicas: 3 } },
  { type: "ADDED", managers: { helm: "4" }, spec: { a: 1, b: 2, c: 3, d: { e: 4 } } },
  {
    type: "MODIFIED",
    managers: { helm: "5" },
    spec: { b: "x".repeat(99), d: { e: 5 }, f: 1, g: 2 },
  },
]);

Deno.test("historyLines() says when, by whom and what, one change a line", () => {
  assert.deepEqual(historyLines(life), [
    "REVISION   TIME                   BY                            CHANGE",
    "10         <unknown>              kubectl                       older than what is kept",
    "11         2026-01-02T15:04:01Z   autoscaler (scale)            spec.replicas: 1 → 2",
    "12         2026-01-02T15:04:02Z   autoscaler (scale)            spec.replicas: 2 → 3",
    "13         2026-01-02T15:04:03Z   kubectl, autoscaler (scale)   nothing but bookkeeping",
    "14         2026-01-02T15:04:04Z   <unknown>                     deleted",
    "15         2026-01-02T15:04:05Z   helm                          created",
    "16         2026-01-02T15:04:06Z   helm                          -spec.a, spec.b, -spec.c, 3 more",
  ]);
});

Deno.test("historyLines() names nobody where two managers wrote last and nothing tells which", () => {
  const managers = { one: "1", two: "1" };
  const lines = historyLines(answerOf([
    { type: "ADDED", managers, spec: { a: 1 } },
    { type: "MODIFIED", managers, spec: { a: 2 } },
  ]));
  assert.match(lines[2]!, /<unknown>\s+spec\.a: 1 → 2$/);
});

Deno.test("diffLines() shows every field before and after", () => {
  const lines = diffLines(life);
  assert.deepEqual(lines.slice(0, 6), [
    "10  <unknown>  kubectl  older than what is kept",
    "",
    "11  2026-01-02T15:04:01Z  autoscaler (scale)  changed",
    "  spec.replicas",
    "  - 1",
    "  + 2",
  ]);
  assert.deepEqual(lines.slice(-5), ["  + 5", "  spec.f", "  + 1", "  spec.g", "  + 2"]);
});
