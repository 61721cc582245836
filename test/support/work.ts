import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

/** What the work is made of. Of what other files of tests ran before in this process, the engine tells at times as well. */
const parts = /\/src\/|\/node_modules\/(?:yaml|diff)\//

/** How often each piece of our code, and of the libraries that it works with, ran while `run` did: its file and offset, and a count. */
export async function workOf(run: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    await run()
    const { result } = await session.post('Profiler.takePreciseCoverage')
    await session.post('Profiler.stopPreciseCoverage')
    const files = result.filter(({ url }) => url.startsWith('file:') && parts.test(url))
    return new Map(
      files.flatMap(({ url, functions }) =>
        functions.flatMap(({ functionName, ranges }) =>
          ranges.map(({ startOffset, count }) => {
            const place = fileURLToPath(url.replace(/\?.*$/, ''))
            return [`${place} ${functionName || 'a function'} at ${startOffset}`, count] as const
          }),
        ),
      ),
    )
  } finally {
    session.disconnect()
  }
}

/**
 * The most of two counts of the same work. The engine forgets counts now and then, where it frees what it compiled, and never
 * counts too much.
 */
export function mostOf(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const pieces = [...new Set([...one.keys(), ...other.keys()])]
  return new Map(pieces.map(piece => [piece, Math.max(one.get(piece) ?? 0, other.get(piece) ?? 0)]))
}

/** Pieces that ran more than 2.6 times as often for twice as much: more than in proportion, and more than for sorting. */
export function growingTooFast(
  once: ReadonlyMap<string, number>,
  twice: ReadonlyMap<string, number>,
): readonly string[] {
  return [...twice].flatMap(([piece, count]) =>
    count > 5_000 && count > 2.6 * (once.get(piece) ?? 0)
      ? [`${piece}: ${once.get(piece) ?? 0}, then ${count}`]
      : [],
  )
}
