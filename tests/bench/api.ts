import { systemClock } from "../../shared/clock/clock.ts";
import { apiReport } from "./api_report.ts";
import { measureRound, measureStarts, type RoundOptions } from "./api_round.ts";
import { apibench } from "./apibench.ts";
import { apiBars, type Bar, schedulerBars } from "./bars.ts";
import type { BenchOptions } from "./bench_options.ts";
import { startCoracle } from "./coracle_server.ts";
import { type Figures, medianFigures } from "./figures.ts";
import { machineFacts } from "./machine.ts";
import { ownLoad } from "./own_load.ts";
import { findPrograms } from "./reference.ts";
import { referenceServer } from "./reference_server.ts";
import type { StartServer } from "./server.ts";

/** Objects in the store at the starts that are promised. */
const STORED = [1_000, 50_000];

/** The API server beside the reference; resolves to a section of BENCHMARKS.md. */
export async function benchApi(options: BenchOptions): Promise<string> {
  const starts = () => {
    console.log(`starts with ${STORED.join(" and ")} objects`);
    return measureStarts({ ...options, counts: STORED });
  };
  return await bench(options, { mode: "api", bars: apiBars, programs: [], alone: starts });
}

/** The scheduler beside the reference's. */
export async function benchScheduler(options: BenchOptions): Promise<string> {
  const alone = () => Promise.resolve({});
  return await bench(options, {
    mode: "sched",
    bars: schedulerBars,
    programs: ["kube-scheduler"],
    alone,
  });
}

interface Plan {
  readonly mode: RoundOptions["mode"];
  readonly bars: readonly Bar[];
  /** Of the reference, besides kube-apiserver and etcd. */
  readonly programs: readonly string[];
  /** What is measured of Coracle only. */
  alone(): Promise<Figures>;
}

async function bench(options: BenchOptions, plan: Plan): Promise<string> {
  const names = ["kube-apiserver", "etcd", ...plan.programs];
  const programs = await findPrograms(names, options.reference);
  if (programs.why !== "") console.log(`Measuring Coracle alone: ${programs.why}`);
  const load = programs.apibench ? apibench(programs.apibench) : ownLoad;
  const machine = machineFacts(options.directory, systemClock);
  const round = (start: StartServer) => measureRound(start, { ...options, load, mode: plan.mode });
  const own: Figures[] = [];
  const reference: Figures[] = [];
  for (let i = 1; i <= options.rounds; i++) {
    if (programs.reference) {
      console.log(`round ${i}: reference`);
      reference.push(await round(referenceServer(programs.reference)));
    }
    console.log(`round ${i}: Coracle`);
    own.push(await round(startCoracle));
  }
  return apiReport({
    bars: plan.bars,
    command: options.command,
    rounds: options.rounds,
    machine,
    own: { ...medianFigures(own), ...await plan.alone() },
    reference: programs.reference ? medianFigures(reference) : undefined,
    why: programs.why,
  });
}
