import type { Revision } from "../storage.ts";

interface Grave {
  dead: number;
  readonly tombstones: Revision[];
}

/**
 * Which deletes must stay in the log, although nobody can ask for them, because older records of their keys are still
 * on disk: without the delete, the next start would bring those back to life.
 */
export class Graveyard {
  readonly #graves = new Map<string, Grave>();

  /** A put of this key is dead but still on disk. */
  bury(key: string): void {
    this.#grave(key).dead++;
  }

  /** A delete of this key has become older than anybody can ask for. */
  mark(key: string, revision: Revision): void {
    this.#grave(key).tombstones.push(revision);
  }

  /** A dead put of this key has left the disk. Returns the deletes that have nothing to hide any more. */
  clear(key: string): readonly Revision[] {
    const grave = this.#grave(key);
    if (--grave.dead > 0) return [];
    this.#graves.delete(key);
    return grave.tombstones;
  }

  /** Called once after a start: removes and returns all deletes that have nothing to hide. */
  unneeded(): readonly (readonly [string, Revision])[] {
    const found: [string, Revision][] = [];
    for (const [key, { dead, tombstones }] of this.#graves) {
      if (dead > 0) continue;
      this.#graves.delete(key);
      for (const revision of tombstones) found.push([key, revision]);
    }
    return found;
  }

  #grave(key: string): Grave {
    let grave = this.#graves.get(key);
    if (!grave) this.#graves.set(key, grave = { dead: 0, tombstones: [] });
    return grave;
  }
}
