import type { KubeObject } from "../../shared/api/kind.ts";
import { sameJson } from "../registry/metadata.ts";

/**
 * The two passes of the mutating plugins over one write. Who changes the object asks for the second, in which plugins of
 * the server run again and of those of users the ones that asked to (`reinvocationPolicy: IfNeeded`). Source: KEP-492.
 */
export class Reinvocation {
  readonly #participants = new Map<string, Participants>();
  #isSecond = false;
  #wanted = false;

  /** Whether this is the second pass. */
  get isSecond(): boolean {
    return this.#isSecond;
  }

  /** Asks for the second pass. */
  want(): void {
    this.#wanted = true;
  }

  /** Starts the second pass; false if nobody wants it. */
  begin(): boolean {
    this.#isSecond = this.#wanted;
    return this.#wanted;
  }

  /** What one plugin remembers of the first pass. */
  of(plugin: string): Participants {
    const found = this.#participants.get(plugin) ?? new Participants();
    this.#participants.set(plugin, found);
    return found;
  }
}

/** Which of a plugin's webhooks or policies run again. */
export class Participants {
  #before = new Set<string>();
  readonly #again = new Set<string>();
  #last: KubeObject | undefined;

  /** `id` ran and takes part in a second pass if something changes after it. */
  ran(id: string): void {
    this.#before.add(id);
  }

  /** Something changed: whoever ran before has not seen it. */
  changed(): void {
    for (const id of this.#before) this.#again.add(id);
    this.#before = new Set();
  }

  /** Whether `id` runs in the second pass. */
  runsAgain(id: string): boolean {
    return this.#again.has(id);
  }

  /** Remembers the object as the plugin left it. */
  leave(object: KubeObject | undefined): void {
    this.#last = object && structuredClone(object);
  }

  /** Whether others have changed the object since. */
  differs(object: KubeObject | undefined): boolean {
    return !sameJson(this.#last, object);
  }
}
