import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { settle } from "../../../shared/clock/fake_clock.ts";
import { ChannelClient } from "./channel_client.ts";
import { labAddress, type NodeLab, startNodeLab } from "./node_lab.ts";

const podPath = "/api/v1/namespaces/default/pods/p";
const execPath = (query: string, ...command: readonly string[]) =>
  `${podPath}/exec?container=c&${query}&${new URLSearchParams(command.map((w) => ["command", w]))}`;

Deno.test("exec, attach, logs and proxies reach a node through its own connection", async (t) => {
  await using lab = await startNodeLab();

  await t.step("exec tells output, errors and the exit code apart", async () => {
    const script = "echo out; echo err >&2; exit 7";
    const path = execPath("stdout=true&stderr=true", "sh", "-c", script);
    const client = await ChannelClient.connect(lab, path, ["v5.channel.k8s.io"]);
    await client.closed();
    assert.deepEqual([client.text(1), client.text(2)], ["out\n", "err\n"]);
    assert.deepEqual(JSON.parse(client.text(3)), {
      metadata: {},
      status: "Failure",
      message: "command terminated with non-zero exit code: exit status 7",
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "7" }] },
    });
  });

  await t.step("exec ends the program's input when a v5 client closes that channel", async () => {
    const path = execPath("stdin=true&stdout=true", "sh", "-c", "cat; echo end");
    const client = await ChannelClient.connect(lab, path, ["v5.channel.k8s.io"]);
    const big = "x".repeat(300_000);
    client.send(0, big);
    client.send(255, Uint8Array.of(0));
    await client.closed();
    assert.equal(client.text(1), `${big}end\n`);
    assert.deepEqual(JSON.parse(client.text(3)), { metadata: {}, status: "Success" });
  });

  for (const protocol of ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"]) {
    await t.step(`exec speaks ${protocol}, terminal size included`, async () => {
      const path = execPath("stdin=true&stdout=true&tty=true", "cat");
      const client = await ChannelClient.connect(lab, path, ["v9.unheard.of", protocol]);
      assert.equal(client.protocol, protocol);
      client.send(4, JSON.stringify({ Width: 100, Height: 40 }));
      client.send(0, "hello\n");
      await client.until(() => client.text(1).includes("hello") && client.text(1).includes("size"));
      assert.match(client.text(1), /size 100x40/);
      client.terminate();
    });
  }

  await t.step("exec ends the program of a client that is gone", async () => {
    const path = execPath("stdout=true", "sh", "-c", "echo $$; exec yes");
    const client = await ChannelClient.connect(lab, path, ["v4.channel.k8s.io"]);
    await client.until(() => client.text(1).includes("\n"));
    const pid = Number(client.text(1).split("\n")[0]);
    client.terminate();
    while (await isAlive(pid)) await lab.request("GET", podPath);
  });

  await t.step("attach joins the program that runs", async () => {
    const path = `${podPath}/attach?container=c&stdin=true&stdout=true`;
    const client = await ChannelClient.connect(lab, path, ["v5.channel.k8s.io"]);
    client.send(0, "over the wire");
    client.send(255, Uint8Array.of(0));
    await client.closed();
    assert.equal(client.text(1), "over the wire");
  });

  await t.step("what the node refuses is an ordinary answer", async () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      [execPath("", "ls"), /400: .*you must specify at least 1 of stdin, stdout, stderr/],
      [`${podPath}/exec?container=zz&stdout=true`, /400: .*container zz is not valid for pod p/],
    ];
    for (const [path, message] of refusals) {
      await assert.rejects(ChannelClient.connect(lab, path, ["v5.channel.k8s.io"]), message);
    }
    await assert.rejects(
      ChannelClient.connect(lab, execPath("stdout=true", "ls"), ["v9.unheard.of"]),
      /400: .*none of the offered WebSocket protocols is supported/,
    );
    const plain = await lab.request("POST", execPath("stdout=true", "ls"));
    assert.match(await plain.text(), /Upgrade request required/);
  });

  await t.step("a port is forwarded by the channels of WebSocket clients", () => forwardPort(lab));
  await t.step("a program that reads nothing makes the client wait", () => clientWaits(lab));
  await t.step("the pod proxy passes requests on", () => proxyToPod(lab));

  await t.step("logs are followed through rotation until the container ends", async () => {
    const line = (text: string) => `2026-01-01T00:00:00.5Z stdout F ${text}\n`;
    await Deno.writeTextFile(lab.logPath, line("one") + line("two"));
    const tail = await lab.request("GET", `${podPath}/log?container=c&tailLines=1&timestamps=true`);
    assert.equal(tail.headers.get("content-type"), "text/plain");
    assert.equal(await tail.text(), "2026-01-01T00:00:00.5Z two\n");
    const followed = await lab.request("GET", `${podPath}/log?container=c&follow=true`);
    const text = followed.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await text.read()).value, "one\ntwo\n");
    await Deno.rename(lab.logPath, `${lab.logPath}.1`);
    await Deno.writeTextFile(lab.logPath, line("three"));
    assert.equal((await text.read()).value, "three\n");
    lab.exit();
    assert.equal((await text.read()).done, true);
  });

  await t.step("a container that has ended takes no exec", async () => {
    await assert.rejects(
      ChannelClient.connect(lab, execPath("stdout=true", "ls"), ["v5.channel.k8s.io"]),
      /500: container not found \("c"\)/,
    );
  });

  await t.step("the node's own server is reached through its proxy", async () => {
    const health = await lab.request("GET", "/api/v1/nodes/n1/proxy/healthz");
    assert.deepEqual([health.status, await health.text()], [200, "ok"]);
    const stats = await lab.request("GET", "/api/v1/nodes/n1/proxy/stats/summary");
    const { node, pods } = await stats.json();
    assert.deepEqual([node.nodeName, pods[0].podRef.name], ["n1", "p"]);
    const dial = await lab.request("POST", "/api/v1/nodes/n1/proxy/dial?host=127.0.0.1&port=22");
    assert.equal(dial.status, 400);
    await dial.body?.cancel();
  });

  await t.step("a node that is not connected is a clear 503", async () => {
    await lab.disconnect();
    for (const path of [`${podPath}/log?container=c`, `${podPath}:80/proxy/`]) {
      const answer = await lab.request("GET", path);
      const { reason, message } = await answer.json();
      assert.deepEqual([answer.status, reason], [503, "ServiceUnavailable"]);
      assert.match(message, /agent is (not )?connected/);
    }
  });
});

async function isAlive(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
  return status !== undefined && !/\) Z /.test(status);
}

async function forwardPort(lab: NodeLab): Promise<void> {
  const server = createServer((socket: Socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const path = `${podPath}/portforward?ports=${port}&ports=1`;
  const client = await ChannelClient.connect(lab, path, ["v4.channel.k8s.io"]);
  client.send(0, "ping");
  await client.until(() => client.text(0).length >= 6 && client.text(3).length > 2);
  assert.deepEqual(Buffer.from(client.text(0).slice(0, 2), "latin1").readUInt16LE(), port);
  assert.equal(client.text(0).slice(2), "ping");
  assert.match(client.text(3).slice(2), /error forwarding port 1 to pod .*connection refused/);
  client.terminate();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Whoever sends more than is taken must be stopped by its own full socket, not by our memory. */
async function clientWaits(lab: NodeLab): Promise<void> {
  const { certificate, key } = lab.admin;
  const socket = tlsConnect({
    ...{ host: "127.0.0.1", port: lab.port, cert: certificate, key, ca: lab.caPem },
    ALPNProtocols: ["http/1.1"],
  });
  const path = execPath("stdin=true&stdout=true", "sleep", "60");
  const head = [
    `GET ${path} HTTP/1.1`,
    "Host: lab",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: v5.channel.k8s.io",
    "\r\n",
  ];
  socket.write(head.join("\r\n"));
  await new Promise((resolve) => socket.once("data", resolve));
  // A binary message of 64 KiB for channel 0, masked with zeros (RFC 6455, 5.2).
  const message = Buffer.alloc(14 + 65_536);
  message.set([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
  const total = 1024 * message.length;
  for (let i = 0; i < 1024; i++) socket.write(message);
  const sent = await progressOf(() => total - socket.writableLength);
  socket.destroy();
  assert.ok(sent < total / 2, `${sent} of ${total} bytes were taken`);
}

/** The value once it has stood still for many turns of the event loop. */
async function progressOf(measure: () => number): Promise<number> {
  let value = -1;
  for (let still = 0; still < 50; still++) {
    await settle();
    const now = measure();
    if (now !== value) still = 0;
    value = now;
  }
  return value;
}

async function proxyToPod(lab: NodeLab): Promise<void> {
  await using server = Deno.serve(
    { port: 0, hostname: "0.0.0.0", onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/away") {
        return new Response(null, { status: 302, headers: { location: "/home" } });
      }
      const seen = request.headers.get("authorization");
      const { length } = await request.text();
      return Response.json({ method: request.method, pathname, search, length, seen });
    },
  );
  const { port } = server.addr as Deno.NetAddr;
  const prefix = `${podPath}:${port}/proxy`;
  const sent = await lab.request("PATCH", `${prefix}/a%2Fb/?q=%20x`, "x".repeat(100_000));
  assert.deepEqual(await sent.json(), {
    method: "PATCH",
    pathname: "/a%2Fb/",
    search: "?q=%20x",
    length: 100_002,
    seen: null,
  }, labAddress);
  const options = await lab.request("OPTIONS", `${prefix}/x`);
  assert.equal((await options.json()).method, "OPTIONS");
  const away = await lab.request("GET", `${prefix}/away`);
  assert.deepEqual([away.status, away.headers.get("location")], [302, `${prefix}/home`]);
  const root = await lab.request("GET", `${prefix}?x=1`);
  assert.deepEqual([root.status, root.headers.get("location")], [301, `${prefix}/?x=1`]);
  const nobody = await lab.request("GET", `${podPath}:1/proxy/`);
  assert.equal(nobody.status, 503);
  assert.match((await nobody.json()).message, /^error trying to reach service: dial tcp .*:1: /);
}
