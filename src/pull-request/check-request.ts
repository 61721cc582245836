import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { auditState, findingsAtOrAbove } from '../audit/audit-state.ts'
import { gatherFacts } from '../commands/audit/gather-facts.ts'
import { failOnOf } from '../commands/audit/options.ts'
import type { Context } from '../context.ts'
import type { AuditReport } from '../model/audit.ts'
import type { DesiredState } from '../model/desired.ts'
import { exitCodes } from '../model/failure.ts'
import { plural } from '../model/plural.ts'
import { auditToJson } from '../render/audit/audit-json.ts'
import { auditToMarkdown } from '../render/audit/audit-markdown.ts'
import { auditToSarif } from '../render/audit/audit-sarif.ts'
import { renderAudit } from '../render/audit/audit-text.ts'
import { renderDiagnostics } from '../render/text/diagnostics.ts'
import { jsonText } from '../render/text/json.ts'
import { inertText } from '../render/text/markdown.ts'
import { overruledNote } from './comment.ts'
import { fetchBoth, loadJudged } from './load-judged.ts'
import { type Place, fileInRepository, marksOfAudit, marksOfDiagnostics } from './marks.ts'
import { type Asked, type OpenContext, type StepOutcome, nothingDone } from './step.ts'
import type { CodeHost } from './port.ts'

/** What is looked at without a credential. */
export type Check = 'validate' | 'audit'

/** Both, and neither fails for what it finds: a pull request from another repository gets no plan, and is never written to. */
type Checks = Check | 'of-fork'

const windowDays = 30

/** An audit of the configuration alone, or of the live keys too. */
export async function auditOf(
  desired: DesiredState,
  { offline, failOn }: { readonly offline: boolean; readonly failOn: string | null },
  context: Context,
): Promise<{ readonly report: AuditReport; readonly failed: boolean }> {
  const limit = failOnOf(failOn, desired.policy.audit)
  const targets = { only: [], except: [] }
  const facts = await gatherFacts(
    desired,
    { offline, windowDays, maximumRequests: 200, parallelism: 10, targets },
    { apiUrl: null, staging: false, profile: null, verbose: false },
    context,
  )
  const report = auditState(facts)
  return { report, failed: findingsAtOrAbove(report, limit).length > 0 }
}

/** The same, with the places of its findings as the whole repository calls them. */
function fromRoot(report: AuditReport, place: Place): AuditReport {
  const findings = report.findings.map(finding => {
    const { position } = finding
    const file = position === null ? null : fileInRepository(position.file, place)
    return position === null || file === null ? finding : { ...finding, position: { ...position, file } }
  })
  return { ...report, findings }
}

/** Shows an audit everywhere but in a comment. */
export async function shownAudit(
  { report, failed }: { readonly report: AuditReport; readonly failed: boolean },
  desired: DesiredState,
  place: Place,
  folder: string,
  context: Context,
): Promise<StepOutcome> {
  context.stdout.print(renderAudit(report, context.stdout))
  const first = desired.keys[0]?.position.file
  const home = first === undefined ? null : fileInRepository(first, place)
  const sarifFile = join(folder, 'fluxloop-keys.sarif')
  const sarif = auditToSarif(auditToJson(fromRoot(report, place)), { version: context.version, home })
  await writeFile(sarifFile, jsonText(sarif))
  return {
    ...nothingDone,
    exitCode: failed ? exitCodes.refused : 0,
    sarifFile,
    page: auditToMarkdown(report),
    marks: marksOfAudit(report.findings, place),
  }
}

/** Looks at what a pull request declares, judged by its base, with no credential and no request to the platform. Writes nothing anywhere. */
export async function checkRequest(
  number: number,
  commit: string,
  check: Checks,
  asked: Asked,
  host: CodeHost,
  open: OpenContext,
): Promise<StepOutcome> {
  const request = await host.request(number)
  if (request.head !== commit)
    return {
      ...nothingDone,
      page: `A newer commit of ${host.words.sign}${number} is checked by a run of its own.`,
    }
  const merge = request.merge ?? request.head
  const folders = await fetchBoth(host, { base: request.base, merge }, asked, asked.folder)
  const context = open(folders.merged.cwd)
  const judged = await loadJudged(folders, asked.config, asked.packages)
  if (!judged.ok) {
    context.stderr.print(renderDiagnostics(judged.diagnostics.slice(0, 100), context.stderr.palette))
    return {
      ...nothingDone,
      exitCode: exitCodes.configuration,
      page: `**The configuration is not valid:** ${plural(judged.diagnostics.length, 'error')}. The log and the marks at its lines say where.`,
      marks: marksOfDiagnostics(judged.diagnostics, folders.merged),
    }
  }
  const { desired, declared, overruled } = judged
  const valid = `The configuration of ${inertText(declared.stack)} is valid: ${plural(declared.keys.length, 'key')}.`
  const warnings = marksOfDiagnostics(judged.warnings, folders.merged)
  if (check === 'validate') {
    context.stdout.print(valid)
    return { ...nothingDone, page: valid, marks: warnings }
  }
  const note = overruledNote(overruled, request.base.branch)
  const audited = await auditOf(desired, { offline: true, failOn: asked.failOn }, context)
  const outcome = await shownAudit(audited, desired, folders.merged, asked.folder, context)
  const isFork = check === 'of-fork'
  const about = isFork
    ? [
        'This pull request comes from another repository: it was checked without a credential, and has no plan.',
        valid,
      ]
    : []
  return {
    ...outcome,
    exitCode: isFork ? 0 : outcome.exitCode,
    page: [...about, ...(note === null ? [] : [note]), outcome.page].join('\n\n'),
    marks: [...warnings, ...outcome.marks],
  }
}
