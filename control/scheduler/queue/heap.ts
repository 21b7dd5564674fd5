/** A priority queue that can also remove from its middle. Each item is in it once. */
export class Heap<T extends object> {
  readonly #before: (a: T, b: T) => number;
  readonly #items: T[] = [];
  readonly #index = new Map<T, number>();

  /** `order` is negative if `a` comes before `b`. */
  constructor(order: (a: T, b: T) => number) {
    this.#before = order;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    if (this.#index.has(item)) throw new TypeError("Cannot push an item twice");
    this.#put(item, this.#items.length);
    this.#up(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first) this.remove(first);
    return first;
  }

  /** Whether the item was in it. */
  remove(item: T): boolean {
    const at = this.#index.get(item);
    if (at === undefined) return false;
    this.#index.delete(item);
    const last = this.#items.pop()!;
    if (last !== item) {
      this.#put(last, at);
      this.#up(at);
      this.#down(this.#index.get(last)!);
    }
    return true;
  }

  #put(item: T, at: number): void {
    this.#items[at] = item;
    this.#index.set(item, at);
  }

  #up(from: number): void {
    let at = from;
    const item = this.#items[at]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#before(item, this.#items[parent]!) >= 0) break;
      this.#put(this.#items[parent]!, at);
      at = parent;
    }
    this.#put(item, at);
  }

  #down(from: number): void {
    let at = from;
    const item = this.#items[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#items.length) break;
      const right = child + 1;
      if (
        right < this.#items.length && this.#before(this.#items[right]!, this.#items[child]!) < 0
      ) child = right;
      if (this.#before(item, this.#items[child]!) <= 0) break;
      this.#put(this.#items[child]!, at);
      at = child;
    }
    this.#put(item, at);
  }
}
