import { KvOpenError } from "../../control/storage/kv/open_error.ts";
import { type Random, seededRandom } from "../../shared/clock/random.ts";
import { check } from "./check.ts";
import { History } from "./history.ts";
import { type Fault, Nemesis } from "./nemesis.ts";
import { Simulation } from "./simulation.ts";
import { type Bug, Subject, type SubjectName } from "./subject.ts";
import { Client } from "./workload.ts";
import type { Violation } from "./violation.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly subject: SubjectName;
  readonly seed: number;
  readonly bug?: Bug | undefined;
}

export interface RunResult {
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly faults: ReadonlyMap<Fault, number>;
  /** Commits that the disk carried out. */
  readonly commits: number;
}

/** One run: clients and faults, both from the seed, then the checks. The same options give the same run. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { subject: name, seed, bug } = options;
  const simulation = new Simulation();
  const history = new History();
  const subject = await Subject.make({ name, seed, simulation, history, bug });
  const world = new World(simulation, history, subject);
  const nemesis = new Nemesis(world, seededRandom(seed + 104_729));
  let failure: unknown;
  const story = tell(world, nemesis, seed).catch((error) => failure = error);
  if (!await simulation.run(story)) history.stuck.push("something was never answered");
  const commits = subject.disk?.commits ?? 0;
  subject.disk?.close();
  const faults = nemesis.injected;
  if (failure instanceof KvOpenError) {
    const violations = [{ property: "opens", detail: String(failure) }];
    return { history, violations, faults, commits };
  }
  if (failure !== undefined) throw failure;
  return { history, violations: check(history), faults, commits };
}

async function tell(world: World, nemesis: Nemesis, seed: number): Promise<void> {
  const { simulation, subject } = world;
  const random = seededRandom(seed);
  await world.open(true);
  const count = 3 + Math.floor(random.float() * 5);
  const clients = Array.from({ length: count }, (_, number) => {
    const own = seededRandom(seed * 31 + number);
    return new Client(world, { number, random: own, operations: 30 + seed % 30 });
  });
  const sampling = sample(world);
  const misfortune = nemesis.run();
  // It ends only by failing before the clients have: what it did the store could not be opened after.
  const failed = misfortune.then(() => new Promise<never>(() => {}));
  await Promise.race([Promise.all(clients.map((client) => client.run())), failed]);
  nemesis.end();
  await misfortune;
  if (subject.disk) subject.disk.state = "well";
  // All that was promised must be there at last, also after one more start.
  await simulation.sleep(3000);
  sampling.end();
  world.sample();
  if (!subject.disk) return;
  world.kill();
  await world.open(false);
  world.sample();
  await audit(world, random);
}

/** Reads the store back as a client that comes late and looks at everything. */
async function audit(world: World, random: Random): Promise<void> {
  const auditor = new Client(world, { number: 99, random, operations: 0 });
  await auditor.audit();
  world.sample();
}

/** Looks at the store now and then. */
function sample(world: World): { end(): void } {
  let ended = false;
  const look = async () => {
    while (!ended) {
      await world.simulation.sleep(20);
      if (!world.gone && !ended) world.sample();
    }
  };
  look();
  return { end: () => void (ended = true) };
}
