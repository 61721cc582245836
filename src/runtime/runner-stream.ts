import { fstatSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

type OwnStream = 'stdout' | 'stderr'

/** Where what we write reaches the CI runner that reads this step's output: our own streams, or a pipe by its path. */
export type RunnerStream =
  | { readonly kind: 'own'; readonly streams: readonly [OwnStream, ...OwnStream[]] }
  | { readonly kind: 'pipe'; readonly path: string }

/** A runner that hides what a command names. */
export interface MaskingRunner {
  readonly name: 'github' | 'gitlab' | 'azure'
  /** Null where nothing that we can write to reaches it: a secret must not be written anywhere else. */
  readonly stream: RunnerStream | null
}

const standardError: RunnerStream = { kind: 'own', streams: ['stderr'] }

interface Process {
  readonly pid: number
  readonly args: readonly string[]
  readonly env: readonly string[]
}

function read(pid: number, name: string): string {
  return readFileSync(`/proc/${pid}/${name}`, 'latin1')
}

/** This process and those above it, as far as one may look. Linux only. */
function* lineage(): Generator<Process> {
  let pid = process.pid
  while (pid > 0) {
    let parent: number
    try {
      yield { pid, args: read(pid, 'cmdline').split('\0'), env: read(pid, 'environ').split('\0') }
      // Field 4 of proc(5); the second, a name in parentheses, may hold anything.
      const stat = read(pid, 'stat')
      parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    } catch {
      return
    }
    pid = parent
  }
}

/** A GitHub runner gives a step's first process a variable that it does not have itself. */
function githubStep(): number {
  let step = process.pid
  for (const { pid, env } of lineage()) {
    if (!env.includes('GITHUB_ACTIONS=true')) break
    step = pid
  }
  return step
}

/** An agent of Azure starts Node, which starts the script of a step, and passes on what that writes. */
function azureStep(): number {
  let step = process.pid
  for (const { pid, args, env } of lineage()) {
    if (!env.includes('TF_BUILD=True')) break
    if (!/^(?:node|Agent\.)/.test(basename(args[0] ?? ''))) step = pid
  }
  return step
}

/** A GitLab runner understands `::add-mask::` only where its `proxy_exec` is on: then its helper is above every script. */
function gitlabStep(): number | null {
  let below: number | null = null
  for (const { pid, args } of lineage()) {
    const [program = '', ...rest] = args
    if (basename(program).startsWith('gitlab-runner') && rest.slice(0, 5).includes('proxy-exec')) return below
    below = pid
  }
  return null
}

/** Error and output; and where dash, which redirects itself before it starts a program, keeps them meanwhile. */
const descriptors = [2, 1, 10, 11, 12, 13]

/** What names the pipe or socket that a process writes to by a descriptor; null where it does not. */
function linkOf(pid: number, descriptor: number): string | null {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${descriptor}`)
    const writes = /^flags:\s+\d*[12]$/m.test(read(pid, `fdinfo/${descriptor}`))
    return writes && /^(?:pipe|socket):/.test(link) ? link : null
  } catch {
    return null
  }
}

/** The streams that a step began with are the runner's; what its script redirects leads elsewhere. */
function streamOf(step: number): RunnerStream | null {
  const links = descriptors.map(descriptor => linkOf(step, descriptor))
  const leadsToRunner = (descriptor: number) => {
    const link = linkOf(process.pid, descriptor)
    return link !== null && links.includes(link)
  }
  if (step === process.pid) return leadsToRunner(2) ? standardError : null
  // A runner reads the two apart, so a command on one may come too late for the other. Where a stream is the log, no program parses it.
  const [first, second] = (
    [
      [2, 'stderr'],
      [1, 'stdout'],
    ] as const
  ).flatMap(([descriptor, name]) => (leadsToRunner(descriptor) ? [name] : []))
  if (first !== undefined) return { kind: 'own', streams: second === undefined ? [first] : [first, second] }
  const pipe = descriptors[links.findIndex(link => link?.startsWith('pipe:'))]
  return pipe === undefined ? null : { kind: 'pipe', path: `/proc/${step}/fd/${pipe}` }
}

/** Where one cannot look: standard error, unless it surely leads elsewhere. */
function unredirected(): RunnerStream | null {
  const { isTTY } = process.stderr
  const stat = fstatSync(2)
  return !isTTY && (stat.isFIFO() || stat.isSocket()) ? standardError : null
}

/** The runner of the CI job that this is. Null where there is none that masks: one would show the command, and the secret in it. */
export function findMaskingRunner(env: NodeJS.ProcessEnv): MaskingRunner | null {
  const linux = process.platform === 'linux'
  if (env['GITHUB_ACTIONS'] === 'true')
    return { name: 'github', stream: linux ? streamOf(githubStep()) : unredirected() }
  if (env['TF_BUILD'] === 'True')
    return { name: 'azure', stream: linux ? streamOf(azureStep()) : unredirected() }
  if (env['GITLAB_CI'] !== 'true' || !linux) return null
  const step = gitlabStep()
  return step === null ? null : { name: 'gitlab', stream: streamOf(step) }
}
