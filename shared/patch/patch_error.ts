import { StatusError } from "../meta/status_error.ts";

/** The patch itself cannot be read. */
export function badPatch(message: string, cause?: unknown): StatusError {
  return new StatusError("BadRequest", message, { cause });
}

/** The patch cannot be applied to this object. The reference keeps the reason from the client; here it is the cause. */
export function doesNotApply(reason: string): StatusError {
  return new StatusError(
    "Invalid",
    "the server rejected our request due to an error in our request",
    { details: {}, cause: new Error(reason) },
  );
}

/** A fault in a strategic merge patch that the reference answers with a bare 500. */
export function unexpectedPatch(message: string): StatusError {
  return new StatusError("", message, { code: 500 });
}
