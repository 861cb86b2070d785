export { type AuditOptions, audit, auditText } from "./audit.ts";
export type { AuditedFile, AuditedRun, AuditObjective, AuditReport, Finding } from "./report.ts";
