import assert from "node:assert/strict";
import { seededRandom } from "../../shared/clock/random.ts";
import { type Keyed, OrderedMap, prefixRange } from "./ordered_map.ts";

Deno.test("OrderedMap does what a sorted array does", () => {
  const random = seededRandom(3);
  const model = new Map<string, Keyed>();
  let map = new OrderedMap<Keyed>();
  const someKey = () => `k${Math.floor(random.float() * 3000)}`;
  for (let i = 0; i < 12_000; i++) {
    const value = { key: someKey() };
    if (random.float() < (i < 6000 ? 0.2 : 0.7)) {
      model.delete(value.key);
      map.delete(value.key);
    } else {
      model.set(value.key, value);
      map.set(value);
    }
    if (i % 1000 !== 0) continue;
    if (i === 5000) map = OrderedMap.from(model.values());
    const [from, to] = [someKey(), someKey()];
    const expected = [...model.values()].sort((a, b) => a.key < b.key ? -1 : 1);
    for (const range of [{ from: "" }, { from }, { from, to }, { from: "", to }]) {
      const within = expected.filter(({ key }) =>
        key >= range.from && (range.to === undefined || key < range.to)
      );
      const walked: Keyed[] = [];
      map.walk(range, (value) => void walked.push(value));
      assert.deepEqual(walked, within);
      assert.equal(map.count(range), within.length);
    }
    assert.equal(map.size, model.size);
    assert.equal(map.get(from), model.get(from));
  }
});

Deno.test("OrderedMap walk() stops when told to", () => {
  const map = OrderedMap.from(Array.from({ length: 2000 }, (_, i) => ({ key: `${i}` })));
  let taken = 0;
  map.walk({ from: "5" }, () => ++taken < 400);
  assert.equal(taken, 400);
});

for (
  const { prefix, after, inside, outside } of [
    {
      prefix: "/a/",
      after: undefined,
      inside: ["/a/", "/a/b", "/a/\uffff"],
      outside: ["/a", "/a0"],
    },
    { prefix: "/a/", after: "/a/b", inside: ["/a/b\0", "/a/c"], outside: ["/a/b", "/a/a", "/b"] },
    { prefix: "/a/", after: "/0", inside: ["/a/", "/a/a"], outside: ["/0", "/0a"] },
    { prefix: "a\uffff", after: undefined, inside: ["a\uffffb"], outside: ["a", "b"] },
    { prefix: "", after: undefined, inside: ["", "\uffff\uffff"], outside: [] },
  ]
) {
  Deno.test(`prefixRange() of ${JSON.stringify({ prefix, after })} holds exactly its keys`, () => {
    const { from, to } = prefixRange(prefix, after);
    const within = (key: string) => key >= from && (to === undefined || key < to);
    for (const key of inside) assert.ok(within(key), JSON.stringify(key));
    for (const key of outside) assert.ok(!within(key), JSON.stringify(key));
  });
}
