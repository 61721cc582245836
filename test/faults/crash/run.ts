import pLimit from 'p-limit'
import { type Case, titleOf } from './cases.ts'
import { type Verdict, play } from './play.ts'

export interface Tally {
  readonly title: string
  readonly verdict: Verdict
}

/** What runs a case again. */
export function replayCommand(one: Case): string {
  return `npm run test:faults -- --only '${titleOf(one)}'`
}

/** Plays cases, a few at once; a case that cannot be played is a failed one. */
export async function playAll(
  cases: readonly Case[],
  each: (tally: Tally, one: Case) => void,
  {
    parallelism = 3,
    program = null,
  }: { readonly parallelism?: number; readonly program?: string | null } = {},
): Promise<void> {
  const limit = pLimit(parallelism)
  await Promise.all(
    cases.map(one =>
      limit(async () => {
        const verdict = await play(one, program).catch((cause: unknown) => ({
          faults: [cause instanceof Error ? cause.message : String(cause)],
          killed: { first: false, second: false },
        }))
        each({ title: titleOf(one), verdict }, one)
      }),
    ),
  )
}
