import assert from "node:assert/strict";
import { BufferPool } from "./frame_writer.ts";
import { type Frame, FrameReader } from "./frame_reader.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { errorCodes, flags, frameTypes, preface, settings } from "./protocol.ts";
import { ServerConnection, type StreamHandler } from "./server_connection.ts";
import { type ServerStream, StreamReset } from "./server_stream.ts";

/** The client's end, frame by frame. What the server writes is read at once, unless `deaf`. */
class Client {
  readonly server: ServerConnection;
  readonly frames: Frame[] = [];
  readonly failures: string[] = [];
  ended = false;
  deaf = false;
  #sent: (() => void)[] = [];
  readonly #encoder = new HpackEncoder();
  readonly #reader = new FrameReader(1 << 20);

  constructor(handle: StreamHandler) {
    this.server = new ServerConnection({
      handle,
      encoder: new HpackEncoder(),
      pool: new BufferPool(),
      defer: queueMicrotask,
      failed: (error) => this.failures.push(error.message),
      wire: {
        write: (bytes, sent) => {
          const copy = bytes.slice();
          this.#reader.push(copy, (frame) => {
            this.frames.push({ ...frame, payload: frame.payload.slice() });
            return true;
          });
          if (this.deaf) this.#sent.push(sent);
          else queueMicrotask(sent);
        },
        end: () => void (this.ended = true),
        destroy: () => void (this.ended = true),
      },
    });
    this.server.push(preface);
    this.frame(frameTypes.settings, 0, 0);
  }

  /** Reads what it has left unread until now. */
  catchUp(): void {
    for (const sent of this.#sent.splice(0)) sent();
  }

  frame(
    type: number,
    flagBits: number,
    stream: number,
    payload: Uint8Array = new Uint8Array(),
  ): void {
    const head = [
      payload.length >> 16,
      payload.length >> 8 & 255,
      payload.length & 255,
      type,
      flagBits,
    ];
    const id = [stream >>> 24, stream >> 16 & 255, stream >> 8 & 255, stream & 255];
    this.server.push(new Uint8Array([...head, ...id, ...payload]));
  }

  request(
    stream: number,
    { method = "GET", path = "/", body = false, fields = [] as [string, string][] } = {},
  ): void {
    const block = this.#encoder.encode([
      [":method", method],
      [":scheme", "https"],
      [":authority", "host"],
      [":path", path],
      ...fields,
    ]);
    this.frame(frameTypes.headers, flags.endHeaders | (body ? 0 : flags.endStream), stream, block);
  }

  widen(stream: number, by: number): void {
    this.frame(frameTypes.windowUpdate, 0, stream, uint32(by));
  }

  of(type: number, stream?: number): Frame[] {
    return this.frames.filter((f) =>
      f.type === type && (stream === undefined || f.stream === stream)
    );
  }

  body(stream: number): Uint8Array {
    return new Uint8Array(this.of(frameTypes.data, stream).flatMap(({ payload }) => [...payload]));
  }

  goAway(): number | undefined {
    return this.of(frameTypes.goAway).at(-1)?.payload[7];
  }
}

const uint32 = (value: number) =>
  new Uint8Array([value >>> 24, value >> 16 & 255, value >> 8 & 255, value & 255]);
const turn = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8) & 255);

Deno.test("ServerConnection answers a request with head and body", async () => {
  const client = new Client(async (stream) => {
    stream.respond(200, [["content-type", "text/plain"]]);
    stream.end(new TextEncoder().encode(`${stream.head.method} ${stream.head.path}`));
  });
  client.request(1, { path: "/a?b=c" });
  await turn();
  const [head] = client.of(frameTypes.headers, 1);
  const { headers } = new HpackDecoder({ maxTable: 4096, maxList: 65_536 }).decode(head!.payload);
  assert.deepEqual(headers, [[":status", "200"], ["content-type", "text/plain"]]);
  assert.equal(new TextDecoder().decode(client.body(1)), "GET /a?b=c");
  assert.equal(client.of(frameTypes.data, 1).at(-1)!.flags & flags.endStream, 1);
});

Deno.test("ServerConnection keeps to the windows and sends the rest as they widen, byte for byte", async () => {
  const sent = pattern(300_000);
  const client = new Client(async (stream) => {
    stream.respond(200, []);
    stream.end(sent.subarray(0, 100_000), sent.subarray(100_000));
  });
  client.request(1);
  await turn();
  assert.equal(client.body(1).length, 65_535);
  client.widen(1, 100_000);
  await turn();
  assert.equal(client.body(1).length, 65_535, "the connection's window is still shut");
  client.widen(0, 1_000_000);
  await turn();
  assert.equal(client.body(1).length, 165_535);
  client.widen(1, 1_000_000);
  await turn();
  assert.deepEqual(client.body(1), sent);
  assert.ok(client.of(frameTypes.data).every(({ payload }) => payload.length <= 16_384));
});

Deno.test("ServerConnection lets two large answers have turns", async () => {
  const client = new Client(async (stream) => {
    stream.respond(200, []);
    stream.end(new Uint8Array(4_000_000));
  });
  client.frame(
    frameTypes.settings,
    0,
    0,
    new Uint8Array([0, settings.initialWindowSize, ...uint32(1 << 30)]),
  );
  client.deaf = true;
  client.widen(0, 1 << 30);
  client.request(1);
  client.request(3);
  await turn();
  for (let i = 0; i < 3; i++) {
    client.catchUp();
    await turn();
  }
  const [first, second] = [client.body(1).length, client.body(3).length];
  assert.ok(second > 500_000 && first < 4_000_000, `${first} and ${second}`);
});

Deno.test("ServerConnection holds no more than it said while the client does not read", async () => {
  let room = true;
  let given = 0;
  const client = new Client(async (stream) => {
    stream.respond(200, []);
    while ((room = stream.write(new Uint8Array(65_536)))) given += 65_536;
  });
  client.frame(
    frameTypes.settings,
    0,
    0,
    new Uint8Array([0, settings.initialWindowSize, ...uint32(1 << 30)]),
  );
  client.widen(0, 1 << 30);
  client.deaf = true;
  client.request(1);
  await turn();
  assert.equal(room, false);
  assert.ok(given <= 1_200_000, String(given));
});

Deno.test("ServerStream next() gives the body in order, and its window back as it is read", async () => {
  const read: number[] = [];
  const client = new Client(async (stream) => {
    for (let piece; (piece = await stream.next());) read.push(...piece);
    stream.respond(200, [], true);
  });
  const body = pattern(200_000);
  client.request(1, { method: "POST", body: true, fields: [["content-length", "200000"]] });
  for (let at = 0; at < body.length; at += 16_000) {
    const part = body.subarray(at, at + 16_000);
    client.frame(frameTypes.data, at + 16_000 >= body.length ? flags.endStream : 0, 1, part);
    await turn();
  }
  await turn();
  assert.deepEqual(new Uint8Array(read), body);
  assert.ok(client.of(frameTypes.windowUpdate, 1).length >= 1);
});

Deno.test("ServerConnection breaks a stream off that sends more than its window", async () => {
  const client = new Client(() => new Promise(() => {}));
  client.request(1, { method: "POST", body: true });
  for (let i = 0; i < 17; i++) client.frame(frameTypes.data, 0, 1, new Uint8Array(16_384));
  await turn();
  assert.equal(client.of(frameTypes.rstStream, 1)[0]?.payload[3], errorCodes.flowControlError);
});

Deno.test("ServerStream tells its handler that the client broke off", async () => {
  let gone = 0;
  let failure: unknown;
  const client = new Client(async (stream: ServerStream) => {
    stream.onGone(() => gone++);
    await stream.next().catch((error) => failure = error);
  });
  client.request(1, { method: "POST", body: true });
  client.frame(frameTypes.rstStream, 0, 1, uint32(errorCodes.cancel));
  await turn();
  assert.equal(gone, 1);
  assert.ok(failure instanceof StreamReset);
});

Deno.test("ServerConnection tells all handlers when the connection is lost", async () => {
  let gone = 0;
  const client = new Client(async (stream) => stream.onGone(() => gone++));
  client.request(1);
  client.request(3);
  client.server.lost();
  await turn();
  assert.equal(gone, 2);
});

Deno.test("ServerConnection drain() lets requests end, takes no new ones, and closes", async () => {
  const open: ServerStream[] = [];
  const client = new Client(async (stream) => void open.push(stream));
  client.request(1);
  client.server.drain();
  client.request(3);
  await turn();
  assert.equal(client.of(frameTypes.rstStream, 3)[0]?.payload[3], errorCodes.refusedStream);
  assert.equal(client.ended, false);
  open[0]!.respond(200, [], true);
  await turn();
  assert.equal(client.ended, true);
});

for (
  const { title, attack, code } of [
    {
      title: "pings that are not read",
      code: errorCodes.enhanceYourCalm,
      attack(client: Client) {
        client.deaf = true;
        for (let i = 0; i < 3000; i++) client.frame(frameTypes.ping, 0, 0, new Uint8Array(8));
      },
    },
    {
      title: "settings that are not read",
      code: errorCodes.enhanceYourCalm,
      attack(client: Client) {
        client.deaf = true;
        for (let i = 0; i < 3000; i++) client.frame(frameTypes.settings, 0, 0);
      },
    },
    {
      title: "requests that are broken off at once while their handlers run",
      code: errorCodes.enhanceYourCalm,
      attack(client: Client) {
        for (let id = 1; id < 3000; id += 2) {
          client.request(id);
          client.frame(frameTypes.rstStream, 0, id, uint32(errorCodes.cancel));
        }
      },
    },
    {
      title: "a header block without end",
      code: errorCodes.enhanceYourCalm,
      attack(client: Client) {
        client.frame(frameTypes.headers, 0, 1, new Uint8Array(16_384));
        for (let i = 0; i < 8; i++) {
          client.frame(frameTypes.continuation, 0, 1, new Uint8Array(16_384));
        }
      },
    },
    {
      title: "a frame larger than was allowed",
      code: errorCodes.frameSizeError,
      attack: (client: Client) => client.frame(frameTypes.data, 0, 1, new Uint8Array(16_385)),
    },
  ]
) {
  Deno.test(`ServerConnection ends a connection for ${title}`, async () => {
    const client = new Client(() => new Promise(() => {}));
    attack(client);
    await turn();
    assert.equal(client.goAway(), code, client.failures.join());
    assert.equal(client.ended, true);
  });
}

Deno.test("ServerConnection refuses more requests at a time than it said, and goes on", async () => {
  const client = new Client(() => new Promise(() => {}));
  for (let id = 1; id <= 2 * 251; id += 2) client.request(id);
  await turn();
  assert.equal(client.of(frameTypes.rstStream).length, 1);
  assert.equal(client.goAway(), undefined);
});

Deno.test("ServerConnection survives any bytes: it goes on or says GOAWAY", async () => {
  let seed = 11;
  const next = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) >>> 16;
  let ended = 0;
  for (let round = 0; round < 3000; round++) {
    const client = new Client(async (stream) => stream.respond(200, [], true));
    for (let i = 0; i < 10; i++) {
      const payload = Uint8Array.from({ length: next() % 30 }, () => next() & 255);
      client.frame(next() % 11, next() & 255, next() % 8, payload);
    }
    await turn();
    if (client.goAway() !== undefined) ended++;
    assert.ok(client.goAway() !== errorCodes.internalError, client.failures.join());
  }
  assert.ok(ended > 100);
});
