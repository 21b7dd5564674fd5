import assert from "node:assert/strict";
import type { ConfigMap, Namespace } from "../shared/api/core/v1/types.gen.ts";
import { resources } from "../shared/client/resources.gen.ts";
import { connect, isReady } from "../cli/cluster/api.ts";
import { headerOf } from "./bundle.ts";

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const encoder = new TextEncoder();

Deno.test("headerOf() says where the archive begins, whatever the length of the script", () => {
  for (let length = 0; length < 30; length++) {
    const launcher = `${"é".repeat(length)}\n# >>> program\nold\n# <<< program\nrest\n`;
    const header = headerOf(launcher, "0123");
    const skip = Number(/tail -c "\+(\d+)"/.exec(header)?.[1]);
    assert.equal(skip, encoder.encode(header).length + 1);
    assert.ok(header.endsWith("rest\nexit\n"));
    assert.ok(!header.includes("old"));
  }
  assert.throws(() => headerOf("no parts", "0123"), /no program part/);
});

Deno.test("a cluster runs from a bundle: server, second thread and command line", async () => {
  const directory = await Deno.makeTempDir({ prefix: "a bundle " });
  // The bundle is without Deno and looks for one: ours, wherever it is.
  const deno = Deno.execPath();
  const env = {
    CORACLE_UNPACK_DIR: `${directory}/unpacked`,
    PATH: `${deno.slice(0, deno.lastIndexOf("/"))}:${Deno.env.get("PATH") ?? ""}`,
  };
  const bundle = `${directory}/coracle`;
  try {
    const made = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${root}/tools/bundle.ts`, "--no-deno", "--output", bundle],
    }).output();
    assert.ok(made.success, new TextDecoder().decode(made.stderr));
    const dataDir = `${directory}/data`;
    const args = ["server", "--data-dir", dataDir, "--listen", "127.0.0.1:0"];
    const server = new Deno.Command(bundle, { args, env, stdout: "piped", stderr: "inherit" })
      .spawn();
    const output = lines(server.stdout);
    try {
      for (let ready = false; !ready;) {
        const { value, done } = await output.next();
        assert.ok(!done, "the server has ended before it was ready");
        ready = value.includes('"Server is ready"');
      }
      await useCluster(`${dataDir}/admin.kubeconfig`);
      const token = ["token", "create", "--data-dir", dataDir];
      const { stdout } = await new Deno.Command(bundle, { args: token, env }).output();
      assert.match(new TextDecoder().decode(stdout), /^[a-z0-9]{6}\.[a-z0-9]{16}\.[0-9a-f]{64}\n$/);
    } finally {
      server.kill("SIGTERM");
      while (!(await output.next()).done) { /* until it has ended */ }
      assert.equal((await server.status).code, 0);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Writes through the API, and waits for what only a controller in the second thread makes. */
async function useCluster(kubeconfig: string): Promise<void> {
  const api = connect(kubeconfig);
  try {
    assert.ok(await isReady(api));
    const namespace: Namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop" },
    };
    await api.client.create(resources.namespaces, namespace);
    const query = { namespace: "shop", fieldSelector: "metadata.name=kube-root-ca.crt" };
    for await (const event of api.client.watch<ConfigMap>(resources.configmaps, query)) {
      if (event.type === "ADDED") break;
    }
  } finally {
    api.transport.close();
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
