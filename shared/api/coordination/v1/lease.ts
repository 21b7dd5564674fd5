import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { nonNegative } from "../../validation.ts";
import type { Lease } from "./types.gen.ts";

/** Who leads, or that somebody is alive; renewed often. */
export const lease = defineKind<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  schema: schemaOf("coordination.k8s.io/v1", "Lease"),
  columns: [
    nameColumn(),
    { name: "Holder", type: "string", cell: (obj) => obj.spec?.holderIdentity ?? "" },
    ageColumn(),
  ],
  strategy: {
    allowCreateOnUpdate: true,
    requireResourceVersion: true,
    prepareForCreate: (obj) => dropCoordination(obj),
    prepareForUpdate: dropCoordination,
    validate: validateLease,
  },
  lazyUpdate: isRenewal,
});

/** Whoever holds it goes on holding it. Who takes it or lets it go must find it so after a power cut. */
function isRenewal(lease: Lease, old: Lease): boolean {
  const holder = lease.spec?.holderIdentity;
  return Boolean(holder) && holder === old.spec?.holderIdentity;
}

/** The fields of coordinated leader election (KEP-4355), which is off by default, unless they are in use already. */
function dropCoordination({ spec }: Lease, old?: Lease): void {
  if (!spec) return;
  if (old?.spec?.strategy === undefined) delete spec.strategy;
  if (old?.spec?.preferredHolder === undefined) delete spec.preferredHolder;
}

function validateLease({ spec }: Lease): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seconds = spec?.leaseDurationSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  }
  errors.push(...nonNegative(spec?.leaseTransitions, "spec.leaseTransitions"));
  return errors;
}
