import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { RestClient } from "./rest_client.ts";

Deno.test("RestClient refuses a call that was given up before it began, and nothing else ends", async () => {
  const directory = await Deno.makeTempDir();
  const socket = `${directory}/s`;
  const server = createServer((_request, response) => response.end("{}")).listen(socket);
  const client = new RestClient(socket);
  try {
    await once(server, "listening");
    const signal = AbortSignal.abort();
    await assert.rejects(client.call({ method: "GET", path: "/x", signal }), /was aborted/);
    assert.deepEqual(await client.call({ method: "GET", path: "/x" }), {});
  } finally {
    client.close();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    await Deno.remove(directory, { recursive: true });
  }
});
