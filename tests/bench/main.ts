/**
 * Measures, and writes what it found to BENCHMARKS.md: `deno task bench [WHAT]`, see `usage`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { saveSection } from "../results/section.ts";
import { benchApi, benchScheduler } from "./api.ts";
import type { BenchOptions } from "./bench_options.ts";
import { benchGrowth } from "./growth.ts";
import { benchIdle } from "./idle.ts";
import { benchScale } from "./scale.ts";

const usage = `deno task bench [WHAT] [OPTIONS]

  api (default)   the API server beside kube-apiserver with etcd
  scheduler       pods bound per second beside kube-scheduler
  idle            what a cluster at rest costs: one node, ten pods; needs root and Podman
  growth          whether disk, log and memory stay small over a day of the cluster's time
  scale           what an object costs among 5,000 nodes and 50,000 pods, beside few

  --reference DIR  a folder with kube-apiserver, etcd, apibench (and kube-scheduler)
  --rounds N       so many rounds, of which medians are taken (1)
  --objects N      pods of the load (3000; at least 500)
  --nodes N        nodes of the scheduler's load (1000)
  --minutes N      how long the rest is watched (10)
  --hours N        how long the growth is watched, in the cluster's time (24)
  --port N         this port and the next two are used on loopback (21000)
  --directory DIR  where servers keep their data, in folders that are removed (/var/tmp)
  --print          write nothing to BENCHMARKS.md`;

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<string>>> = {
  api: benchApi,
  scheduler: benchScheduler,
  idle: benchIdle,
  growth: benchGrowth,
  scale: benchScale,
};

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", default: false },
      print: { type: "boolean", default: false },
      reference: { type: "string" },
      rounds: { type: "string", default: "1" },
      objects: { type: "string", default: "3000" },
      nodes: { type: "string", default: "1000" },
      minutes: { type: "string", default: "10" },
      hours: { type: "string", default: "24" },
      port: { type: "string", default: "21000" },
      directory: { type: "string", default: "/var/tmp" },
    },
  });
  const [what = "api"] = positionals;
  const bench = benches[what];
  if (values.help || !bench || positionals.length > 1) {
    console.log(usage);
    Deno.exit(values.help ? 0 : 2);
  }
  const { reference, directory } = values;
  const text = await bench({
    reference,
    directory,
    rounds: Number(values.rounds),
    objects: Number(values.objects),
    nodes: Number(values.nodes),
    minutes: Number(values.minutes),
    hours: Number(values.hours),
    port: Number(values.port),
    command: ["deno task bench", ...withoutPaths(args)].join(" "),
  });
  console.log(text);
  if (values.print) return;
  const file = new URL("../../BENCHMARKS.md", import.meta.url);
  await saveSection(file, { title: "Benchmarks", name: `deno task bench ${what}`, text });
}

/** A path of one machine says nothing to the others. */
function withoutPaths(args: readonly string[]): string[] {
  return args.map((arg, i) => /^--(reference|directory)$/.test(args[i - 1] ?? "") ? "DIR" : arg)
    .map((arg) => arg.replace(/^(--(?:reference|directory)=).*/, "$1DIR"));
}

if (import.meta.main) await main(Deno.args);
