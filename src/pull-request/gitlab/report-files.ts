import { copyFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readPlanText, sha256 } from '../../commands/plan-store.ts'
import type { Change } from '../../model/change.ts'
import { readPlanFile } from '../../plan/plan-file.ts'
import { codeQuality } from '../../render/audit/code-quality.ts'
import { jsonText } from '../../render/text/json.ts'
import type { Mark, StepOutcome } from '../step.ts'

/** The names of the files that the template keeps, in the folder of the project. */
export const reportFiles = {
  plan: 'fluxloop-keys-plan.json',
  terraform: 'fluxloop-keys-terraform.json',
  quality: 'gl-code-quality-report.json',
  variables: 'fluxloop-keys.env',
} as const

/** GitLab shows three counts on a merge request. Source: https://docs.gitlab.com/user/infrastructure/iac/mr_integration */
interface TerraformReport {
  readonly create: number
  readonly update: number
  readonly delete: number
}

const countedAs: Readonly<Record<Change['kind'], keyof TerraformReport>> = {
  create: 'create',
  adopt: 'update',
  update: 'update',
  rotate: 'update',
  deliver: 'update',
  heal: 'update',
  release: 'update',
  revoke: 'delete',
}

export function terraformReport(changes: readonly { readonly kind: string }[]): TerraformReport {
  const counts = { create: 0, update: 0, delete: 0 }
  const counted = new Map<string, keyof TerraformReport>(Object.entries(countedAs))
  for (const { kind } of changes) counts[counted.get(kind) ?? 'update'] += 1
  return counts
}

const severities = { error: 'critical', warning: 'minor', notice: 'info' } as const satisfies Record<
  Mark['level'],
  string
>

/** What a dotenv report may hold: `NAME=value`, a line each. */
function variablesOf({ changes, widens, exitCode, digest }: StepOutcome): string {
  const values = {
    FLUXLOOP_KEYS_CHANGES: String(changes),
    FLUXLOOP_KEYS_WIDENS: String(widens),
    FLUXLOOP_KEYS_EXIT_CODE: String(exitCode),
    FLUXLOOP_KEYS_DIGEST: digest ?? '',
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Writes what the merge request's page and later jobs read. `home`: the file that shows what is in none. */
export async function saveReports(outcome: StepOutcome, folder: string, home: string): Promise<void> {
  const at = (name: string) => join(folder, name)
  const remarks = outcome.marks.map(({ level, file, line, title, message }) => ({
    check: title,
    text: `${title}: ${message}`,
    severity: severities[level],
    place: file === null ? null : { file, line },
    identity: null,
  }))
  await writeFile(at(reportFiles.quality), `${jsonText(codeQuality(remarks, home))}\n`)
  await writeFile(at(reportFiles.variables), variablesOf(outcome))
  const { planFile } = outcome
  if (planFile === null) return
  const plan = at(reportFiles.plan)
  if (resolve(planFile) !== plan) await copyFile(planFile, plan)
  const file = readPlanFile(await readPlanText(plan, folder), plan, sha256)
  await writeFile(at(reportFiles.terraform), `${jsonText(terraformReport(file.plan.changes))}\n`)
}
