import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import type { AuditEvent } from "./event.ts";
import { logBackend, type LogBackendOptions } from "./log_backend.ts";

const quiet = { event() {}, level() {}, rejected() {}, failed() {} };

function event(requestURI: string): AuditEvent {
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: "1",
    stage: "ResponseComplete",
    requestURI,
    verb: "get",
    user: {},
    requestReceivedTimestamp: "",
    stageTimestamp: "",
  };
}

async function withLog(
  options: Partial<LogBackendOptions>,
  test: (
    make: () => ReturnType<typeof logBackend>,
    place: { directory: string; clock: FakeClock },
  ) => unknown,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const clock = new FakeClock();
  const make = () =>
    logBackend({
      path: `${directory}/logs/audit.log`,
      maxAgeDays: 0,
      maxBackups: 0,
      maxSizeMb: 1,
      strict: false,
      clock,
      log: silentLog,
      metrics: quiet,
      ...options,
    });
  try {
    await test(make, { directory: `${directory}/logs`, clock });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const filesIn = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

Deno.test("logBackend() appends one line an event, for the owner's eyes alone", async () => {
  await withLog({}, async (make, { directory }) => {
    for (const uri of ["/a", "/b"]) {
      const backend = make();
      assert.equal(backend.process([event(uri), event(`${uri}2`)]), true);
      await backend.close();
    }
    const lines = (await Deno.readTextFile(`${directory}/audit.log`)).trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).requestURI), ["/a", "/a2", "/b", "/b2"]);
    assert.equal((await Deno.stat(`${directory}/audit.log`)).mode! & 0o777, 0o600);
  });
});

Deno.test("logBackend() begins another file when one is full, and keeps as many as it may", async () => {
  await withLog({ maxBackups: 2 }, async (make, { directory, clock }) => {
    const backend = make();
    for (let i = 0; i < 5; i++) {
      backend.process([event("x".repeat(700_000))]);
      await clock.advance(1000);
    }
    await backend.close();
    assert.deepEqual(filesIn(directory), [
      "audit-2026-01-01T00-00-03.000.log",
      "audit-2026-01-01T00-00-04.000.log",
      "audit.log",
    ]);
  });
});

Deno.test("logBackend() removes old files by the time in their names, and no others", async () => {
  await withLog({ maxAgeDays: 2 }, async (make, { directory }) => {
    const backend = make();
    await Deno.writeTextFile(`${directory}/audit-2025-12-29T00-00-00.000.log`, "");
    await Deno.writeTextFile(`${directory}/audit-2025-12-31T00-00-00.000.log`, "");
    await Deno.writeTextFile(`${directory}/audit-notes.log`, "");
    for (let i = 0; i < 2; i++) backend.process([event("x".repeat(700_000))]);
    await backend.close();
    assert.deepEqual(filesIn(directory), [
      "audit-2025-12-31T00-00-00.000.log",
      "audit-2026-01-01T00-00-00.000.log",
      "audit-notes.log",
      "audit.log",
    ]);
  });
});

for (const strict of [false, true]) {
  Deno.test(`logBackend() ${strict ? "fails the request" : "counts the loss"} when it cannot write`, async () => {
    let failed = 0;
    const metrics = {
      ...quiet,
      failed: (_plugin: string, count: number) => void (failed += count),
    };
    await withLog({ strict, metrics }, async (make) => {
      const backend = make();
      await backend.close();
      assert.equal(backend.process([event("/a")]), !strict);
      assert.equal(failed, 1);
    });
  });
}
