import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

/** Where Debian puts what no user calls by its name. */
const moreFolders = [
  '/usr/sbin',
  ...[17, 16, 15, 14, 13].map(version => `/usr/lib/postgresql/${version}/bin`),
]

export function findProgram(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...moreFolders]
  const folder = folders.find(one => one !== '' && existsSync(join(one, program)))
  return folder === undefined ? null : join(folder, program)
}

/** Skips a test where a program is missing; in CI it fails, as `needs` of the tool's tests does. */
export function needsPrograms(t: Pick<Test, 'pass' | 'fail'>, ...programs: readonly string[]): boolean {
  const missing = programs.find(program => findProgram(program) === null)
  if (missing === undefined) return true
  if (process.env['CI'] === undefined) t.pass(`skipped: needs ${missing}`, { skip: `needs ${missing}` })
  else t.fail(`needs ${missing}, which CI must have`)
  return false
}

function idOf(flag: '-u' | '-g', user: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, user], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : null
}

/** Neither PostgreSQL nor pgbouncer runs as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', user), idOf('-g', user)]
    if (uid !== null && gid !== null) return { uid, gid }
  }
  throw new Error('neither the user postgres nor the user nobody exists')
}

const user = unprivileged()

/** Gives a file or folder to the user that daemons run as. */
export function giveToDaemons(path: string): void {
  if (user !== null) chownSync(path, user.uid, user.gid)
}

/** Ends with the process of the test, however that ends: `setpriv` asks the kernel for it. */
function asDaemon(program: string, args: readonly string[]): readonly string[] {
  const drop = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']
  return [...drop, '--pdeathsig', 'KILL', '--', findProgram(program) ?? program, ...args]
}

// Messages in English and times in UTC, whatever this machine speaks.
const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }

export function runAsDaemon(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync('setpriv', asDaemon(program, args), { encoding: 'utf8', env, cwd })
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`)
}

/** A server program that is up once its port answers. */
export interface Daemon {
  readonly process: ChildProcess
  /** Resolves once it ended. */
  stop(signal: NodeJS.Signals): Promise<void>
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

export async function startDaemon(
  program: string,
  args: readonly string[],
  { port, cwd }: { readonly port: number; readonly cwd: string },
): Promise<Daemon> {
  const child = spawn('setpriv', asDaemon(program, args), { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (said = `${said}${data.toString()}`.slice(-4_000)))
  const closed = once(child, 'close')
  const isUp = () => child.exitCode === null && child.signalCode === null
  while (!(await answers(port))) {
    if (!isUp()) throw new Error(`${program} ended: ${said}`)
    await wait(20)
  }
  return {
    process: child,
    async stop(signal) {
      if (isUp()) child.kill(signal)
      await closed
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
