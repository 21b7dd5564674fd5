import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { FakeClock, settle } from "../../../../shared/clock/fake_clock.ts";
import { readChunks } from "../../../../shared/stream/read_chunks.ts";
import { SpdyConnection, type SpdyStream } from "./connection.ts";
import {
  controlFrame,
  dataHead,
  finFlag,
  frameTypes,
  numbers,
  type SpdyFrame,
  SpdyFrameDecoder,
} from "./frames.ts";
import { HeaderDeflater, headerDictionary, HeaderInflater } from "./header_block.ts";

/** The client's end, frame by frame. */
class Client {
  readonly clock = new FakeClock();
  readonly streams: SpdyStream[] = [];
  readonly connection: SpdyConnection;
  readonly #frames: SpdyFrame[] = [];
  readonly #deflater = new HeaderDeflater();
  readonly #server: Duplex;
  closed = false;

  constructor() {
    const decoder = new SpdyFrameDecoder();
    this.#server = new Duplex({
      read: () => {},
      write: (chunk: Uint8Array, _encoding, done) => {
        this.#frames.push(...decoder.push(chunk));
        done();
      },
    });
    this.connection = new SpdyConnection(this.#server, {
      clock: this.clock,
      onStream: (stream) => this.streams.push(stream),
      onClose: () => this.closed = true,
    });
  }

  send(...parts: readonly Uint8Array[]): void {
    this.#server.push(Buffer.concat(parts));
  }

  async open(id: number, headers: Record<string, string>): Promise<void> {
    await this.synStream(id, headers);
    await settle();
  }

  async synStream(id: number, headers: Record<string, string>): Promise<void> {
    const block = await this.#deflater.encode(new Map(Object.entries(headers)));
    const payload = Buffer.concat([numbers(id, 0), Buffer.alloc(2), block]);
    this.send(controlFrame(frameTypes.synStream, payload));
  }

  data(id: number, bytes: Uint8Array, fin = false): void {
    this.send(dataHead(id, bytes.length, fin ? finFlag : 0), bytes);
  }

  hangUp(): void {
    this.#server.push(null);
  }

  /** What the server has said of that kind since the last time. */
  control(type: number): (SpdyFrame & { type: "control" })[] {
    const isWanted = (frame: SpdyFrame) => frame.type === "control" && frame.control === type;
    return this.#take(isWanted) as (SpdyFrame & { type: "control" })[];
  }

  /** All data the server has sent on a stream since the last time, and whether it ended it. */
  received(id: number): { readonly bytes: Buffer; readonly fin: boolean } {
    const frames = this.#take((frame) =>
      frame.type === "data" && frame.stream === id
    ) as (SpdyFrame & { type: "data" })[];
    return {
      bytes: Buffer.concat(frames.map(({ data }) => data)),
      fin: frames.some(({ flags }) => (flags & finFlag) !== 0),
    };
  }

  #take(isWanted: (frame: SpdyFrame) => boolean): SpdyFrame[] {
    const wanted = this.#frames.filter(isWanted);
    for (const frame of wanted) this.#frames.splice(this.#frames.indexOf(frame), 1);
    return wanted;
  }
}

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("headerDictionary() is the one of SPDY/3", () => {
  // Every zlib stream made with it names it by this checksum.
  let [a, b] = [1, 0];
  for (const byte of headerDictionary()) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  assert.equal((b * 65536 + a).toString(16), "e3c6a7c2");
});

Deno.test("HeaderInflater reads blocks that share one compressor, in order", async () => {
  const [deflater, inflater] = [new HeaderDeflater(), new HeaderInflater()];
  for (const headers of [{ streamtype: "stdin" }, { streamtype: "stdout", port: "80" }, {}]) {
    const map = new Map(Object.entries(headers));
    assert.deepEqual(await inflater.decode(await deflater.encode(map)), map);
  }
  await assert.rejects(inflater.decode(new Uint8Array([1, 2, 3, 4])), { name: "SpdyError" });
});

Deno.test("HeaderInflater refuses a block that unfolds beyond its limit", async () => {
  const block = await new HeaderDeflater().encode(new Map([["a", "x".repeat(60_000)]]));
  const twice = await new HeaderDeflater().encode(
    new Map([["a", "x".repeat(65_000)], ["b", "y".repeat(1000)]]),
  );
  assert.equal((await new HeaderInflater().decode(block)).get("a")?.length, 60_000);
  await assert.rejects(new HeaderInflater().decode(twice), { name: "SpdyError" });
});

Deno.test("SpdyConnection carries streams both ways until each side has ended its half", async () => {
  const client = new Client();
  await client.open(1, { StreamType: "stdin" });
  await client.open(3, { streamtype: "stdout" });
  const [stdin, stdout] = client.streams;
  assert.deepEqual(client.streams.map(({ headers }) => headers.get("streamtype")), [
    "stdin",
    "stdout",
  ]);
  assert.equal(client.control(frameTypes.synReply).length, 2);
  client.data(1, text("hello "));
  client.data(1, text("world"), true);
  let got = "";
  for await (const chunk of readChunks(stdin!)) got += new TextDecoder().decode(chunk);
  assert.equal(got, "hello world");
  stdout!.end("answer");
  await settle();
  assert.deepEqual(client.received(3), { bytes: Buffer.from("answer"), fin: true });
});

Deno.test("SpdyConnection gives back window for what was read, and only for that", async () => {
  const client = new Client();
  await client.open(1, {});
  client.data(1, new Uint8Array(200_000));
  await settle();
  assert.equal(client.control(frameTypes.windowUpdate).length, 0);
  for await (const chunk of readChunks(client.streams[0]!)) if (chunk.length > 0) break;
  await settle();
  const given = client.control(frameTypes.windowUpdate);
  assert.equal(given.reduce((sum, { payload }) => sum + payload.readUInt32BE(4), 0), 200_000);
});

Deno.test("SpdyConnection reads no further while a stream is full", async () => {
  const client = new Client();
  await client.open(1, {});
  await client.open(3, {});
  client.data(1, new Uint8Array(130 * 1024));
  await settle();
  client.data(3, text("late"));
  await settle();
  const late = client.streams[1]!;
  assert.equal(late.readableLength, 0);
  client.streams[0]!.resume();
  await settle();
  assert.equal(late.readableLength, 4);
});

Deno.test("SpdyConnection sends freely to a client that manages no windows", async () => {
  const client = new Client();
  await client.open(1, {});
  client.streams[0]!.end(new Uint8Array(300_000));
  await settle();
  assert.equal(client.received(1).bytes.length, 300_000);
});

Deno.test("SpdyConnection keeps to the windows of a client that manages them", async () => {
  const client = new Client();
  client.send(controlFrame(frameTypes.settings, numbers(1, 7, 1000)));
  await client.open(1, {});
  client.streams[0]!.end(new Uint8Array(2500));
  await settle();
  assert.deepEqual([client.received(1).bytes.length, client.received(1).fin], [1000, false]);
  client.send(controlFrame(frameTypes.windowUpdate, numbers(1, 1000)));
  await settle();
  assert.equal(client.received(1).bytes.length, 1000);
  client.send(controlFrame(frameTypes.windowUpdate, numbers(1, 1000)));
  await settle();
  const rest = client.received(1);
  assert.deepEqual([rest.bytes.length, rest.fin], [500, true]);
});

Deno.test("SpdyConnection answers pings, resets what is destroyed and closes what is reset", async () => {
  const client = new Client();
  client.send(controlFrame(frameTypes.ping, numbers(7)));
  await client.open(1, {});
  await client.open(3, {});
  assert.equal(client.control(frameTypes.ping)[0]?.payload.readUInt32BE(0), 7);
  client.streams[0]!.destroy();
  await settle();
  assert.equal(client.control(frameTypes.rstStream)[0]?.payload.readUInt32BE(0), 1);
  client.send(controlFrame(frameTypes.rstStream, numbers(3, 5)));
  await settle();
  assert.ok(client.streams[1]!.destroyed);
  assert.equal(client.control(frameTypes.rstStream).length, 0);
});

Deno.test("SpdyConnection refuses streams beyond its limit", async () => {
  const client = new Client();
  for (let i = 0; i < 513; i++) await client.synStream(i * 2 + 1, {});
  while (client.streams.length < 512) await settle();
  await settle();
  assert.equal(client.streams.length, 512);
  assert.equal(client.control(frameTypes.rstStream)[0]?.payload.readUInt32BE(0), 1025);
});

const nonsense: readonly (readonly [string, Uint8Array])[] = [
  ["is no SPDY/3", Buffer.from([0x80, 9, 0, 1, 0, 0, 0, 0])],
  ["claims a control frame of megabytes", Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0, 0])],
  ["names a stream that was never opened", Buffer.concat([dataHead(9, 1, 0), text("x")])],
  ["opens a stream without headers", controlFrame(frameTypes.synStream, numbers(1, 0))],
];
for (const [title, bytes] of nonsense) {
  Deno.test(`SpdyConnection ends with its streams when the client ${title}`, async () => {
    const client = new Client();
    await client.open(1, {});
    client.send(bytes);
    await settle();
    assert.ok(client.closed);
    assert.ok(client.streams[0]!.destroyed);
  });
}

Deno.test("SpdyConnection close() lets what was written go out, then waits only so long", async () => {
  const client = new Client();
  await client.open(1, {});
  client.streams[0]!.end("bye");
  await settle();
  client.connection.close();
  await settle();
  assert.deepEqual(client.received(1), { bytes: Buffer.from("bye"), fin: true });
  assert.equal(client.control(frameTypes.goAway).length, 1);
  assert.equal(client.closed, false);
  await client.clock.advance(5_000);
  assert.ok(client.closed);
});

Deno.test("SpdyConnection ends when the client hangs up", async () => {
  const client = new Client();
  await client.open(1, {});
  client.hangUp();
  await settle();
  assert.ok(client.closed);
  assert.ok(client.streams[0]!.destroyed);
});
