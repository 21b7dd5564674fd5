import type { Medium } from "./layout.ts";

/** A medium for tests: holds commits back, makes them fail, counts them. */
export class TestMedium implements Medium {
  readonly #kv: Deno.Kv;
  #gate: Promise<void> | undefined;
  /** While set, every commit fails with this. */
  failure: Error | undefined;
  /** The next failing commit is carried out all the same, as if only the answer were lost. */
  failAfterwards = false;
  commits = 0;
  /** Bytes of values set. */
  written = 0;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Commits wait until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve();
    };
  }

  get: Medium["get"] = (...args) => this.#kv.get(...args);
  list: Medium["list"] = (...args) => this.#kv.list(...args);

  close(): void {
    this.#kv.close();
  }

  atomic(): Deno.AtomicOperation {
    const operation = this.#kv.atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = () => this.#commit(commit);
    const set = operation.set.bind(operation);
    operation.set = (key, value) => {
      this.written += value instanceof Uint8Array ? value.length : 8;
      return set(key, value);
    };
    return operation;
  }

  async #commit(commit: Deno.AtomicOperation["commit"]) {
    await this.#gate;
    if (this.failure) {
      if (this.failAfterwards) await commit();
      throw this.failure;
    }
    this.commits++;
    return await commit();
  }
}

/** All there is on a medium, for comparison. */
export async function dump(medium: Medium): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for await (const { key, value } of medium.list({ prefix: [] })) found.set(key.join(" "), value);
  return found;
}
