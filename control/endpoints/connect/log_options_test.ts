import assert from "node:assert/strict";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { readLogOptions } from "./log_options.ts";

const refused: readonly (readonly [string, number, string])[] = [
  ["tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    "tailLines=-1",
    422,
    'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    "limitBytes=0",
    422,
    'PodLogOptions "p" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
  ],
  [
    "sinceSeconds=0",
    422,
    'PodLogOptions "p" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
  ],
  [
    "sinceSeconds=5&sinceTime=2024-01-02T03:04:05Z",
    422,
    'PodLogOptions "p" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
  ],
  [
    "stream=Both",
    422,
    'PodLogOptions "p" is invalid: stream: Unsupported value: "Both": supported values: "All", "Stderr", "Stdout"',
  ],
  [
    "sinceTime=yesterday",
    400,
    'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
  ],
];
for (const [query, code, message] of refused) {
  Deno.test(`readLogOptions() refuses ${query}`, () => {
    const read = () => readLogOptions(new URLSearchParams(query), "p");
    assert.throws(
      read,
      (error) => error instanceof StatusError && error.code === code && error.message === message,
    );
  });
}

const accepted: readonly (readonly [string, string])[] = [
  ["", ""],
  ["container=c&follow=true&pretty=true", "follow=true"],
  ["follow=false&previous=0", ""],
  [
    "tailLines=0&limitBytes=9&sinceSeconds=3&timestamps=1",
    "timestamps=true&tailLines=0&limitBytes=9&sinceSeconds=3",
  ],
  ["stream=All&tailLines=3", "tailLines=3"],
  ["stream=Stderr", "stream=Stderr"],
];
for (const [query, asked] of accepted) {
  Deno.test(`readLogOptions() asks the node for "${asked}" when asked for "${query}"`, () => {
    assert.equal(String(readLogOptions(new URLSearchParams(query), "p").query), asked);
  });
}
