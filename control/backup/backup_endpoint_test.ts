import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { RequestContext } from "../server/request_context.ts";
import { backupEndpoint, backupPath } from "./backup_endpoint.ts";
import { sampleCluster } from "./sample_cluster.ts";
import { verifyBackup } from "./verify.ts";

function requestBy(name: string, ...groups: string[]): RequestContext {
  const info = { isResource: false, verb: "get", path: backupPath };
  return {
    req: { method: "GET" },
    var: { user: { name, groups }, info },
  } as unknown as RequestContext;
}
const admin = requestBy("admin", "system:masters", "system:authenticated");

async function setUp() {
  const clock = new FakeClock();
  const cluster = await sampleCluster(2000, { size: 200, clock });
  return { clock, answer: backupEndpoint({ ...cluster, clock, log: silentLog }) };
}

function refused(reason: string) {
  return (error: unknown) => error instanceof StatusError && error.reason === reason;
}

Deno.test("The backup endpoint sends a whole backup to system:masters", async () => {
  const { answer } = await setUp();
  const { body } = await answer(admin);
  assert.equal((await verifyBackup(body!)).manifest.objects, 2000);
});

Deno.test("The backup endpoint refuses everybody else, whatever RBAC gives them", async () => {
  const { answer } = await setUp();
  await assert.rejects(
    answer(requestBy("eve", "cluster-admins", "system:authenticated")),
    (error) => {
      assert.equal(
        (error as Error).message,
        'forbidden: User "eve" cannot get path "/coracle/v1/backup": only system:masters may back up the cluster and its keys',
      );
      return refused("Forbidden")(error);
    },
  );
});

Deno.test("The backup endpoint makes one backup at a time", async () => {
  const { answer } = await setUp();
  const { body } = await answer(admin);
  await assert.rejects(answer(admin), refused("TooManyRequests"));
  await body!.cancel();
  await (await answer(admin)).body!.cancel();
});

Deno.test("The backup endpoint answers GET alone, and gives up a client that never reads", async () => {
  const { clock, answer } = await setUp();
  const head = { ...admin, req: { method: "HEAD" } } as unknown as RequestContext;
  await assert.rejects(answer(head), refused("MethodNotAllowed"));
  await answer(admin);
  await clock.advance(61_000);
  await (await answer(admin)).body!.cancel();
});

Deno.test("The backup endpoint gives up a client that takes nothing for a minute", async () => {
  const { clock, answer } = await setUp();
  const reader = (await answer(admin)).body!.getReader();
  await reader.read();
  await clock.advance(59_000);
  await assert.rejects(answer(admin), refused("TooManyRequests"));
  await clock.advance(2_000);
  await assert.rejects(reader.read(), /has not taken anything/);
  await (await answer(admin)).body!.cancel();
});
