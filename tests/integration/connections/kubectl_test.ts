import assert from "node:assert/strict";
import { type NodeLab, startNodeLab } from "./node_lab.ts";

const kubectl = await hasKubectl();

/** The real client, in both of its protocols. Where there is none, the other tests here have to do. */
Deno.test({
  name: "kubectl runs, copies, reads, attaches and forwards through a node's connection",
  ignore: !kubectl,
  async fn(t) {
    await using lab = await startNodeLab();
    const directory = await Deno.makeTempDir();
    await Deno.writeTextFile(`${directory}/kubeconfig`, lab.kubeconfig);
    const run = runner(`${directory}/kubeconfig`);
    for (const protocol of ["WebSocket", "SPDY"] as const) {
      const env = {
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(protocol === "WebSocket"),
        KUBECTL_PORT_FORWARD_WEBSOCKETS: String(protocol === "WebSocket"),
      };
      await t.step(`exec over ${protocol}`, async () => {
        const failed = await run(["exec", "p", "--", "sh", "-c", "echo out; exit 7"], { env });
        assert.deepEqual([failed.stdout, failed.code], ["out\n", 7]);
        const input = "line\n".repeat(100_000);
        const copied = await run(["exec", "-i", "p", "--", "cat"], { env, input });
        assert.deepEqual([copied.stdout === input, copied.code], [true, 0]);
      });
      await t.step(`attach over ${protocol}`, async () => {
        const { stdout } = await run(["attach", "-i", "p"], { env, input: "hello\n" });
        assert.equal(stdout, "hello\n");
      });
      await t.step(`cp over ${protocol}`, async () => {
        const [from, to] = [`${directory}/${protocol}-from`, `${directory}/${protocol}-to`];
        const content = "x".repeat(1_000_000);
        await Deno.writeTextFile(from, content);
        const { code, stderr } = await run(["cp", from, `p:${to}`], { env });
        assert.equal(code, 0, stderr);
        assert.equal(await Deno.readTextFile(to), content);
      });
      await t.step(`port-forward over ${protocol}`, () => forward(lab, directory, env));
    }
    await t.step("logs", async () => {
      await Deno.writeTextFile(lab.logPath, "2026-01-01T00:00:00Z stdout F hello\n");
      assert.equal((await run(["logs", "p"])).stdout, "hello\n");
    });
    await Deno.remove(directory, { recursive: true });
  },
});

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

function runner(kubeconfig: string) {
  return async (args: readonly string[], { env = {}, input }: RunOptions = {}) => {
    const child = new Deno.Command("kubectl", {
      args: [...args],
      env: { KUBECONFIG: kubeconfig, ...env },
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    }
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
}

async function forward(
  _lab: NodeLab,
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => new Response(await request.text()),
  );
  const { port } = server.addr as Deno.NetAddr;
  const child = new Deno.Command("kubectl", {
    args: ["port-forward", "pod/p", `:${port}`],
    env: { KUBECONFIG: `${directory}/kubeconfig`, ...env },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  let local: string | undefined;
  for await (const text of output.values({ preventCancel: true })) {
    local = /127\.0\.0\.1:(\d+) ->/.exec(text)?.[1];
    if (local) break;
  }
  const body = "x".repeat(300_000);
  const answers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const answer = await fetch(`http://127.0.0.1:${local}/`, { method: "POST", body });
      return await answer.text() === body;
    }),
  );
  child.kill("SIGTERM");
  await output.cancel();
  await child.status;
  assert.deepEqual(answers, [true, true, true, true]);
}

async function hasKubectl(): Promise<boolean> {
  try {
    const { code } = await new Deno.Command("kubectl", { args: ["version", "--client"] }).output();
    return code === 0;
  } catch {
    return false;
  }
}
