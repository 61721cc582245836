import type { LockHolder, LockState, LockTarget } from '../../model/stack-lock.ts'
import { escapeControls } from '../text/escape.ts'
import { dateTime } from '../text/time.ts'

/** `acme-agents at https://api.fluxloop.ai` */
export function targetText({ origin, stack }: LockTarget): string {
  return `${stack} at ${origin}`
}

/** `apply (process 4711 on build-3, since 2026-11-22 14:05 UTC)` */
export function holderText(holder: LockHolder | null): string {
  if (holder === null) return 'an unknown process'
  const { pid, host, command, since } = holder
  const begun = since === null ? '' : `, since ${dateTime(since)}`
  return `${escapeControls(command ?? 'a run')} (process ${pid} on ${escapeControls(host)}${begun})`
}

/** What a run says while it waits for the lock of a file that a store writes. */
export function waitingForFile(
  lock: string,
  holder: { readonly pid: number; readonly space: string } | null,
): string {
  const who =
    holder === null ? '' : ` (process ${holder.pid} on ${escapeControls(holder.space.split(' ')[0] ?? '')})`
  return `Waiting for ${escapeControls(lock)}${who}. If nobody renews it for a minute, it was left behind and is taken over.`
}

/** What `unlock` says while it finds out whether the holder of a lock is alive. */
export function watchingText(locked: string, path: string, state: LockState): string {
  const holder = holderText(state.kind === 'free' ? null : state.holder)
  return `Watching the lock of ${locked} for up to a minute, to see whether ${holder} renews it (${escapeControls(path)}).`
}
