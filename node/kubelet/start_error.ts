/** A container could not be started now. What its status waits for. */
export class StartError extends Error {
  override readonly name = "StartError";
  constructor(
    /** Reason of the waiting state, e.g. `ErrImagePull`. */
    readonly reason: string,
    message: string,
    /** When to try again, in wall-clock milliseconds. Absent: after the usual pause. */
    readonly retryAt?: number,
  ) {
    super(message);
  }
}
