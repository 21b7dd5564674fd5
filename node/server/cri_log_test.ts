import assert from "node:assert/strict";
import { CriLogReader, type LogSelection } from "./cri_log.ts";

const file = [
  "2026-01-01T00:00:00.123456789+00:00 stdout F first",
  "2026-01-01T00:00:01.5Z stderr F oops",
  "2026-01-01T00:00:02Z stdout P long ",
  "2026-01-01T00:00:02Z stdout F line",
  "torn",
  "2026-01-01T00:00:03+02:00 stdout F ",
  "",
].join("\n");

const cases: readonly {
  readonly title: string;
  readonly selection: Partial<LogSelection>;
  readonly text: string;
}[] = [
  {
    title: "gives what the program wrote",
    selection: {},
    text: "first\noops\nlong line\n\n",
  },
  {
    title: "puts the time before whole lines, in UTC as Z",
    selection: { timestamps: true },
    text: [
      "2026-01-01T00:00:00.123456789Z first",
      "2026-01-01T00:00:01.5Z oops",
      "2026-01-01T00:00:02Z long line",
      "2026-01-01T00:00:03+02:00 \n",
    ].join("\n"),
  },
  {
    title: "leaves out what is older",
    selection: { since: Date.UTC(2026, 0, 1, 0, 0, 2) },
    text: "long line\n\n",
  },
  { title: "keeps to one output", selection: { stream: "stderr" }, text: "oops\n" },
  { title: "cuts at the limit", selection: { limitBytes: 8 }, text: "first\noo" },
];

for (const { title, selection, text } of cases) {
  for (const size of [1, 17, 10_000]) {
    Deno.test(`CriLogReader ${title}, read in pieces of ${size}`, () => {
      const reader = new CriLogReader({ timestamps: false, ...selection });
      const bytes = new TextEncoder().encode(file);
      let got = "";
      for (let at = 0; at < bytes.length; at += size) {
        got += new TextDecoder().decode(reader.push(bytes.subarray(at, at + size)));
      }
      assert.equal(got, text);
    });
  }
}

Deno.test("CriLogReader is done once its limit is reached", () => {
  const reader = new CriLogReader({ timestamps: false, limitBytes: 5 });
  reader.push(new TextEncoder().encode("2026-01-01T00:00:00Z stdout F first\n"));
  assert.ok(reader.isDone);
});
