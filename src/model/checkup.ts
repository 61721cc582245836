export const checkNames = [
  'program',
  'node',
  'configuration',
  'credentials',
  'platform',
  'clock',
  'permissions',
  'call',
  'lock',
  'keychain',
  'store',
  'git',
] as const

export type CheckName = (typeof checkNames)[number]

/** One thing that was looked at. */
export interface Check {
  readonly name: CheckName
  /** What of several it is about, such as a store; null where there is only one. */
  readonly subject: string | null
  /** `warning`: it works, but not as one may think. `skipped`: it could not be tried. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** A sentence without its full stop. */
  readonly message: string
  /** What to do about it, in full sentences. */
  readonly hints: readonly string[]
}

/** What `doctor` found. */
export interface Checkup {
  readonly checks: readonly Check[]
  /** How many requests it made. */
  readonly requests: number
}

export function isHealthy({ checks }: Checkup): boolean {
  return checks.every(({ status }) => status !== 'failed')
}
