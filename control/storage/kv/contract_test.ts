import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { storageContract } from "../contract_suite.ts";
import { openKvMedium } from "./open.ts";
import { TestMedium } from "./test_medium.ts";

storageContract("KvStorage", async () => {
  const medium = new TestMedium(await Deno.openKv(":memory:"));
  const storage = await openKvMedium(medium, {
    place: "memory",
    clock: new FakeClock(),
    log: silentLog,
    random: seededRandom(1),
    release() {},
  });
  return { storage, hold: () => medium.hold() };
});
