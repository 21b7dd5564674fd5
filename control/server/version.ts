/** Coracle's own version. */
export const coracleVersion = "0.1.0";

/** What `/version` says: the API version that is served; `gitVersion` is what clients compare. */
export const apiVersionInfo = {
  major: "1",
  minor: "37",
  emulationMajor: "1",
  emulationMinor: "37",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "36",
  gitVersion: "v1.37.2",
  gitCommit: `coracle-${coracleVersion}`,
  gitTreeState: "clean",
  buildDate: "2026-11-23T00:00:00Z",
  goVersion: "go1.26.8",
  compiler: "gc",
  platform: "linux/amd64",
};
