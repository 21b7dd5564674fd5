import assert from "node:assert/strict";
import { Hono } from "hono";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { Env, Filter } from "../request_context.ts";
import { maxInFlight } from "./max_in_flight.ts";
import { requestDeadline } from "./request_deadline.ts";
import { requestInfo } from "./request_info.ts";

/** An app whose answers come when `answer` is called, and none before. */
function slowApp(filter: Filter) {
  const waiting: (() => void)[] = [];
  const app = new Hono<Env>();
  app.use(requestInfo());
  app.use((c, next) => {
    c.set("user", { name: "ada", groups: [] });
    return next();
  });
  app.use(filter);
  app.all("*", async (c) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return c.text("done");
  });
  app.onError((error) =>
    Response.json((error as StatusError).toStatus(), { status: (error as StatusError).code })
  );
  const ask = (path: string, method = "GET") => Promise.resolve(app.request(path, { method }));
  return { ask, answer: () => waiting.shift()!() };
}

const text = async (response: Promise<Response>) => {
  const found = await response;
  return [found.status, await found.text()] as const;
};

Deno.test("requestDeadline() answers 504 with the reference's Status when a request takes too long", async () => {
  const clock = new FakeClock();
  const { ask } = slowApp(requestDeadline({ clock, timeoutMs: 60_000 }));
  const asked = ask("/api/v1/pods");
  await clock.advance(59_999);
  const later = ask("/api/v1/pods");
  await clock.advance(1);
  assert.deepEqual(await text(asked), [
    504,
    '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
  ]);
  await clock.advance(60_000);
  assert.equal((await later).status, 504);
});

Deno.test("requestDeadline() gives a request the time that it asks for, up to the server's own", async () => {
  const clock = new FakeClock();
  const { ask } = slowApp(requestDeadline({ clock, timeoutMs: 60_000 }));
  const short = ask("/api/v1/pods?timeout=5s");
  const long = ask("/api/v1/pods?timeout=5m");
  await clock.advance(5_000);
  assert.equal((await short).status, 504);
  await clock.advance(55_000);
  assert.equal((await long).status, 504);
});

Deno.test("requestDeadline() leaves answers that come in time, and what is long-running", async () => {
  const clock = new FakeClock();
  const { ask, answer } = slowApp(requestDeadline({ clock, timeoutMs: 60_000 }));
  const quick = ask("/api/v1/pods");
  const watch = ask("/api/v1/pods?watch=true");
  await clock.advance(30_000);
  answer();
  assert.deepEqual(await text(quick), [200, "done"]);
  await clock.advance(3600_000);
  answer();
  assert.deepEqual(await text(watch), [200, "done"]);
});

Deno.test("requestDeadline() refuses a time that is none", async () => {
  const { ask } = slowApp(requestDeadline({ clock: new FakeClock(), timeoutMs: 60_000 }));
  const response = await ask("/api/v1/pods?timeout=soon");
  assert.equal(response.status, 400);
  assert.equal(
    (await response.json()).message,
    'invalid timeout specified in the request URL - time: invalid duration "soon"',
  );
});

Deno.test("maxInFlight() bounds reads and writes each, and neither watches", async () => {
  const { ask, answer } = slowApp(maxInFlight({ reads: 1, writes: 1 }));
  const read = ask("/api/v1/pods");
  const write = ask("/api/v1/namespaces/a/pods", "POST");
  const watch = ask("/api/v1/pods?watch=true");
  const refused = await ask("/api/v1/pods");
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.deepEqual(await text(Promise.resolve(refused)), [
    429,
    "Too many requests, please try again later.\n",
  ]);
  assert.equal((await ask("/api/v1/namespaces/a/pods", "POST")).status, 429);
  for (const _ of [read, write, watch]) answer();
  assert.deepEqual((await Promise.all([read, write, watch])).map(({ status }) => status), [
    200,
    200,
    200,
  ]);
  const again = ask("/api/v1/pods");
  await Promise.resolve();
  answer();
  assert.equal((await again).status, 200);
});
