import assert from "node:assert/strict";
import { openKvStorage } from "../../../control/storage/kv/open.ts";
import { sleep, systemClock } from "../../../shared/clock/clock.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { type Random, seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { type Acknowledged, checkStore, type StoreFindings } from "./store_check.ts";

/** What rounds of kills came to. */
export interface CrashTally {
  rounds: number;
  acknowledged: number;
  /** Copies of the files taken while they were being written, each opened and checked. */
  images: number;
  /** Watches resumed from acknowledged revisions. */
  watches: number;
  seconds: number;
}

/** So long must a stopped child have said nothing, to be taken to have said all. */
const SILENCE_MS = 25;
const FILES = ["state.mark", "state.kv", "state.kv-wal"];

interface Image {
  readonly directory: string;
  /** How many writes had been acknowledged by then. */
  readonly acknowledged: number;
}

/**
 * Kills a child with 64 writers at a random moment, round after round on the same store, and checks what is left. In
 * between, the child is stopped and its files are copied, as they would be found if the power went off and all that
 * had been handed to the kernel had reached the disk. Throws an `AssertionError` that names the round.
 */
export async function crashRounds(rounds: number, seed: number): Promise<CrashTally> {
  const tally = { rounds: 0, acknowledged: 0, images: 0, watches: 0, seconds: 0 };
  const begun = systemClock.monotonic();
  const directory = await Deno.makeTempDir();
  const random = seededRandom(seed);
  const used = new Set<number>();
  let before: readonly Acknowledged[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const { acknowledged, images } = await killedChild(directory, seed + round, random);
      const all = [...before, ...acknowledged];
      for (const { revision } of acknowledged) {
        assert.ok(!used.has(revision), `round ${round}: revision ${revision} was used twice`);
        used.add(revision);
      }
      for (const image of images) {
        const then = [...before, ...acknowledged.slice(0, image.acknowledged)];
        tally.watches += (await checkDirectory(image.directory, then, random)).watches;
        await Deno.remove(image.directory, { recursive: true });
      }
      const { watches, changes } = await checkDirectory(directory, all, random);
      tally.watches += watches;
      // Older rounds count by what they last did to each key, and that may be a write whose answer the kill prevented.
      const done = [...all, ...changes].sort((a, b) => a.revision - b.revision);
      before = [...new Map(done.map((one) => [one.key, one])).values()];
      tally.rounds++;
      tally.images += images.length;
      tally.acknowledged += acknowledged.length;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  tally.seconds = (systemClock.monotonic() - begun) / 1000;
  return tally;
}

async function checkDirectory(
  directory: string,
  acknowledged: readonly Acknowledged[],
  random: Random,
): Promise<StoreFindings> {
  const storage = await openKvStorage(directory, {
    clock: new FakeClock(),
    random,
    log: silentLog,
  });
  try {
    return await checkStore(storage, acknowledged, random);
  } finally {
    await storage.close();
  }
}

/** Runs a child until it is killed, taking up to two images of its files on the way. */
async function killedChild(directory: string, seed: number, random: Random) {
  const program = new URL("child.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-kv", program, directory, String(seed)],
    stdout: "piped",
  }).spawn();
  const images: Image[] = [];
  try {
    const output = new Output(child.stdout);
    await output.begun;
    const pauses = Math.floor(random.float() * 3);
    for (let i = 0; i < pauses; i++) {
      await sleep(systemClock, random.float() * 150);
      images.push(await copied(child, output, directory));
    }
    await sleep(systemClock, random.float() * 200);
    child.kill("SIGKILL");
    await output.ended;
    assert.equal((await child.status).signal, "SIGKILL");
    return { acknowledged: output.acknowledged, images };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

async function copied(child: Deno.ChildProcess, output: Output, from: string): Promise<Image> {
  child.kill("SIGSTOP");
  await output.silence();
  const directory = await Deno.makeTempDir();
  for (const file of FILES) {
    await Deno.copyFile(`${from}/${file}`, `${directory}/${file}`).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const acknowledged = output.acknowledged.length;
  child.kill("SIGCONT");
  return { directory, acknowledged };
}

/** What a child says, line by line. */
class Output {
  readonly acknowledged: Acknowledged[] = [];
  readonly #begun = Promise.withResolvers<void>();
  readonly ended: Promise<void>;
  #rest = "";
  #last = 0;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#read(stream);
  }

  /** Resolves with the first line. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when nothing has come for a while. */
  async silence(): Promise<void> {
    this.#last = systemClock.monotonic();
    while (systemClock.monotonic() - this.#last < SILENCE_MS) await sleep(systemClock, 5);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.#last = systemClock.monotonic();
      const lines = (this.#rest + chunk).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) {
        const [type, key, revision, number] = line.split(" ") as [string, string, string, string];
        this.acknowledged.push({ type, key, revision: Number(revision), number });
      }
      if (this.acknowledged.length > 0) this.#begun.resolve();
    }
    this.#begun.resolve();
  }
}
