import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { resources } from "../../shared/client/resources.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { FakeInformerSet } from "../../shared/informer/testing/fake_informer_set.ts";
import { silentLog } from "../../shared/log/log.ts";
import { startDns } from "./dns_server.ts";
import { decode, encode, flags, type Message } from "./message.ts";
import { framed, frames } from "./tcp_frames.ts";

/** A resolver of others: counts what it is asked and answers every address question, if it answers. */
async function fakeUpstream(answers: "yes" | "no" | "SERVFAIL") {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (packet, from) => {
    const query = decode(packet);
    const { name } = query.questions[0]!;
    asked.push(name);
    if (answers === "no") return;
    const failed = answers === "SERVFAIL";
    const reply = encode({
      ...query,
      type: "response",
      flags: flags.recursionAvailable | (failed ? 2 : 0),
      answers: failed ? [] : [{ name, type: "A", ttl: 60, data: "192.0.2.1" }],
    });
    socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

async function start(upstreams: readonly string[]) {
  const informers = new FakeInformerSet();
  const clock = new FakeClock();
  const port = await freePort();
  const dns = await startDns({
    address: "127.0.0.1",
    port,
    domain: "cluster.local",
    informers,
    upstreams,
    clock,
    log: silentLog,
  });
  informers.put(resources.services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kubernetes", namespace: "default" },
    spec: { clusterIP: "10.96.0.1" },
  });
  informers.finishLists();
  return { dns, port, clock };
}

function query(name: string, id: number): Uint8Array {
  return encode({
    type: "query",
    id,
    flags: flags.recursionDesired,
    questions: [{ name, type: "A", class: "IN" }],
    answers: [],
    authorities: [],
    additionals: [],
  });
}

function askUdp(port: number, name: string, id = 1): Promise<Message & { rcode: string }> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.on("message", (packet) => socket.close(() => resolve(decode(packet) as never)));
    socket.send(query(name, id), port, "127.0.0.1");
  });
}

/** Sends all questions at once on one connection. */
function askTcp(port: number, ...names: readonly string[]): Promise<Message[]> {
  const socket = connect(port, "127.0.0.1");
  const answers: Message[] = [];
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => resolve(answers));
    socket.on(
      "data",
      frames((packet) => {
        if (answers.push(decode(packet)) === names.length) socket.destroy();
      }),
    );
    names.forEach((name, id) => socket.write(framed(query(name, id))));
  });
}

Deno.test("startDns() answers for the cluster on UDP and TCP", async () => {
  const { dns, port } = await start([]);
  try {
    const name = "kubernetes.default.svc.cluster.local";
    const answer = await askUdp(port, name, 4711);
    assert.deepEqual([answer.id, answer.answers[0]!.data], [4711, "10.96.0.1"]);
    const answers = await askTcp(port, name, "x.default.svc.cluster.local");
    assert.deepEqual(answers.map(({ id, answers }) => [id, answers.length]), [[0, 1], [1, 0]]);
  } finally {
    await dns.stop();
  }
});

Deno.test("startDns() passes other names on, and keeps the answers for as long as they allow", async () => {
  const upstream = await fakeUpstream("yes");
  const { dns, port, clock } = await start([upstream.address]);
  try {
    assert.equal((await askUdp(port, "Example.org", 5)).answers[0]!.ttl, 60);
    await clock.advance(20_000);
    const kept = await askUdp(port, "eXample.org", 6);
    assert.deepEqual([kept.id, kept.questions[0]!.name, kept.answers[0]!.ttl], [
      6,
      "eXample.org",
      40,
    ]);
    assert.equal(upstream.asked.length, 1);
    await clock.advance(10_000);
    await askUdp(port, "example.org");
    assert.equal(upstream.asked.length, 2, "nothing is kept for longer than 30 s");
  } finally {
    await dns.stop();
    await upstream.close();
  }
});

Deno.test("startDns() asks the next resolver when one fails or stays silent, and stays with it", async () => {
  const failing = await fakeUpstream("SERVFAIL");
  const silent = await fakeUpstream("no");
  const good = await fakeUpstream("yes");
  const { dns, port, clock } = await start([failing, silent, good].map(({ address }) => address));
  try {
    const answer = askUdp(port, "a.example");
    while (silent.asked.length === 0) await clock.advance(0);
    await clock.advance(2_000);
    assert.equal((await answer).answers.length, 1);
    assert.equal((await askUdp(port, "b.example")).answers.length, 1);
    assert.deepEqual([failing, silent, good].map(({ asked }) => asked.length), [1, 1, 2]);
  } finally {
    await dns.stop();
    for (const each of [failing, silent, good]) await each.close();
  }
});

Deno.test("startDns() says that it failed when no resolver answers", async () => {
  const failing = await fakeUpstream("SERVFAIL");
  const { dns, port } = await start([failing.address]);
  try {
    assert.equal((await askUdp(port, "a.example")).rcode, "SERVFAIL");
    assert.equal((await askUdp(port, "a.example")).rcode, "SERVFAIL");
    assert.equal(failing.asked.length, 2, "failures are not kept");
  } finally {
    await dns.stop();
    await failing.close();
  }
});

Deno.test("startDns() rejects when it cannot listen", async () => {
  const { dns, port } = await start([]);
  const options = { address: "127.0.0.1", port, domain: "cluster.local", upstreams: [] };
  const more = { informers: new FakeInformerSet(), clock: new FakeClock(), log: silentLog };
  try {
    await assert.rejects(startDns({ ...options, ...more }), /EADDRINUSE|in use/);
  } finally {
    await dns.stop();
  }
});
