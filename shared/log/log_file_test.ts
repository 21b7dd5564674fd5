import assert from "node:assert/strict";
import { shortenLogFile } from "./log_file.ts";

Deno.test("shortenLogFile() moves a log that is too large aside, and appending goes on in an empty file", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/a.log`;
  try {
    assert.equal(await shortenLogFile(path, 10), false);
    const log = await Deno.open(path, { append: true, create: true });
    const say = (text: string) => log.write(new TextEncoder().encode(text));
    await say("short");
    assert.equal(await shortenLogFile(path, 10), false);
    await say(" and then long");
    assert.equal(await shortenLogFile(path, 10), true);
    await say("new");
    log.close();
    assert.equal(await Deno.readTextFile(path), "new");
    assert.equal(await Deno.readTextFile(`${path}.1`), "short and then long");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
