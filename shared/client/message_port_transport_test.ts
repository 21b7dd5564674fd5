import assert from "node:assert/strict";
import { settle } from "../clock/fake_clock.ts";
import { portClient, type PortHandler, serveTransport } from "./message_port_transport.ts";
import type { TransportRequest } from "./transport.ts";

const user = { name: "system:kube-scheduler", groups: ["system:authenticated"] };

async function withPort(
  handle: PortHandler,
  test: (client: ReturnType<typeof portClient>) => Promise<void>,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const stop = serveTransport(port2, handle);
  try {
    await test(portClient(port1));
  } finally {
    stop();
    port1.close();
    port2.close();
  }
}

function whole(status: number, text: string) {
  return { status, text: () => Promise.resolve(text), async *stream() {} };
}

function streaming(stream: () => AsyncIterable<Uint8Array>) {
  return Promise.resolve({ status: 200, text: () => Promise.resolve(""), stream });
}

Deno.test("message port transport carries requests of several users, in any order of answers", async () => {
  const handle: PortHandler = async ({ path, user }) => {
    if (path === "/slow") await settle();
    return whole(201, `${user.name} ${path}`);
  };
  await withPort(handle, async (client) => {
    const [slow, quick] = await Promise.all([
      client.as(user).send({ method: "GET", path: "/slow" }),
      client.as({ name: "other", groups: [] }).send({ method: "GET", path: "/quick" }),
    ]);
    assert.equal(await slow.text(), "system:kube-scheduler /slow");
    assert.equal(await quick.text(), "other /quick");
    assert.equal(slow.status, 201);
  });
});

Deno.test("message port transport stops the sender when the reader does not read", async () => {
  let sent = 0;
  const handle: PortHandler = () =>
    streaming(async function* () {
      for (; sent < 1000; sent++) yield new Uint8Array([sent & 255]);
    });
  await withPort(handle, async (client) => {
    const response = await client.as(user).send({ method: "GET", path: "/x?watch=true" });
    await settle();
    assert(sent <= 65, `${sent} parts sent to a reader that took none`);
    let got = 0;
    for await (const chunk of response.stream()) assert.equal(chunk[0], got++ & 255);
    assert.equal(got, 1000);
  });
});

Deno.test("message port transport tells the server when the reader leaves or aborts", async () => {
  const ended: string[] = [];
  const handle: PortHandler = ({ signal, path }) =>
    streaming(async function* () {
      signal!.addEventListener("abort", () => ended.push(path));
      yield new Uint8Array([1]);
      await new Promise((resolve) => signal!.addEventListener("abort", resolve));
    });
  await withPort(handle, async (client) => {
    const left = await client.as(user).send({ method: "GET", path: "/left?watch=true" });
    for await (const _ of left.stream()) break;
    const abort = new AbortController();
    const request: TransportRequest = {
      method: "GET",
      path: "/aborted?watch=1",
      signal: abort.signal,
    };
    const aborted = await client.as(user).send(request);
    const reading = (async () => {
      for await (const _ of aborted.stream());
    })();
    abort.abort(new Error("enough"));
    await assert.rejects(reading, { message: "enough" });
    await settle();
    assert.deepEqual(ended, ["/left?watch=true", "/aborted?watch=1"]);
  });
});

Deno.test("message port transport rejects when the handler fails, before and within the body", async () => {
  const handle: PortHandler = ({ path }) => {
    if (!path.includes("watch")) return Promise.reject(new Error("no server"));
    return streaming(async function* () {
      yield new Uint8Array([1]);
      throw new Error("broken");
    });
  };
  await withPort(handle, async (client) => {
    await assert.rejects(client.as(user).send({ method: "GET", path: "/x" }), {
      message: "no server",
    });
    const response = await client.as(user).send({ method: "GET", path: "/x?watch=true" });
    await assert.rejects(response.text(), { message: "broken" });
  });
});
