/** Takes the bytes of one answer, as fast as its client does. */
export interface BodyWriter {
  /** False: no room for more until `onDrain` calls. What was given is sent all the same. */
  write(chunk: Uint8Array): boolean;
  /** Calls `task` whenever there is room again. Set once. */
  onDrain(task: () => void): void;
  /** Calls `task` when the client is gone. Set once. */
  onClose(task: () => void): void;
  /** Nothing more will come. */
  end(): void;
}
/** Sends a body through a writer; called at most once. */
export type BodySource = (writer: BodyWriter) => void;
export type DirectBody = Uint8Array | BodySource;

const bodies = new WeakMap<Response, DirectBody>();

/**
 * A Response whose body a listener may send without the platform's streams, which cost more than the rest of a small
 * request. To everybody else it is an ordinary Response.
 */
export function bytesResponse(bytes: Uint8Array, init: ResponseInit): Response {
  const response = new Response(bytes as Uint8Array<ArrayBuffer>, init);
  bodies.set(response, bytes);
  return response;
}

/** As `bytesResponse`, for a body that comes bit by bit. Nothing happens before somebody reads it. */
export function sourceResponse(source: BodySource, init: ResponseInit): Response {
  const response = new Response(readableOf(source), init);
  bodies.set(response, source);
  return response;
}

/** What a listener may send instead of `response.body`. */
export function directBodyOf(response: Response): DirectBody | undefined {
  return bodies.get(response);
}

/** A source as a stream: it begins with the first read, and one chunk is under way at most. */
function readableOf(source: BodySource): ReadableStream<Uint8Array> {
  let drain = () => {};
  let gone = () => {};
  let started = false;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (started) return drain();
      started = true;
      source({
        write(chunk) {
          controller.enqueue(chunk);
          return false;
        },
        onDrain: (task) => void (drain = task),
        onClose: (task) => void (gone = task),
        end: () => controller.close(),
      });
    },
    cancel: () => gone(),
  }, { highWaterMark: 0 });
}
