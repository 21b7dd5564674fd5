import assert from "node:assert/strict";
import type { Pod, PodStatus } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { StatusManager } from "./status_manager.ts";

function podAt(resourceVersion: string, status: PodStatus): Pod {
  const metadata = { namespace: "shop", name: "web", uid: "u1", resourceVersion };
  return { apiVersion: "v1", kind: "Pod", metadata, status };
}

function statusOf(ready: "True" | "False"): PodStatus {
  return { phase: "Running", conditions: [{ type: "Ready", status: ready }] };
}

function setUp() {
  const written: unknown[] = [];
  const patch = (_resource: unknown, _ref: unknown, { status }: { status: PodStatus }) => {
    written.push(status.conditions![0]!.status);
    return Promise.resolve(podAt("20", status));
  };
  const manager = new StatusManager({
    client: { patch } as unknown as Client,
    clock: new FakeClock(),
    log: silentLog,
    signal: new AbortController().signal,
  });
  return { manager, written };
}

Deno.test("StatusManager writes a status once, and not what the server has already", async () => {
  const { manager, written } = setUp();
  const pod = podAt("10", {});
  for (let count = 0; count < 2; count++) manager.set(pod, statusOf("True"));
  await manager.flush("u1");
  manager.seen(podAt("20", statusOf("True")));
  await manager.flush("u1");
  assert.deepEqual(written, ["True"]);
});

Deno.test("StatusManager seen() writes anew what somebody else changed, but heeds no old news", async () => {
  const { manager, written } = setUp();
  manager.set(podAt("10", {}), statusOf("True"));
  await manager.flush("u1");
  manager.seen(podAt("15", statusOf("False")));
  await manager.flush("u1");
  assert.deepEqual(written, ["True"]);
  manager.seen(podAt("21", statusOf("False")));
  await manager.flush("u1");
  assert.deepEqual(written, ["True", "True"]);
});
