import type { Change } from '../../model/change.ts'
import type { Progress } from '../../model/outcome.ts'
import { escapeControls } from '../text/escape.ts'
import { breakable, cut } from '../text/layout.ts'
import { nameText } from '../text/values.ts'

const gerunds = {
  create: 'creating',
  adopt: 'adopting',
  update: 'updating',
  rotate: 'rotating',
  deliver: 'delivering',
  heal: 'healing',
  release: 'releasing',
  revoke: 'revoking',
} as const satisfies Record<Change['kind'], string>

/** How far a run is; a value that each `Progress` turns into the next. */
export interface ProgressState {
  readonly total: number
  readonly finished: number
  readonly failed: number
  /** What is at work, the last to say something last. */
  readonly running: readonly { readonly change: Change; readonly step: string }[]
}

export function beginProgress(total: number): ProgressState {
  return { total, finished: 0, failed: 0, running: [] }
}

export function advanceProgress(state: ProgressState, progress: Progress): ProgressState {
  const change = progress.event === 'started' ? progress.change : progress.outcome.change
  const others = state.running.filter(each => each.change !== change)
  if (progress.event === 'started') {
    return { ...state, running: [...others, { change, step: progress.step }] }
  }
  const failed = state.failed + (progress.outcome.status === 'failed' ? 1 : 0)
  return { ...state, finished: state.finished + 1, failed, running: others }
}

/** `Applying 3/10  rotating ci-pipeline: storing`, in less than `width` columns so that no terminal wraps it. */
export function progressLine({ total, finished, failed, running }: ProgressState, width: number): string {
  const latest = running.at(-1)
  const count = `Applying ${finished}/${total}${failed > 0 ? `, ${failed} failed` : ''}`
  if (latest === undefined) return cut(count, width - 1)
  const { change, step } = latest
  const more = running.length > 1 ? ` (and ${running.length - 1} more)` : ''
  const what = `${gerunds[change.kind]} ${breakable(nameText(change.keyId))}: ${escapeControls(step)}${more}`
  return cut(`${count}  ${what}`, width - 1)
}
