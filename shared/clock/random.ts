/** Chance, passed in like time, so that a seed can replay a run. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

/** The machine's randomness. UUIDs are cryptographic; `float` is not. */
export const systemRandom: Random = {
  float: () => Math.random(),
  uuid: () => crypto.randomUUID(),
};

/** A reproducible source (mulberry32): the same seed gives the same sequence. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (n: number) =>
    Array.from({ length: n }, () => Math.floor(float() * 16).toString(16)).join("");
  return {
    float,
    uuid: () =>
      `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[Math.floor(float() * 4)]}${hex(3)}-${hex(12)}`,
  };
}

/** No vowels and nothing that looks like another letter, as `k8s.io/apimachinery/pkg/util/rand` chooses. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** `length` characters fit for the end of an object's name. */
export function nameSuffix(random: Random, length = 5): string {
  let out = "";
  for (let i = 0; i < length; i++) out += alphabet[Math.floor(random.float() * alphabet.length)];
  return out;
}
