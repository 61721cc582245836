import { randomUUID } from 'node:crypto'
import { realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded } from '../files/bounded-file.ts'
import { Failure } from '../model/failure.ts'
import { homeFolder } from '../files/home.ts'
import type { Instant } from '../model/duration.ts'
import { officialFiles } from '../platform/credentials.ts'
import type { CredentialReaders } from '../platform/find-credential.ts'
import type { Logins } from '../stores/logins.ts'

/** Far above what such a file ever holds. */
const largest = 1_048_576

const instead = 'Or use `fluxloop-keys auth login` or FLUXLOOP_API_KEY.'

/** The text of a file below the user's home; null where there is none. Rejects with a `Failure` where it cannot be read. */
async function homeFile(path: string): Promise<string | null> {
  try {
    const file = await readBounded(join(homeFolder(), path), largest)
    if (file.ok) return file.bytes.toString('utf8')
    const why = file.why === 'too-large' ? 'larger than 1 MB' : 'not a regular file'
    throw new Failure('authentication', `~/${path} is ${why}`, {
      hints: ['Put the file there that it should be.', instead],
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Failure('authentication', `~/${path} cannot be read (${code})`, {
      hints: ['Make it readable.', instead],
    })
  }
}

/** Puts a text in the place of a file below the user's home, for its owner alone, as the platform's own client does. */
async function replaceHomeFile(path: string, text: string): Promise<void> {
  const whole = join(homeFolder(), path)
  try {
    // The file may be a link to where a person keeps such files.
    const place = await realpath(whole).catch(() => whole)
    const draft = `${place}.${randomUUID()}`
    try {
      await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
      await rename(draft, place)
    } finally {
      await rm(draft, { force: true })
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Failure('authentication', `The login was renewed, and ~/${path} cannot be written (${code})`, {
      hints: ['Make it writable, and log in again: fluxloop auth login.', instead],
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
    keepLogin: async (profile, login) => {
      await (await deps.logins()).put(profile, login)
    },
    keepToken: async text => {
      await replaceHomeFile(officialFiles.token, text)
    },
    now: deps.now,
    tell: deps.tell,
  }
}
