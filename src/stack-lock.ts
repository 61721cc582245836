import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { homeFolder } from './home.ts'
import type { Milliseconds } from './model/duration.ts'
import { Failure } from './model/failure.ts'
import type { LockHolder, LockState, LockTarget } from './model/stack-lock.ts'
import {
  type Found,
  type Holder,
  guardOf,
  lifeOf,
  readHolder,
  releaseLock,
  removeLock,
  removeStale,
  takeLock,
} from './stores/lock-file.ts'
import { ensureFolder } from './stores/write-file.ts'

/** The lock of one stack on this machine, for the runs of one user. */
export interface StackLock {
  readonly path: string
  /** Resolves to what keeps it from being taken at the end of `patience`; null: it is taken. Throws a Failure where there can be no lock. */
  take(options: {
    readonly command: string
    readonly patience: Milliseconds
    readonly onWait: (state: LockState) => void
  }): Promise<LockState | null>
  release(): Promise<void>
  look(): Promise<LockState>
  /** Removes it where its run is gone; with `force`, whoever has it. Throws a Failure where somebody else is about to take it over. */
  remove(options: { readonly force: boolean }): Promise<void>
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

function toLockHolder({ pid, space, note }: Holder): LockHolder {
  const since = Date.parse(note['since'] ?? '')
  return {
    pid,
    host: space.split(' ')[0] ?? '',
    command: note['command'] ?? null,
    since: Number.isNaN(since) ? null : since,
  }
}

async function toState(found: Found | null): Promise<LockState> {
  if (found === 'gone') return { kind: 'free' }
  if (found === 'unreadable' || found === null) return { kind: 'unknown', holder: null }
  const holder = toLockHolder(found)
  switch (await lifeOf(found)) {
    case 'alive':
      return { kind: 'held', holder }
    case 'gone':
      return { kind: 'left-behind', holder }
    case 'unknown':
      return { kind: 'unknown', holder }
  }
}

function guarded(path: string): Failure {
  return new Failure('conflict', 'Another process is taking over the lock of a run that is gone.', {
    hints: [
      'If it was killed meanwhile, and is on another machine or in another container, it cannot be seen from here.',
      `Once you know that it is over: fluxloop-keys unlock --force (${guardOf(path)})`,
    ],
  })
}

export function stackLock(target: LockTarget, env: NodeJS.ProcessEnv): StackLock {
  const folder = lockFolder(env)
  const path = join(folder, lockName(target))
  return {
    path,
    async take({ command, patience, onWait }) {
      await ensureFolder(folder)
      await requirePrivate(folder)
      const note = { command, since: new Date().toISOString(), ...target }
      const found = await takeLock(path, {
        deadline: Date.now() + patience,
        note,
        onWait: holder => void toState(holder).then(onWait),
      })
      return found === null ? null : await toState(found)
    },
    release: () => releaseLock(path),
    look: async () => await toState(await readHolder(path)),
    async remove({ force }) {
      if (force) {
        await removeLock(guardOf(path))
        await removeLock(path)
      } else if ((await removeStale(path, Date.now())) !== null) throw guarded(path)
    },
  }
}
