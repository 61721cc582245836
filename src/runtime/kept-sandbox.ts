import { dirname } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { administratorKey } from '../sandbox/administrator.ts'
import type { RateLimit } from '../sandbox/rate-limiter.ts'
import { type Sandbox, openSandbox } from '../sandbox/sandbox.ts'
import { ensureFolder } from '../stores/write-file.ts'

/** A sandbox whose database is a file at an absolute path, and the administrator's key next to it. Throws a Failure where either cannot be opened. */
export async function openKeptSandbox(
  database: string,
  options: { readonly rateLimit?: RateLimit } = {},
): Promise<{ readonly sandbox: Sandbox; readonly administrator: Secret }> {
  const unopened = (cause: unknown) =>
    new Failure('failed', `Cannot open ${database} as the database of a sandbox`, {
      hints: ['Name a file in a folder that you can write to: a new one, or one that a sandbox made.'],
      cause,
    })
  await ensureFolder(dirname(database)).catch((cause: unknown) => {
    throw unopened(cause)
  })
  try {
    const sandbox = openSandbox({ database, ...options })
    return { sandbox, administrator: await administratorKey(sandbox, `${database}.administrator`) }
  } catch (cause) {
    // A package may be missing, which has another remedy.
    throw cause instanceof Failure ? cause : unopened(cause)
  }
}
