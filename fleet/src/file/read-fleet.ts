import { resolve } from 'node:path'
import { DiagnosticList } from '../../../src/config/diagnostic-list.ts'
import { shownPath } from '../../../src/config/find-files.ts'
import { tidy } from '../../../src/config/load.ts'
import type { Diagnostic } from '../../../src/model/diagnostic.ts'
import { type Milliseconds, day, parseDuration, year } from '../../../src/model/duration.ts'
import { discoverStacks } from './discover.ts'
import type { CredentialReference, Fleet, FleetAccount, Notifier } from './fleet.ts'
import { type FleetDocument, readDocument } from './read-document.ts'
import { resolveAccounts } from './resolve-accounts.ts'
import { resolveNotifiers } from './resolve-notifiers.ts'
import { resolveSettings, usualSettings } from './resolve-settings.ts'
import { type StackContext, resolveStacks } from './resolve-stacks.ts'

export type FleetReading =
  /** `discovers`: it depends on folders too, not on the file alone. */
  | { readonly ok: true; readonly fleet: Fleet; readonly discovers: boolean }
  /** Sorted by place; `omitted`: that many more there are. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly omitted: number }

const longestRetention: Milliseconds = 20 * year

function retentionOf(document: FleetDocument): Milliseconds {
  const { retention } = document.raw
  if (retention === undefined || !document.isValidAt(['retention'])) return year
  const time = parseDuration(retention) ?? year
  if (time >= day && time <= longestRetention) return time
  const message = `The retention "${retention}" is ${time < day ? 'shorter than a day' : 'longer than 20 years'}`
  document.report(['retention'], { code: 'bad-value', message, hint: 'Write one such as 90d or 1y.' })
  return year
}

/** The environment variables in which the fleet has its own secrets. */
export function secretVariables(
  accounts: Iterable<FleetAccount | null>,
  notifiers: readonly Notifier[],
): ReadonlySet<string> {
  const references: CredentialReference[] = []
  for (const account of accounts) if (account !== null) references.push(account.credential)
  for (const { target } of notifiers) {
    if (target.kind === 'webhook') references.push(target.secret)
    if (target.kind === 'slack') references.push(target.url)
  }
  return new Set(references.flatMap(reference => (reference.kind === 'env' ? [reference.name] : [])))
}

async function resolveFleet(document: FleetDocument): Promise<Omit<Fleet, 'file'>> {
  const accounts = resolveAccounts(document)
  const notifiers = resolveNotifiers(document)
  const secrets = secretVariables(accounts?.values() ?? [], notifiers)
  const { raw } = document
  const defaults =
    raw.defaults === undefined || !document.isValidAt(['defaults'])
      ? usualSettings
      : resolveSettings(raw.defaults, ['defaults'], usualSettings, document, secrets)
  const context: StackContext = {
    document,
    // What the defaults say of it is not known.
    accounts: document.isValidAt(['defaults']) ? accounts : null,
    defaults,
    secrets,
  }
  if (document.isValidAt([]) && raw.stacks === undefined && raw.discover === undefined) {
    const message = 'The file names no stacks'
    const hint = 'List them under `stacks`, or find them with `discover`. Write `stacks: []` for none.'
    document.report([], { code: 'missing-property', message, hint })
  }
  const listed = resolveStacks(context)
  const stacks = [...listed, ...(await discoverStacks(context, listed))].map(({ stack }) => stack)
  stacks.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { stacks, notifiers, retention: retentionOf(document) }
}

/**
 * Reads a fleet file, and looks for the stacks that it discovers. What is wrong comes back as diagnostics, all at once; nothing is
 * thrown for it. `cwd`: paths on screens are relative to it.
 */
export async function readFleet(path: string, { cwd }: { readonly cwd: string }): Promise<FleetReading> {
  const file = resolve(cwd, path)
  const diagnostics = new DiagnosticList()
  const document = await readDocument(file, shownPath(file, cwd), diagnostics)
  const fleet = document === null ? null : await resolveFleet(document)
  if (fleet === null || diagnostics.kept.length > 0)
    return { ok: false, diagnostics: tidy(diagnostics.kept), omitted: diagnostics.omitted }
  return { ok: true, fleet: { file, ...fleet }, discovers: document?.raw.discover !== undefined }
}
