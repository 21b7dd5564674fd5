import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { layoutOf } from "../layout.ts";
import { Daemon, lastWordsOf } from "./daemon.ts";
import { machineProcesses, type Processes, type ProcessId } from "./processes.ts";

/** Processes that end when they are told to, or only when they are killed. */
class FakeProcesses implements Processes {
  readonly alive = new Map<number, string>();
  readonly signals: string[] = [];
  stubborn = false;
  #next = 100;

  start(): Promise<ProcessId> {
    const id = { pid: this.#next++, started: "5" };
    this.alive.set(id.pid, id.started);
    return Promise.resolve(id);
  }

  isAlive({ pid, started }: ProcessId): boolean {
    return this.alive.get(pid) === started;
  }

  signal({ pid }: ProcessId, signal: "SIGTERM" | "SIGKILL"): void {
    this.signals.push(signal);
    if (signal === "SIGKILL" || !this.stubborn) this.alive.delete(pid);
  }
}

async function withDaemon(
  test: (daemon: Daemon, processes: FakeProcesses, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const layout = layoutOf(await Deno.makeTempDir());
  const processes = new FakeProcesses();
  const clock = new FakeClock();
  try {
    for (const directory of [layout.runDir, layout.logDir]) await Deno.mkdir(directory);
    await test(new Daemon("server", layout, { processes, clock }), processes, clock);
  } finally {
    await Deno.remove(layout.dataDir, { recursive: true });
  }
}

Deno.test("Daemon is found by its record after a start, and gone after a stop", () =>
  withDaemon(async (daemon, processes) => {
    assert.equal(daemon.find(), undefined);
    const id = await daemon.start("deno", { args: [], settings: ["--a=1"] });
    assert.deepEqual(daemon.find(), id);
    assert.equal(await daemon.stop(1000), true);
    assert.deepEqual(processes.signals, ["SIGTERM"]);
    assert.equal(daemon.find(), undefined);
    assert.equal(await daemon.stop(1000), false);
  }));

Deno.test("Daemon tells whether it runs with the same settings", () =>
  withDaemon(async (daemon) => {
    assert.equal(daemon.alreadyRuns("Server", ["--a=1"]), undefined);
    await daemon.start("deno", { args: [], settings: ["--a=1"] });
    assert.equal(daemon.alreadyRuns("Server", ["--a=1"]), "Server runs already (process 100)");
    assert.match(daemon.alreadyRuns("Server", ["--a=2"]) ?? "", /with other settings; yours take/);
  }));

Deno.test("Daemon does not take another process for its own that got the same number", () =>
  withDaemon(async (daemon, processes) => {
    const { pid } = await daemon.start("deno", { args: [], settings: ["--a=1"] });
    processes.alive.set(pid, "later");
    assert.equal(daemon.find(), undefined);
    assert.equal(await daemon.stop(1000), false);
    assert.deepEqual(processes.signals, []);
  }));

Deno.test("Daemon stop() kills what does not end in time", () =>
  withDaemon(async (daemon, processes, clock) => {
    processes.stubborn = true;
    await daemon.start("deno", { args: [], settings: ["--a=1"] });
    const stopped = daemon.stop(1000);
    await clock.advance(1100);
    assert.equal(await stopped, true);
    assert.deepEqual(processes.signals, ["SIGTERM", "SIGKILL"]);
  }));

const said: readonly [title: string, lines: string[], want: string | undefined][] = [
  ["the line that the program ended with", [
    '{"level":"error","msg":"A"}',
    "coracle: Cannot listen",
  ], "Cannot listen"],
  [
    "an uncaught error",
    ["error: Uncaught (in promise) Error: no", "    at x"],
    "error: Uncaught (in promise) Error: no",
  ],
  ["the last error logged", [
    '{"level":"error","msg":"A","error":"b"}',
    '{"level":"info","msg":"C"}',
  ], "A: b"],
  ["nothing", ['{"level":"info","msg":"C"}', ""], undefined],
];
for (const [title, lines, want] of said) {
  Deno.test(`lastWordsOf() gives ${title}`, () =>
    assert.equal(lastWordsOf(lines.join("\n")), want));
}

Deno.test("machineProcesses start a program that outlives us, with its output in the log", async () => {
  const directory = await Deno.makeTempDir({ prefix: "with blanks " });
  const logFile = `${directory}/a.log`;
  try {
    await Deno.writeTextFile(logFile, "before\n");
    const id = await machineProcesses.start({
      program: "/bin/sh",
      args: ["-c", 'echo "$1"; exec cat /dev/zero >/dev/null', "sh", "it's $HOME"],
      logFile,
    });
    assert.ok(machineProcesses.isAlive(id));
    assert.equal(machineProcesses.isAlive({ ...id, started: "1" }), false);
    while (!(await Deno.readTextFile(logFile)).includes("HOME")) await new Promise(setImmediate);
    machineProcesses.signal(id, "SIGKILL");
    while (machineProcesses.isAlive(id)) await new Promise(setImmediate);
    assert.equal(await Deno.readTextFile(logFile), "before\nit's $HOME\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
