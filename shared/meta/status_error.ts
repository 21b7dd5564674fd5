import type { Status, StatusDetails } from "./types.gen.ts";

/** Every way the API may refuse a request, with its HTTP code: the only such table. */
const httpCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
} as const;
export type StatusReason = keyof typeof httpCodes;

export interface StatusErrorOptions extends ErrorOptions {
  readonly details?: StatusDetails;
  /** Overrides the code of the reason, for the few answers where the reference does. */
  readonly code?: number;
  /** For lists: the token to go on with. */
  readonly continue?: string;
}

/** A refusal that will be (or was) written to the client as a `Status` object. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  readonly details: StatusDetails | undefined;
  readonly continueToken: string | undefined;
  constructor(
    /** Empty where the reference gives none. */
    readonly reason: StatusReason | "",
    message: string,
    options: StatusErrorOptions = {},
  ) {
    super(message, options);
    this.code = options.code ?? (reason === "" ? 500 : httpCodes[reason]);
    this.details = options.details;
    this.continueToken = options.continue;
  }

  /** The `Status` as it goes over the wire. */
  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: "Failure",
      message: this.message,
      ...(this.reason && { reason: this.reason }),
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }

  /** The error behind a `Status` that came over the wire. */
  static fromStatus(status: Partial<Status>, code: number): StatusError {
    const reason = (status.reason ?? "") as StatusReason | "";
    return new StatusError(reason, status.message ?? `the server answered ${code}`, {
      code: status.code ?? code,
      ...(status.details && { details: status.details }),
    });
  }
}

/** Whether `error` is the refusal `reason`. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}
