import assert from "node:assert/strict";
import { settle } from "../clock/fake_clock.ts";
import {
  type PortAnswer,
  portClient,
  type PortHandler,
  serveTransport,
} from "./message_port_transport.ts";
import type { BodySource } from "../stream/body_writer.ts";
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

function whole(status: number, text: string): PortAnswer {
  return { status, body: new TextEncoder().encode(text) };
}

function streaming(source: BodySource): Promise<PortAnswer> {
  return Promise.resolve({ status: 200, source });
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
    streaming((writer) => {
      const pour = () => {
        while (sent < 1000) if (!writer.write(new Uint8Array([sent++ & 255]))) return;
        writer.end();
      };
      writer.onDrain(pour);
      pour();
    });
  await withPort(handle, async (client) => {
    const response = await client.as(user).send({ method: "GET", path: "/x?watch=true" });
    await settle();
    assert(sent <= 8, `${sent} parts sent to a reader that took none`);
    let got = 0;
    for await (const chunk of response.stream()) assert.equal(chunk[0], got++ & 255);
    assert.equal(got, 1000);
  });
});

Deno.test("message port transport tells the server when the reader leaves or aborts", async () => {
  const ended: string[] = [];
  const handle: PortHandler = ({ path }) =>
    streaming((writer) => {
      writer.onClose(() => ended.push(path));
      writer.write(new Uint8Array([1]));
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

Deno.test("message port transport rejects when the handler fails", async () => {
  const handle: PortHandler = () => Promise.reject(new Error("no server"));
  await withPort(handle, async (client) => {
    await assert.rejects(client.as(user).send({ method: "GET", path: "/x" }), {
      message: "no server",
    });
  });
});

Deno.test("message port transport sends a part of a buffer without the rest of it", async () => {
  const buffer = new TextEncoder().encode("secret answer");
  const handle: PortHandler = () => Promise.resolve({ status: 200, body: buffer.subarray(7) });
  const { port1, port2 } = new MessageChannel();
  const seen: unknown[] = [];
  const stop = serveTransport({
    addEventListener: (type, listener) => port2.addEventListener(type, listener),
    removeEventListener: (type, listener) => port2.removeEventListener(type, listener),
    postMessage(message) {
      seen.push(...message as unknown[]);
      port2.postMessage(message);
    },
    start: () => port2.start(),
  }, handle);
  const answer = await portClient(port1).as(user).send({ method: "GET", path: "/x" });
  assert.equal(await answer.text(), "answer");
  assert.equal((seen[0] as { body: Uint8Array }).body.buffer.byteLength, 6);
  stop();
  port1.close();
  port2.close();
});
