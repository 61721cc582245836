import { Failure } from '../model/failure.ts'
import { whyReserved } from '../model/reserved-variable.ts'
import type { StoreSpec } from '../model/store.ts'
import { closest } from '../model/suggest.ts'
import { absolutePath } from './fill-in.ts'

const kinds = ['keychain', 'env-file', 'age-file']

const forms = [
  '--store keychain: the keychain, under the service `fluxloop` and the name of the key',
  '--store env-file:PATH or env-file:PATH:VARIABLE: a dotenv file; the variable is FLUXLOOP_API_KEY unless you name one',
  '--store age-file:PATH:age1...: a file encrypted for a recipient, or for several with commas between them',
  '--store age-file:PATH:IDENTITY: a file encrypted for the identity in that file, and readable with it',
]

function refuse(message: string, hints: readonly string[] = []): Failure {
  return new Failure('usage', message, { hints: [...hints, 'The stores:', ...forms] })
}

/** The keychain's account for a key made by hand: `Production Deployment` is `production-deployment`. */
export function accountOf(name: string): string {
  const slug = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return slug === '' ? 'key' : slug
}

/** What stands before and after the last colon; that of a Windows drive is part of a path. */
function splitLast(text: string): readonly [before: string, after: string | null] {
  const match = /^((?:[A-Za-z]:[\\/])?.+?):((?:[A-Za-z]:[\\/])?[^:]*)$/.exec(text)
  return match === null ? [text, null] : [match[1] ?? '', match[2] ?? '']
}

function envFile(rest: string, folder: string): StoreSpec {
  const [path, name] = splitLast(rest)
  const named = name !== null && /^[A-Za-z_]\w*$/.test(name)
  const why = named ? whyReserved(name) : null
  if (why !== null) throw refuse(`${String(name)} ${why}, so no secret may be written to it`)
  return {
    kind: 'env-file',
    path: absolutePath(named ? path : rest, folder),
    declaredIn: folder,
    name: named ? name : 'FLUXLOOP_API_KEY',
  }
}

function ageFile(text: string, rest: string, folder: string): StoreSpec {
  const [path, whom] = splitLast(rest)
  if (whom === null || whom === '') {
    throw refuse(`${text} does not say for whom to encrypt`, [
      'Add a recipient (age1...) or the file of an identity, after a colon.',
    ])
  }
  const recipients = whom.split(',')
  const sealed = recipients.every(recipient => /^age1[a-z0-9]{50,}$/.test(recipient))
  return {
    kind: 'age-file',
    path: absolutePath(path, folder),
    declaredIn: folder,
    recipients: sealed ? recipients : [],
    identity: sealed ? null : absolutePath(whom, folder),
    shared: false,
  }
}

/**
 * Reads what `--store` takes: `keychain`, `env-file:PATH[:VARIABLE]`, `age-file:PATH:RECIPIENTS` or `age-file:PATH:IDENTITY`.
 * Paths count from `folder`. `name` is the key's, which the keychain's account derives from. Throws a usage `Failure`.
 */
export function storeArgument(text: string, name: string, folder: string): StoreSpec {
  const at = text.indexOf(':')
  const kind = at === -1 ? text : text.slice(0, at)
  const rest = at === -1 ? '' : text.slice(at + 1)
  if (kind === 'keychain') {
    if (rest !== '') throw refuse(`--store keychain takes nothing after it, but got "${rest}"`)
    return { kind, service: 'fluxloop', account: accountOf(name), fallback: null }
  }
  if (!kinds.includes(kind)) {
    const near = closest(kind, kinds)
    throw refuse(`There is no store "${kind}"`, near === null ? [] : [`Did you mean ${near}?`])
  }
  if (rest === '') throw refuse(`${kind} needs a path, after a colon`)
  return kind === 'env-file' ? envFile(rest, folder) : ageFile(text, rest, folder)
}
