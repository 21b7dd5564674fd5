import assert from "node:assert/strict";
import { systemClock } from "../../../shared/clock/clock.ts";
import { runtimeContract } from "../contract_suite.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { runScript } from "./script.ts";

runtimeContract("FakeRuntime", async () => {
  const runtime = new FakeRuntime(systemClock);
  runtime.addImage("localhost/busybox");
  return { runtime, image: "localhost/busybox:latest", directory: "/logs", close: async () => {} };
});

Deno.test("runScript() plays steps until one ends or goes on", () => {
  assert.deepEqual(runScript(["sh", "-c", "echo a; exit 2; echo b"]), {
    exitCode: 2,
    output: "a\n",
  });
  assert.equal(runScript(["sleep", "60"]).exitCode, undefined);
});
