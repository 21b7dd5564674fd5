import assert from "node:assert/strict";
import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { FakeInformerSet } from "../../shared/informer/testing/fake_informer_set.ts";
import { silentLog } from "../../shared/log/log.ts";
import { informerZone } from "./informer_zone.ts";
import { decode, type DnsRecord, encode, flags, type Message } from "./message.ts";
import { type OtherNames, Resolver } from "./resolver.ts";

const signal = new AbortController().signal;

function service(name: string, spec: NonNullable<Service["spec"]>): Service {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "shop" }, spec };
}

function query(name: string, more: Partial<Message> = {}): Uint8Array {
  return encode({
    type: "query",
    id: 7,
    flags: flags.recursionDesired,
    questions: [{ name, type: "A", class: "IN" }],
    answers: [],
    authorities: [],
    additionals: [],
    ...more,
  });
}

function start(addresses = 0, others: OtherNames = { ask: async () => undefined }) {
  const informers = new FakeInformerSet();
  const zone = informerZone(informers);
  informers.put(
    resources.services,
    service("web", { clusterIP: "10.96.0.10" }),
    service("many", { clusterIP: "None" }),
    service("alias", { type: "ExternalName", externalName: "web.shop.svc.cluster.local" }),
    service("away", { type: "ExternalName", externalName: "example.org" }),
    service("loop", { type: "ExternalName", externalName: "loop.shop.svc.cluster.local" }),
  );
  informers.put(resources.endpointslices, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "many-1",
      namespace: "shop",
      labels: { "kubernetes.io/service-name": "many" },
    },
    addressType: "IPv4",
    endpoints: Array.from({ length: addresses }, (_, i) => ({ addresses: [`10.42.0.${i}`] })),
  });
  const options = { domain: "cluster.local", zone, upstream: others, log: silentLog };
  const resolver = new Resolver(options);
  const ask = async (packet: Uint8Array, transport: "udp" | "tcp" = "udp") => {
    const bytes = await resolver.answer(packet, transport, signal);
    return { bytes: bytes!, message: decode(bytes!) as Message & { rcode: string } };
  };
  return { informers, resolver, ask };
}

const opt = { name: ".", type: "OPT", udpPayloadSize: 4096 } as const;

Deno.test("Resolver says that it does not know before the first list is in", async () => {
  const { ask, informers } = start();
  assert.equal((await ask(query("web.shop.svc.cluster.local"))).message.rcode, "SERVFAIL");
  informers.finishLists();
  const { message } = await ask(query("web.shop.svc.cluster.local"));
  assert.equal(message.rcode, "NOERROR");
  assert.equal(message.flags & (flags.authoritative | flags.recursionAvailable), 0x0480);
});

Deno.test("Resolver tells with an SOA how long a no may be believed", async () => {
  const { ask, informers } = start();
  informers.finishLists();
  const { message } = await ask(query("x.shop.svc.cluster.local", { additionals: [opt] }));
  assert.equal(message.rcode, "NXDOMAIN");
  assert.deepEqual(message.authorities.map(({ name, type }) => [name, type]), [
    ["cluster.local", "SOA"],
  ]);
  assert.equal(message.additionals[0]?.type, "OPT", "a client with EDNS hears EDNS");
});

Deno.test("Resolver keeps to the size that the client takes, and sends the rest to TCP", async () => {
  const { ask, informers } = start(20);
  informers.finishLists();
  const name = "many.shop.svc.cluster.local";
  const plain = await ask(query(name));
  assert.ok(plain.bytes.length <= 512);
  assert.equal(plain.message.flags & flags.truncated, flags.truncated);
  assert.equal((await ask(query(name, { additionals: [opt] }))).message.answers.length, 20);
  assert.equal((await ask(query(name), "tcp")).message.answers.length, 20);
});

Deno.test("Resolver begins with another address each time", async () => {
  const { ask, informers } = start(3);
  informers.finishLists();
  const firsts = new Set<unknown>();
  for (let i = 0; i < 3; i++) {
    firsts.add((await ask(query("many.shop.svc.cluster.local"))).message.answers[0]!.data);
  }
  assert.equal(firsts.size, 3);
});

Deno.test("Resolver follows aliases in the cluster, to others, and not for ever", async () => {
  const asked: string[] = [];
  const others: OtherNames = {
    async ask(packet) {
      const [question] = decode(packet).questions;
      asked.push(question!.name);
      const answer: DnsRecord = { name: question!.name, type: "A", ttl: 5, data: "192.0.2.1" };
      return encode({ ...decode(packet), type: "response", answers: [answer] });
    },
  };
  const { ask, informers } = start(0, others);
  informers.finishLists();
  const heard = async (name: string) =>
    (await ask(query(`${name}.shop.svc.cluster.local`))).message.answers.map(({ data }) => data);
  assert.deepEqual(await heard("alias"), ["web.shop.svc.cluster.local", "10.96.0.10"]);
  assert.deepEqual(await heard("away"), ["example.org", "192.0.2.1"]);
  assert.deepEqual(asked, ["example.org"]);
  assert.ok((await heard("loop")).length < 20);
});

Deno.test("Resolver refuses what is no query it can answer", async () => {
  const { resolver, ask } = start();
  assert.equal(await resolver.answer(new Uint8Array(5), "udp", signal), undefined);
  const response = query("a.example");
  response[2]! |= 0x80;
  assert.equal(await resolver.answer(response, "udp", signal), undefined, "never answer answers");
  assert.equal((await ask(query("a.example").slice(0, 20))).message.rcode, "FORMERR");
  const chaos = query("a.example");
  chaos[chaos.length - 1] = 3;
  assert.equal((await ask(chaos)).message.rcode, "REFUSED");
  const notify = query("a.example");
  notify[2]! |= 4 << 3;
  assert.equal((await ask(notify)).message.rcode, "NOTIMP");
  assert.equal((await ask(query("a.example"))).message.rcode, "SERVFAIL", "no other resolver");
});
