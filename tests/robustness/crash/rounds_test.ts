import assert from "node:assert/strict";
import { powerCuts } from "./power_cut.ts";
import { crashRounds } from "./rounds.ts";

Deno.test("a store survives kill -9 under 64 writers, and so do copies of its files", async () => {
  const { rounds, acknowledged } = await crashRounds(3, 1);
  assert.equal(rounds, 3);
  assert.ok(acknowledged > 0);
});

const ignore = await new Deno.Command("strace", { args: ["-V"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => !success, () => true);

Deno.test({
  name: "a store survives power cuts between any two fsyncs, unless the disk forgets some",
  ignore,
  async fn() {
    assert.equal((await powerCuts(4, 1)).images, 4);
    await assert.rejects(powerCuts(4, 1, { deafness: 0.5 }));
  },
});
