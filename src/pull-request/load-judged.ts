import { join } from 'node:path'
import { type Loaded, loadConfiguration } from '../config/load.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { DesiredState } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { renderDiagnostics } from '../render/text/diagnostics.ts'
import { type Overruled, judgedBy } from './judge.ts'
import type { ChangeRequest, CodeHost } from './port.ts'
import { type Snapshot, type SnapshotOptions, takeSnapshot } from './snapshot.ts'

export interface JudgedFolders {
  readonly base: Snapshot
  /** After the merge. */
  readonly merged: Snapshot
}

/** Fetches the configuration of both sides, at their exact commits, as data. */
export async function fetchBoth(
  host: CodeHost,
  { base, merge }: { readonly base: ChangeRequest['base']; readonly merge: string },
  options: SnapshotOptions,
  folder: string,
): Promise<JudgedFolders> {
  return {
    base: await takeSnapshot(host, base.commit, options, join(folder, 'base')),
    merged: await takeSnapshot(host, merge, options, join(folder, 'merged')),
  }
}

export type Judged =
  | {
      readonly ok: true
      /** What the pull request declares, as it counts once it is merged. */
      readonly declared: DesiredState
      /** The same, judged by the base. */
      readonly desired: DesiredState
      readonly overruled: readonly Overruled[]
      readonly warnings: readonly Diagnostic[]
    }
  | { readonly ok: false; readonly stack: string | null; readonly diagnostics: readonly Diagnostic[] }

function unjudged(loaded: Extract<Loaded, { readonly ok: false }>): Failure {
  return new Failure(
    'configuration',
    'The configuration of the base branch is not valid, so it cannot judge',
    {
      hints: [
        'Correct it on the base branch first. Nothing was planned.',
        ...loaded.diagnostics.slice(0, 5).map(one => renderDiagnostics([one])),
      ],
    },
  )
}

/** Loads both sides; the base judges. Throws a `Failure` where the base's own configuration is not valid. `packages`: as of `Confined`. */
export async function loadJudged(
  { base, merged }: JudgedFolders,
  config: readonly string[],
  packages: string | null,
): Promise<Judged> {
  const used = new Set<string>()
  const load = (cwd: string, allowed: ReadonlySet<string> | null) =>
    loadConfiguration({ paths: config, cwd, now: null, confined: { packages, allowed, used } })
  const before = base.found ? await load(base.cwd, null) : null
  if (before !== null && !before.ok) throw unjudged(before)
  const after = await load(merged.cwd, new Set(used))
  const known = before?.desired ?? null
  if (!after.ok) return { ok: false, stack: known?.stack ?? null, diagnostics: after.diagnostics }
  return {
    ok: true,
    declared: after.desired,
    ...judgedBy(known, after.desired),
    warnings: after.warnings,
  }
}
