import assert from "node:assert/strict";
import { mountsBelow } from "./removal.ts";

Deno.test("mountsBelow() gives the deepest first, and no neighbour with a longer name", () => {
  const mountinfo = [
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
    "2 1 0:30 / /d/a rw - tmpfs tmpfs rw",
    "3 2 0:31 / /d/a/b\\040c rw - tmpfs tmpfs rw",
    "4 1 0:32 / /d/ab rw - tmpfs tmpfs rw",
    "",
  ].join("\n");
  assert.deepEqual(mountsBelow(mountinfo, "/d/a"), ["/d/a/b c", "/d/a"]);
  assert.deepEqual(mountsBelow(mountinfo, "/e"), []);
});
