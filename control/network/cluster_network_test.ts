import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AgentConnections } from "../agents/agent_connections.ts";
import { AgentUnavailable } from "../agents/agent_connections.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { clusterNetwork } from "./cluster_network.ts";

/** Agents that note through whom somebody is dialled, and fail. */
function network(nodes: readonly string[], may: boolean) {
  const asked: string[] = [];
  const agents = {
    nodes,
    arrival: () => Promise.resolve(),
    open(node: string, headers: Record<string, string>) {
      asked.push(`${node} ${headers[":path"]}`);
      throw new AgentUnavailable(node);
    },
  } as unknown as AgentConnections;
  return {
    asked,
    ...clusterNetwork({ agents, clock: new FakeClock(), mayDial: () => may }),
  };
}

Deno.test("clusterNetwork() reaches a pod through its own node, whatever else it may do", async () => {
  const { asked, dial } = network(["a", "b"], true);
  await assert.rejects(dial({ host: "10.0.0.1", port: 443, node: "b" }));
  assert.deepEqual(asked, ["b /dial?host=10.0.0.1&port=443"]);
});

Deno.test("clusterNetwork() takes the agents in turn for what it may not dial itself", async () => {
  const { asked, dial } = network(["a", "b"], false);
  for (let i = 0; i < 3; i++) await assert.rejects(dial({ host: "example.com", port: 443 }));
  assert.deepEqual(asked.map((line) => line[0]), ["a", "b", "a"]);
});

Deno.test("clusterNetwork() says when there is no way", async () => {
  const { dial } = network([], false);
  await assert.rejects(dial({ host: "fd00::1", port: 443, node: "gone" }), {
    message: "dial tcp [fd00::1]:443: no agent is connected",
  });
});

Deno.test("clusterNetwork() dials what it may by itself", async () => {
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { readonly port: number };
  const { asked, dial } = network(["a"], true);
  const socket = await dial({ host: "127.0.0.1", port });
  const chunks = await Array.fromAsync(socket as AsyncIterable<Uint8Array>);
  assert.equal(new TextDecoder().decode(chunks[0]), "hello");
  assert.deepEqual(asked, []);
  socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("clusterNetwork() never takes another machine's loopback for its own", async () => {
  const { asked, dial } = network(["a"], false);
  for (const host of ["localhost", "127.0.0.1", "::1"]) {
    await assert.rejects(dial({ host, port: 443 }), /the server has no right to it/);
  }
  assert.deepEqual(asked, []);
});
