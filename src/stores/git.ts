import { dirname } from 'node:path'
import { second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { childEnvironment } from './child-environment.ts'
import { findProgram } from './find-program.ts'
import { isSafeGit } from './git-version.ts'
import { type Answer, runApart } from './process-group.ts'

/** A repository's own configuration can name programs. Neither of these starts any with the switches below. */
type Subcommand = 'ls-files' | 'check-ignore'

const switches = [
  '--no-pager',
  ...[
    'safe.bareRepository=explicit',
    'protocol.allow=never',
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.pager=cat',
  ].flatMap(setting => ['-c', setting]),
]

/** What `childEnvironment` lets through holds no `GIT_*` variable. */
function gitEnvironment(root: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...childEnvironment(env),
    LC_ALL: 'C',
    // A missing object is an error, not something to be fetched with the programs that a remote names.
    GIT_NO_LAZY_FETCH: '1',
    // Beats `protocol.file.allow` and its like in the repository's configuration, which beat `protocol.allow`.
    GIT_ALLOW_PROTOCOL: ':',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // Where `root` is not a repository after all, none above it is taken.
    GIT_CEILING_DIRECTORIES: dirname(root),
  }
}

function run(git: string, args: readonly string[], root: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  const limits = { timeout: 10 * second, most: 1 << 24 }
  return runApart(git, args, { cwd: root, env: gitEnvironment(root, env) }, limits)
}

const safe = new Map<string, Promise<Answer>>()

async function requireSafe(git: string, root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const asked = safe.get(git) ?? run(git, ['version'], root, env)
  safe.set(git, asked)
  const { stdout } = await asked
  if (isSafeGit(stdout)) return
  const version = /^git version ([\w.]{1,40})/.exec(stdout)?.[1] ?? 'of an unknown version'
  throw new Failure('failed', `git ${version} is too old to be asked about a repository safely.`, {
    hints: [
      'Install git 2.45 or newer, or a security release of May 2024 or later: 2.39.4, 2.40.2, 2.41.1, 2.42.2, 2.43.4, 2.44.1.',
    ],
  })
}

/**
 * Asks git about a repository, in the folder that has its `.git`, and in a way that no program that the repository names is
 * started. The only place where git is started. Throws a `Failure` where there is no git, or one that is too old.
 */
export async function askGit(
  root: string,
  subcommand: Subcommand,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Answer> {
  const git = await findProgram('git', env)
  if (git === null)
    throw new Failure('failed', `${root} is a git repository, and there is no git here to ask about it.`, {
      hints: ['Install git.'],
    })
  await requireSafe(git, root, env)
  return await run(git, [...switches, subcommand, ...args], root, env)
}

/** git goes on over an object that it cannot read, and leaves out what is below it, with exit code 0. */
export function isWhole({ code, stderr }: Answer): boolean {
  return (code === 0 || code === 1) && !/^(error|fatal):/m.test(stderr)
}
