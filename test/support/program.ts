import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { runWarm } from './warm-program.ts'
import { whole } from './whole.ts'

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
  /** Standard input of the program; nothing where it is absent. */
  readonly input?: string
  /** In a process of its own, as users run it: what a test is about that looks at processes. */
  readonly apart?: boolean
  /** A command that runs the program with the rest of its line. */
  readonly within?: readonly string[]
  /** Another build of it than the usual one. */
  readonly program?: string
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
  const own = { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary, ...env }
  return {
    root,
    work,
    env: own,
    run: (args, options = {}) => run(args, { cwd: work, ...options, env: { ...own, ...options.env } }),
    async write(path, text) {
      await mkdir(dirname(join(work, path)), { recursive: true })
      await writeFile(join(work, path), text)
    },
    read: path => readFile(join(work, path), 'utf8'),
  }
}

/** Those of `loaded` that a process can go on with. */
const reusable: readonly string[] = ['leaping-lease.mjs', 'record-programs.mjs']

/** What a process has from its start on, or finds out about itself. */
const ofProcesses = /^(?:NODE_|LC_|LANG|GITHUB_ACTIONS$|TF_BUILD$|GITLAB_CI$|SSL_)/

/** Commands that give their streams to other programs, serve until they are stopped, or are answered by the program's first file. */
const startsApart = (args: readonly string[]): boolean =>
  ['exec', 'sandbox', 'ui', 'demo', 'help', undefined].includes(args[0]) ||
  args.some(arg => ['--help', '-h', '--version', '-v'].includes(arg))

/**
 * Runs the built program to its end, in a process that ran it before where it makes no difference. Campaigns play with a process for
 * every run.
 */
export function run(args: readonly string[], options: RunOptions & { readonly cwd: string }): Promise<Ended> {
  const {
    loaded = [],
    env = {},
    input = '',
    watch,
    stdio,
    cwd,
    within = [],
    program: file = program,
  } = options
  const imports = loaded.map(name => new URL(name, import.meta.url).href)
  const isApart =
    options.apart === true ||
    whole ||
    watch !== undefined ||
    stdio !== undefined ||
    Object.keys(env).some(name => ofProcesses.test(name)) ||
    startsApart(args) ||
    loaded.some(name => !reusable.includes(name))
  if (!isApart) return runWarm({ program: file, args, cwd, env, input, imports, within })
  const [command = '', ...line] = [
    ...within,
    ...asUsersDo.slice(0, -1),
    ...imports.map(url => `--import=${url}`),
    file,
    ...args,
  ]
  return ended(command, line, options)
}

/**
 * Runs another built file than the program, likewise: in a process that ran this file before. Variables that count at the start have to be
 * the same at all of its runs.
 */
export function runFile(
  file: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Ended> {
  if (whole) return ended(process.execPath, [file, ...args], { cwd, env })
  return runWarm({ program: file, args, cwd, env, input: '', imports: [], within: [] })
}

/** Runs any program to its end, whatever that is. */
export function ended(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const {
    watch,
    env,
    cwd,
    input,
    stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    })
    watch?.(child)
    // A program that does not read it ends it.
    if (input !== undefined) child.stdin?.on('error', () => undefined).end(input)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
