import type { Milliseconds } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { findProgram } from '../../../src/stores/find-program.ts'
import { isSafeGit } from '../../../src/stores/git-version.ts'
import type { CheckoutPlace } from './checkout-place.ts'
import { type Transports, certificatesFor, gitEnvironment, gitSwitches } from './git-environment.ts'
import { gitFailure } from './git-failure.ts'
import { type GitCall, type GitEnd, runGit } from './run-git.ts'

export interface CheckoutLimits {
  /** All of a checkout together. */
  readonly time: Milliseconds
  /** What is fetched, and the files of a commit, each. */
  readonly bytes: number
  /** Of one commit. */
  readonly files: number
}

/** git, for the checkouts of one stack. */
export interface Git {
  readonly limits: CheckoutLimits
  /** Is there time left? */
  readonly hasTime: () => boolean
  /** Its standard output. Rejects with a Failure where it fails, which says what it was asked to do. */
  readonly run: (
    doing: string,
    args: readonly string[],
    more?: Pick<GitCall, 'input' | 'take'>,
  ) => Promise<Buffer>
}

/** Above that nothing that git prints is kept; contents of files are taken piece by piece. */
const mostPrinted = 16 * 1024 * 1024

const tooOld =
  'Install git 2.45 or newer, or a security release of May 2024 or later: 2.39.4, 2.40.2, 2.41.1, 2.42.2, 2.43.4, 2.44.1.'

/** Finds git, and sees that it can be kept from what a repository wants. Throws a Failure where not. */
export async function openGit(
  place: CheckoutPlace,
  limits: CheckoutLimits,
  around: {
    readonly env: NodeJS.ProcessEnv
    readonly signal: AbortSignal | null
    readonly transports: Transports
  },
): Promise<Git> {
  const { signal, transports } = around
  const git = await findProgram('git', around.env)
  if (git === null)
    throw new Failure('not-found', 'The program git is not installed here', { hints: ['Install git.'] })
  const env = gitEnvironment(around.env, place.home, transports)
  const switches = gitSwitches(transports, await certificatesFor(around.env, place.folder))
  const until = performance.now() + limits.time
  const left = () => until - performance.now()

  const call = (args: readonly string[], more: Pick<GitCall, 'input' | 'take'> = {}): Promise<GitEnd> =>
    runGit({
      ...{ git, args, env, cwd: place.home, time: left(), signal, largestFile: limits.bytes },
      // Each object has a line of its own before its content.
      most: more.take === undefined ? mostPrinted : limits.bytes + limits.files * 200,
      ...more,
    })
  const version = await call(['version'])
  if (version.code !== 0) throw gitFailure('say its version', version, limits)
  if (!isSafeGit(version.stdout.toString('utf8')))
    throw new Failure('failed', 'git is too old to fetch a repository safely', { hints: [tooOld] })
  return {
    limits,
    hasTime: () => left() > 0,
    run: async (doing, args, more) => {
      const end = await call([...switches, ...args], more)
      if (end.code === 0) return end.stdout
      throw gitFailure(doing, end, limits)
    },
  }
}
