import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'

/** Fails where a secret would be seen by whoever looks at the screen, unless that was asked for. */
export function requireReveal(reveal: boolean, { stdout }: Context): void {
  if (!stdout.isTerminal || reveal) return
  throw new Failure(
    'usage',
    'Standard output is a terminal, where everybody behind you could read the secret',
    { hints: ['Send it through a pipe, or say --reveal where you want to see it.'] },
  )
}
