import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { homeFolder } from '../files/home.ts'
import type { Milliseconds } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LockState, LockTarget } from '../model/stack-lock.ts'
import { type LeaseClock, ownClock } from '../stores/lease-clock.ts'
import type { Lease } from '../stores/lease.ts'
import { sweepLockDrafts } from '../stores/lock-file.ts'
import { type Freeing, freeLock, lockState, toState } from '../stores/lock-state.ts'
import { takeLock } from '../stores/take-lock.ts'
import { ensureFolder } from '../stores/write-file.ts'

/** What came of taking a lock. */
export type Taken = { readonly lease: Lease } | { readonly lease: null; readonly state: LockState }

/** The lock of one stack on this machine, for the runs of one user. */
export interface StackLock {
  readonly path: string
  /**
   * Takes the lock, also that of a run that is gone or that does not renew it. Waits for `patience`, and until it is known whether
   * a run that cannot be seen from here is alive. Throws a Failure where there can be no lock.
   */
  take(options: {
    readonly command: string
    readonly patience: Milliseconds
    readonly onWait: (state: LockState) => void
  }): Promise<Taken>
  look(): Promise<LockState>
  /** Removes the lock where its run is gone, or does not renew it. Resolves to whether it is free now. */
  free(options: Omit<Freeing, 'clock' | 'ownFolder'>): Promise<boolean>
}

/**
 * Where locks lie. Not in XDG_RUNTIME_DIR, which a job of cron does not have and a login has: both must see the same lock.
 */
function lockFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_STATE_HOME']
  // The XDG Base Directory Specification: a relative path counts as none.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'fluxloop-keys', 'locks')
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homeFolder(), 'AppData', 'Local'), 'fluxloop-keys', 'locks')
  if (process.platform === 'darwin')
    return join(homeFolder(), 'Library', 'Application Support', 'fluxloop-keys', 'locks')
  return join(homeFolder(), '.local', 'state', 'fluxloop-keys', 'locks')
}

/** The stack for people, and a hash that tells platforms apart. */
function lockName({ origin, stack }: LockTarget): string {
  const hash = createHash('sha256').update(`${origin}\n${stack}`).digest('hex').slice(0, 16)
  return `${stack}-${hash}.lock`
}

/** Whoever else could write there could take our lock away. */
async function requirePrivate(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const stats = await lstat(folder)
  const mine = stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0
  if (mine) return
  throw new Failure('failed', `${folder} is not a folder that only its owner, you, can write to.`, {
    hints: ['Remove it, or name another place in XDG_STATE_HOME.'],
  })
}

export function stackLock(
  target: LockTarget,
  env: NodeJS.ProcessEnv,
  clock: LeaseClock = ownClock,
): StackLock {
  const folder = lockFolder(env)
  const path = join(folder, lockName(target))
  return {
    path,
    async take({ command, patience, onWait }) {
      await ensureFolder(folder)
      await requirePrivate(folder)
      const taken = await takeLock(path, {
        patience,
        observes: true,
        ownFolder: true,
        note: { command, since: new Date().toISOString(), ...target },
        clock,
        onWait: held => void toState(held).then(onWait),
      })
      await sweepLockDrafts(folder)
      return taken.lease === null ? { lease: null, state: await toState(taken.held) } : taken
    },
    look: () => lockState(path),
    free: options => freeLock(path, { ...options, ownFolder: true, clock }),
  }
}
