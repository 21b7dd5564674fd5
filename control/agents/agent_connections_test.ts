import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { AgentConnections } from "./agent_connections.ts";

/** A socket whose other end never says anything. */
function silentSocket(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

function setUp() {
  const clock = new FakeClock();
  const agents = new AgentConnections({ clock, log: silentLog });
  let arrived = false;
  const arrival = agents.arrival("a").then(() => arrived = true);
  return { clock, agents, arrival, arrived: () => arrived };
}

Deno.test("AgentConnections arrival() waits for a node that dials again", async () => {
  const { agents, arrival, arrived } = setUp();
  await Promise.resolve();
  assert.equal(arrived(), false);
  agents.accept("a", silentSocket());
  await arrival;
  await agents.arrival("a");
  agents.close();
});

Deno.test("AgentConnections arrival() does not wait for ever", async () => {
  const { clock, arrival, arrived } = setUp();
  await clock.advance(2_900);
  assert.equal(arrived(), false);
  await clock.advance(200);
  await arrival;
});
