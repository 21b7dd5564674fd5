import type { RandomCluster } from "../../../control/scheduler/testing/random_cluster.ts";
import type { Decisions } from "./decisions.ts";

const source = new URL("../scheduler_oracle/", import.meta.url).pathname;
const directory = new URL("../../../.coracle/scheduler_oracle/", import.meta.url).pathname;
const program = `${directory}oracle`;

/** The path of the real kube-scheduler's framework as a program, built if need be; or why there is none. */
export async function buildOracle(): Promise<string | { readonly reason: string }> {
  const code = await Deno.readTextFile(`${source}main.go`);
  const known = await Deno.readTextFile(`${directory}main.go`).catch(() => "");
  if (known === code && await exists(program)) return program;
  if (!await hasGo()) return { reason: "no Go here to build the oracle with" };
  await Deno.mkdir(directory, { recursive: true });
  await Deno.copyFile(`${source}go.mod`, `${directory}go.mod`);
  await Deno.writeTextFile(`${directory}main.go`, code);
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-mod=mod", "-buildvcs=false", "-o", "oracle", "."],
    cwd: directory,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return program;
  const why = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join("; ");
  return { reason: `the oracle cannot be built: ${why}` };
}

/** The oracle at work: one question after the other. */
export interface Oracle {
  ask(cluster: RandomCluster, options: {
    readonly preempt?: boolean;
    /** A KubeSchedulerConfiguration. */
    readonly config?: unknown;
  }): Promise<Decisions>;
  stop(): Promise<void>;
}

export function startOracle(path: string): Oracle {
  const child = new Deno.Command(path, {
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = linesOf(child.stdout);
  const encoder = new TextEncoder();
  return {
    async ask({ nodes, pods, others, pod }, { preempt = false, config }) {
      const objects = others.map(([, object]) => object);
      const question = {
        nodes,
        pods,
        objects,
        pod,
        preempt,
        ...(config !== undefined && { config }),
      };
      await writer.write(encoder.encode(JSON.stringify(question) + "\n"));
      const { value } = await lines.next();
      if (value === undefined) throw new Error("Cannot ask the oracle: it has ended");
      return JSON.parse(value) as Decisions;
    },
    async stop() {
      await writer.close();
      await child.status;
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function hasGo(): Promise<boolean> {
  return await new Deno.Command("go", { args: ["version"], stdout: "null", stderr: "null" })
    .output().then(({ success }) => success, () => false);
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
