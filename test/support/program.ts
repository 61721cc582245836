import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The built program, as `npm test` builds it first. */
const program = fileURLToPath(new URL('../../dist/start.cjs', import.meta.url))

/** tap loads itself into every Node process by NODE_OPTIONS; users do not run the program that way, and it costs 0.3 s. */
export const asUsersDo = ['env', '-u', 'NODE_OPTIONS', process.execPath, program] as const

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Over the workplace's own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly stdio?: SpawnOptions['stdio']
  /** Names of files in this folder that are loaded before the program's own code; of the built program alone. */
  readonly loaded?: readonly string[]
  /** Called once the process has begun. */
  readonly watch?: (child: ChildProcess) => void
}

/** A home, a folder to work in and one for temporary files. Nothing of the environment of the test gets in but PATH. */
export interface Workplace {
  readonly root: string
  readonly work: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Runs the program to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** Paths are relative to `work`. */
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
}

/** `env` goes over what the workplace sets, for every run in it. */
export async function workplace(
  t: Pick<Test, 'teardown'>,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), 'fluxloop-keys-scenario-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const [home, work, temporary] = ['home', 'work', 'tmp'].map(name => join(root, name)) as [
    string,
    string,
    string,
  ]
  for (const folder of [home, work, temporary]) await mkdir(folder)
  const whole = { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary, ...env }
  return {
    root,
    work,
    env: whole,
    run: (args, { loaded = [], ...options } = {}) => {
      const imports = loaded.map(name => `--import=${new URL(name, import.meta.url).href}`)
      return ended(asUsersDo[0], [...asUsersDo.slice(1, -1), ...imports, program, ...args], {
        cwd: work,
        ...options,
        env: { ...whole, ...options.env },
      })
    },
    async write(path, text) {
      await mkdir(dirname(join(work, path)), { recursive: true })
      await writeFile(join(work, path), text)
    },
    read: path => readFile(join(work, path), 'utf8'),
  }
}

/** Runs any program to its end, whatever that is. */
export function ended(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { watch, env, cwd, stdio = ['ignore', 'pipe', 'pipe'] } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    })
    watch?.(child)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
