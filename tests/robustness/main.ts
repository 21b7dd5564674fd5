/**
 * A long run of the robustness suite: `deno task robustness --rounds 1000 --seed 1 [--subject kv]`. Runs every subject
 * with as many seeds as there are rounds, says on stdout what was broken and by which seed, and writes RESULTS.md. With
 * `--crashes N`, and with `--cuts N` if there is strace, real processes are killed and robbed of their power as often; with
 * `--damages N` the files of killed and closed stores are damaged as often.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../shared/clock/clock.ts";
import { saveSection } from "../results/section.ts";
import { table } from "../results/table.ts";
import { plantedBugs, SEEDS_PER_BUG } from "./bugs.ts";
import { powerCuts } from "./crash/power_cut.ts";
import { damageRounds } from "./crash/damage.ts";
import { crashRounds } from "./crash/rounds.ts";
import type { Fault } from "./nemesis.ts";
import { run } from "./run.ts";
import { type SubjectName, subjects } from "./subject.ts";

interface Tally {
  readonly subject: SubjectName;
  runs: number;
  operations: number;
  events: number;
  restarts: number;
  seconds: number;
  readonly faults: Map<Fault, number>;
  /** Seeds that found something, with what it was. */
  readonly broken: string[];
}

/** A real Deno KV is some ten times slower than the model of it, and differs in nothing that a seed can steer. */
const SHARE_OF_DENO_KV = 0.1;

async function runAll(subject: SubjectName, first: number, rounds: number): Promise<Tally> {
  const tally: Tally = {
    subject,
    runs: 0,
    operations: 0,
    events: 0,
    restarts: 0,
    seconds: 0,
    faults: new Map(),
    broken: [],
  };
  const begun = systemClock.monotonic();
  for (let seed = first; seed < first + rounds; seed++) {
    const { history, violations, faults } = await run({ subject, seed });
    const { writes, gets, lists, watches, openings } = history;
    tally.runs++;
    tally.operations += writes.length + gets.length + lists.length + watches.length;
    tally.events += watches.reduce((sum, { events }) => sum + events.length, 0);
    tally.restarts += openings.length - 1;
    for (const [fault, n] of faults) tally.faults.set(fault, (tally.faults.get(fault) ?? 0) + n);
    const [broken] = violations;
    if (!broken) continue;
    console.log(`${subject} seed ${seed}: ${broken.property}: ${broken.detail}`);
    tally.broken.push(`${subject} seed ${seed}: ${broken.property}`);
  }
  tally.seconds = (systemClock.monotonic() - begun) / 1000;
  console.log(`${subject}: ${tally.runs} runs, ${tally.broken.length} broke a promise`);
  return tally;
}

/** How often the power of one traced child is cut: more often than it has fsyncs. */
const CUTS_PER_CHILD = 50;

/** How often what happens to real processes and files. */
interface Misfortunes {
  readonly crashes: number;
  readonly cuts: number;
  readonly damages: number;
}

/** Kills real processes, cuts their power and damages their files; throws when something is found. */
async function runProcesses(
  { crashes, cuts, damages }: Misfortunes,
  seed: number,
): Promise<string[]> {
  const lines: string[] = [];
  if (damages > 0) {
    const { refused, unharmed } = await damageRounds(damages, seed);
    lines.push(
      `${damages} × damage to the files of a killed or closed store (flipped bits, nonsense, zeros, lost ends): ` +
        `${refused} refused at opening, ${unharmed} with everything as it was acknowledged, none in between.`,
      "",
    );
  }
  if (crashes > 0) {
    const { acknowledged, images, watches, seconds } = await crashRounds(crashes, seed);
    lines.push(
      `${crashes} × kill -9 of a process under 64 writers: ${acknowledged} writes acknowledged, all there; ` +
        `${images} copies of its files while it was stopped amid its writes, all complete; ` +
        `${watches} watches resumed from acknowledged revisions, all right (${
          Math.round(seconds)
        } s).`,
      "",
    );
  }
  const total = { images: 0, acknowledged: 0, syncs: 0, intervals: 0 };
  for (let done = 0; done < cuts; done += CUTS_PER_CHILD) {
    const tally = await powerCuts(Math.min(CUTS_PER_CHILD, cuts - done), seed + done);
    total.images += tally.images;
    total.acknowledged += tally.acknowledged;
    total.syncs += tally.syncs;
    total.intervals += tally.intervals;
  }
  if (cuts > 0) {
    lines.push(
      `${total.images} power cuts amid ${total.syncs} fsyncs and ${total.acknowledged} acknowledged writes: ` +
        `in ${total.intervals} of the intervals between two; ` +
        "whatever was not synced lost, kept in part or torn; every disk opened and was complete up to the last " +
        "acknowledged write.",
      "",
    );
  }
  return lines;
}

/** The first seed that finds each planted bug. */
async function findBugs(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { name, subject, bug, breaks } of plantedBugs) {
    let found = [`not within ${SEEDS_PER_BUG}`];
    for (let seed = 1; seed <= SEEDS_PER_BUG; seed++) {
      const { violations } = await run({ subject, seed, bug });
      const broken = violations.find(({ property }) => breaks.includes(property));
      if (!broken) continue;
      found = [String(seed), broken.property];
      break;
    }
    rows.push([name, ...found]);
  }
  return rows;
}

interface Findings {
  readonly command: string;
  readonly tallies: readonly Tally[];
  readonly processes: readonly string[];
  readonly bugs: readonly (readonly string[])[];
}

function report({ command, tallies, processes, bugs }: Findings): string {
  const rows = tallies.map((tally) => {
    const { subject, runs, operations, events, restarts, broken, seconds } = tally;
    const figures = [runs, operations, events, restarts, broken.length, Math.round(seconds)];
    return [subject, ...figures.map(String)];
  });
  const faults = new Map<Fault, number>();
  for (const tally of tallies) {
    for (const [fault, n] of tally.faults) faults.set(fault, (faults.get(fault) ?? 0) + n);
  }
  const broken = tallies.flatMap((tally) => tally.broken);
  return [
    table(
      ["store", "runs", "operations", "watch events", "restarts", "runs that broke a promise", "s"],
      rows,
    ),
    `Command: \`${command}\``,
    "",
    `Faults: ${[...faults].map(([fault, n]) => `${n} × ${fault}`).join(", ")}.`,
    "",
    broken.length === 0 ? "Nothing was found." : `Found: ${broken.join("; ")}.`,
    "",
    ...processes,
    "### Planted bugs",
    "",
    table(["bug", "first seed that finds it", "property"], bugs),
  ].join("\n");
}

/** Puts the section in the place of the one that RESULTS.md had. */
async function save(text: string): Promise<void> {
  const file = new URL("RESULTS.md", import.meta.url);
  await saveSection(file, { title: "Robustness", name: "the last long run", text });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      subject: { type: "string" },
      crashes: { type: "string", default: "0" },
      cuts: { type: "string", default: "0" },
      damages: { type: "string", default: "0" },
    },
  });
  const { rounds, seed, subject, crashes, cuts, damages } = values;
  const misfortunes = {
    crashes: Number(crashes),
    cuts: Number(cuts),
    damages: Number(damages),
  };
  const processes = await runProcesses(misfortunes, Number(seed));
  const tallies: Tally[] = [];
  for (const name of subjects) {
    if (subject !== undefined && subject !== name) continue;
    const share = name === "deno-kv" && subject === undefined ? SHARE_OF_DENO_KV : 1;
    tallies.push(await runAll(name, Number(seed), Math.ceil(Number(rounds) * share)));
  }
  const command = `deno task robustness ${Deno.args.join(" ")}`;
  await save(report({ command, tallies, processes, bugs: await findBugs() }));
  Deno.exit(tallies.some(({ broken }) => broken.length > 0) ? 1 : 0);
}
