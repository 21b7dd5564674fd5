import { StatusError } from "../../shared/meta/status_error.ts";

/**
 * A webhook could not be asked, or answered with what is no answer. The message is the reference's, without the prefix
 * that says whose webhook it was.
 */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
  /** What the webhook's server answered instead, if it answered at all. */
  readonly status: StatusError | undefined;
  constructor(message: string, options: ErrorOptions & { readonly status?: StatusError } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

/** What a client makes of an answer whose code is not a success: `NewGenericServerResponse` of apimachinery. */
export function unexpectedAnswer(
  code: number,
  text: string,
  retryAfterSeconds: number,
): StatusError {
  const [reason, message] = meaningOf(code, text);
  return new StatusError(reason, message, {
    code,
    details: {
      causes: [{ reason: "UnexpectedServerResponse", message: text }],
      ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
    },
  });
}

type Meaning = readonly [reason: StatusError["reason"], message: string];

function meaningOf(code: number, text: string): Meaning {
  const known: Readonly<Record<number, Meaning>> = {
    400: ["BadRequest", "the server rejected our request for an unknown reason"],
    401: ["Unauthorized", "the server has asked for the client to provide credentials"],
    403: ["Forbidden", text],
    404: ["NotFound", "the server could not find the requested resource"],
    405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
    406: [
      "NotAcceptable",
      text === "" || text === "unknown"
        ? "the server was unable to respond with a content type that the client supports"
        : text,
    ],
    409: ["AlreadyExists", "the server reported a conflict"],
    415: ["UnsupportedMediaType", text],
    422: ["Invalid", "the server rejected our request due to an error in our request"],
    429: [
      "TooManyRequests",
      "the server has received too many requests and has asked us to try again later",
    ],
    503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
    504: [
      "Timeout",
      "the server was unable to return a response in the time allotted, but may still be processing the request",
    ],
  };
  const found = known[code];
  if (found) return found;
  if (code >= 500) {
    const quoted = JSON.stringify(text);
    const message = `an error on the server (${quoted}) has prevented the request from succeeding`;
    return ["InternalError", message];
  }
  const none =
    `the server responded with the status code ${code} but did not return more information`;
  return ["", none];
}
