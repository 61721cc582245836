import { type Milliseconds, parseDuration } from '../model/duration.ts'
import type { RawFile } from './raw.ts'

/** The period under `defaults.expires` of a valid configuration; null where it names none. */
export function defaultExpiryOf(files: readonly RawFile[]): Milliseconds | null {
  const named = files.find(({ defaults }) => defaults?.expires !== undefined)?.defaults?.expires
  return named === undefined ? null : parseDuration(named)
}
