import assert from "node:assert/strict";
import {
  type ChannelFrame,
  channels,
  closeFrame,
  encodeFrame,
  FrameDecoder,
  FrameError,
  maxFrameBytes,
  split,
} from "./channel_frames.ts";

const sent: ChannelFrame[] = [
  { channel: channels.stdout, data: new TextEncoder().encode("hello") },
  { channel: channels.stderr, data: new Uint8Array() },
  closeFrame(channels.stdin),
  { channel: channels.error, data: new Uint8Array(maxFrameBytes).fill(7) },
];
const bytes = Uint8Array.from(sent.flatMap((frame) => [...encodeFrame(frame)]));

for (const size of [1, 3, 7, 64, 100_000]) {
  Deno.test(`FrameDecoder puts frames together from pieces of ${size} bytes`, () => {
    const decoder = new FrameDecoder();
    const got: ChannelFrame[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      got.push(...decoder.push(bytes.subarray(at, at + size)));
    }
    assert.deepEqual(got, sent);
  });
}

Deno.test("FrameDecoder refuses a frame above the limit before it holds any of it", () => {
  const head = new Uint8Array([1, 0, 1, 0, 1]);
  assert.throws(() => new FrameDecoder().push(head), FrameError);
});

Deno.test("encodeFrame() refuses what no decoder would take", () => {
  assert.throws(
    () => encodeFrame({ channel: 1, data: new Uint8Array(maxFrameBytes + 1) }),
    FrameError,
  );
});

Deno.test("split() keeps every byte within the limit", () => {
  const data = new Uint8Array(maxFrameBytes * 2 + 5).map((_, i) => i % 251);
  const frames = [...split(channels.stdout, data)];
  assert.deepEqual(frames.map((frame) => frame.data.length), [maxFrameBytes, maxFrameBytes, 5]);
  assert.deepEqual(Uint8Array.from(frames.flatMap((frame) => [...frame.data])), data);
  assert.deepEqual([...split(channels.stdout, new Uint8Array())], []);
});
