import type { LockHolder, LockTarget } from '../model/stack-lock.ts'
import { escapeControls } from './text.ts'
import { dateTime } from './time.ts'

/** `acme-agents at https://api.fluxloop.ai` */
export function targetText({ origin, stack }: LockTarget): string {
  return `${stack} at ${origin}`
}

/** `apply (process 4711 on build-3, since 2026-11-22 14:05 UTC)` */
export function holderText(holder: LockHolder | null): string {
  if (holder === null) return 'a run that its file does not tell'
  const { pid, host, command, since } = holder
  const begun = since === null ? '' : `, since ${dateTime(since)}`
  return `${escapeControls(command ?? 'a run')} (process ${pid} on ${escapeControls(host)}${begun})`
}
