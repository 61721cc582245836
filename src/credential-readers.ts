import { open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from './model/failure.ts'
import type { Instant } from './model/duration.ts'
import type { CredentialReaders } from './platform/find-credential.ts'
import type { Logins } from './stores/logins.ts'

/** Far above what such a file ever holds. */
const largest = 1_048_576

/** The text of a file below the user's home; null where there is none. Rejects with a `Failure` where it cannot be read. */
async function homeFile(path: string): Promise<string | null> {
  try {
    const file = await open(join(homedir(), path))
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(largest + 1), 0, largest + 1, 0)
      if (bytesRead > largest) throw new Failure('authentication', `~/${path} is larger than 1 MB`)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Failure('authentication', `~/${path} cannot be read (${code})`, {
      hints: ['Make it readable, or use `fluxloop-keys auth login` or FLUXLOOP_API_KEY.'],
    })
  }
}

/** Where this machine keeps credentials. The keychain is started by the first look into it. */
export function credentialReaders(deps: {
  readonly env: NodeJS.ProcessEnv
  readonly logins: () => Promise<Logins>
  readonly now: () => Instant
  readonly tell: (text: string) => void
}): CredentialReaders {
  return {
    env: deps.env,
    login: async profile => await (await deps.logins()).get(profile),
    homeFile,
    now: deps.now,
    tell: deps.tell,
  }
}
