import assert from "node:assert/strict";
import { idleBars, type IdleFindings, idleReport } from "./idle_report.ts";

const start = { cpuMs: 1000, rssMb: 90, pssMb: 80, writtenKb: 50, wakeups: 10 };
const server = { cpuMs: 7000, rssMb: 110, pssMb: 100, writtenKb: 850, wakeups: 1210 };
const conmon = { cpuMs: 1000, rssMb: 30, pssMb: 5, writtenKb: 50, wakeups: 10 };
const findings: IdleFindings = {
  command: "deno task bench idle",
  machine: { cores: 2, memoryGb: 4, kernel: "6.1.0", fsyncP50Ms: 1, fsyncP99Ms: 2 },
  minutes: 10,
  pods: 10,
  parts: [
    { name: "server", processes: 1, before: start, after: server },
    { name: "conmon", processes: 10, before: start, after: conmon },
  ],
  grownKb: 300,
};

Deno.test("idleBars() counts everybody's processor and writes, but the memory of server and agent", () => {
  assert.deepEqual(idleBars(findings).map(({ title, value }) => [title, value]), [
    ["processor, all processes", 1],
    ["written, all processes", 80],
    ["server's memory", 110],
    ["agent's memory", 0],
    ["memory of both", 110],
  ]);
});

Deno.test("idleReport() says who used what, and whether the bars are held", () => {
  const text = idleReport(findings).replaceAll(/ +/g, " ");
  assert.match(text, /\| processor, all processes \| 1.00 % \| ≤ 2 % \| ≤ 0.5 % \| reached \|/);
  assert.match(text, /\| server \| 1.00 \| 1.00 \| 80.0 \| 2.00 \| 110 \| 100 \|/);
  assert.match(text, /grew by 30.0 KB\/min/);
});
