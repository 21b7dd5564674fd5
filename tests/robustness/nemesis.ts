import type { Random } from "../../shared/clock/random.ts";
import type { DiskState } from "./faults.ts";
import type { World } from "./world.ts";

/** What can be done to a store. */
export type Fault =
  | "slow commit"
  | "failing commit"
  | "commit applied but reported failed"
  | "full disk"
  | "process pause"
  | "kill"
  | "orderly restart"
  | "clock jump";

const disk: Partial<Record<Fault, DiskState>> = {
  "slow commit": "slow",
  "failing commit": "failing",
  "commit applied but reported failed": "unsure",
  "full disk": "full",
};
const withDisk: readonly Fault[] = [
  "slow commit",
  "failing commit",
  "commit applied but reported failed",
  "full disk",
  "process pause",
  "kill",
  "kill",
  "kill",
  "orderly restart",
  "clock jump",
];
const withoutDisk: readonly Fault[] = ["process pause", "clock jump"];

/** Does one thing after another to the store, while its clients work. */
export class Nemesis {
  readonly #world: World;
  readonly #random: Random;
  #ended = false;
  /** The disk has refused something since the store was opened. */
  #refused = false;
  /** How often each fault was injected. */
  readonly injected = new Map<Fault, number>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Goes on until `end`. */
  async run(): Promise<void> {
    const { simulation, subject } = this.#world;
    const faults = subject.disk ? withDisk : withoutDisk;
    while (!this.#ended) {
      await simulation.sleep(5 + this.#random.float() ** 2 * 400);
      if (this.#ended) return;
      const fault = faults[Math.floor(this.#random.float() * faults.length)]!;
      this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
      await this.#inject(fault);
    }
  }

  end(): void {
    this.#ended = true;
  }

  async #inject(fault: Fault): Promise<void> {
    const world = this.#world;
    const { simulation, subject } = world;
    const state = disk[fault];
    if (state) {
      subject.disk!.state = state;
      this.#refused ||= state !== "slow";
      await simulation.sleep(this.#random.float() * 60);
      // Sometimes the next fault strikes before this one is over: a kill on a failing disk is worth a try.
      if (this.#random.float() < 0.7) subject.disk!.state = "well";
      return;
    }
    if (fault === "process pause") return simulation.pause(this.#random.float() * 5000);
    if (fault === "clock jump") {
      return simulation.clock.jump((this.#random.float() - 0.5) * 7_200_000);
    }
    const orderly = fault === "orderly restart";
    if (orderly) await world.close();
    else world.kill();
    await simulation.sleep(this.#random.float() * 20);
    await world.open(orderly && !this.#refused);
    this.#refused = false;
  }
}
