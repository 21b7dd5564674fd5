import type { Clock } from "../../shared/clock/clock.ts";
import type { MetricRegistry } from "../../shared/metrics/metric_registry.ts";
import type { Authenticator, Authorizer, Decision } from "./request_context.ts";

/** 1 ms, doubled fourteen times. */
const seconds = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);

/** Counts and times who is asked for (`authentication_*`). */
export function meteredAuthenticator(
  inner: Authenticator,
  registry: MetricRegistry,
  clock: Clock,
): Authenticator {
  const attempts = registry.counter({
    name: "authentication_attempts",
    help: "Authentications by their result.",
    labels: ["result"],
  });
  const durations = registry.histogram({
    name: "authentication_duration_seconds",
    help: "How long authentication took, by its result.",
    labels: ["result"],
    buckets: seconds,
  });
  const [success, failure] = [attempts.with("success"), attempts.with("failure")];
  const [successTime, failureTime] = [durations.with("success"), durations.with("failure")];
  return {
    name: inner.name,
    async authenticate(request) {
      const started = clock.monotonic();
      let failed = true;
      try {
        const user = await inner.authenticate(request);
        failed = false;
        return user;
      } finally {
        (failed ? failure : success).value++;
        const time = (clock.monotonic() - started) / 1000;
        (failed ? failureTime : successTime).observe(time);
      }
    },
  };
}

/** Counts and times decisions (`authorization_*`). It is synchronous where what it wraps is. */
export function meteredAuthorizer(
  inner: Authorizer,
  registry: MetricRegistry,
  clock: Clock,
): Authorizer {
  const attempts = registry.counter({
    name: "authorization_attempts_total",
    help: "Authorizations by their result.",
    labels: ["result"],
  });
  const durations = registry.histogram({
    name: "authorization_duration_seconds",
    help: "How long authorization took, by its result.",
    labels: ["result"],
    buckets: seconds,
  });
  const series = (result: string) => ({
    count: attempts.with(result),
    time: durations.with(result),
  });
  const all = { Allow: series("allowed"), Deny: series("denied"), NoOpinion: series("no-opinion") };
  return {
    name: inner.name,
    authorize(user, info) {
      const started = clock.monotonic();
      const note = (decision: Decision) => {
        const { count, time } = all[decision.decision];
        count.value++;
        time.observe((clock.monotonic() - started) / 1000);
        return decision;
      };
      const answer = inner.authorize(user, info);
      return answer instanceof Promise ? answer.then(note) : note(answer);
    },
  };
}
