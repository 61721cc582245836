import type { Stats } from 'node:fs'
import { readBounded } from '../../../src/files/bounded-file.ts'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'
import { storeLabel } from '../../../src/model/store.ts'
import { childEnvironment } from '../../../src/stores/child-environment.ts'
import { printedSecret } from '../../../src/stores/exec-store.ts'
import type { Stores } from '../../../src/stores/open.ts'
import { programFailure } from '../../../src/stores/program-failure.ts'
import { runProgram } from '../../../src/stores/run-program.ts'
import type { CredentialReference } from './fleet.ts'
import { shellWord } from '../../../src/model/shell-word.ts'

/** Where secrets may lie. None is asked before it is its turn. */
export interface CredentialSurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly stores: () => Promise<Pick<Stores, 'open'>>
  /** How long a program may take; 30 seconds where nothing is said. */
  readonly timeout?: Milliseconds
}

/** Far above any key or address, and far below what would hurt. */
const largest = 65_536

const usualTimeout: Milliseconds = 30 * second

/** Where a secret is found, in words for people: never the secret. */
export function referenceText(reference: CredentialReference): string {
  switch (reference.kind) {
    case 'env':
      return `the environment variable ${reference.name}`
    case 'file':
      return `the file ${reference.path}`
    case 'exec':
      return `the program ${reference.line[0] ?? ''}`
    case 'keychain':
      return storeLabel(keychainSpec(reference))
  }
}

function keychainSpec({ service, account }: Extract<CredentialReference, { kind: 'keychain' }>) {
  return { kind: 'keychain', service, account, fallback: null } as const
}

function missing(reference: CredentialReference, why: string, hint: string): Failure {
  return new Failure('authentication', `There is no secret in ${referenceText(reference)}: ${why}`, {
    hints: [hint],
  })
}

/** A secret on one line, without the line break at its end. */
function secretOf(text: string, reference: CredentialReference): Secret {
  const value = text.trim()
  if (value === '') throw missing(reference, 'it is empty', 'Put the secret there.')
  if (/^[!-~]{1,8192}$/.test(value)) return new Secret(value)
  throw new Failure('authentication', `What is in ${referenceText(reference)} is not a secret`, {
    hints: ['It must be one line of at most 8,192 visible ASCII characters, without spaces.'],
  })
}

/**
 * As for env files of the tool: may others open it? A file that root has put there for our group, as Kubernetes mounts secrets, is ours
 * as well.
 */
function isOpen({ mode, uid }: Stats): boolean {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return false
  const isMounted = uid === 0 && process.getuid?.() !== 0 && (mode & 0o037) === 0
  return !isMounted
}

async function fromFile(reference: Extract<CredentialReference, { kind: 'file' }>): Promise<Secret> {
  const { path } = reference
  const file = await readBounded(path, largest).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw missing(
        reference,
        'there is no such file',
        'Correct the path in the fleet file, or make the file.',
      )
    throw new Failure('authentication', `${path} cannot be read (${code})`, { hints: ['Make it readable.'] })
  })
  if (!file.ok) {
    const why = file.why === 'too-large' ? 'is larger than 64 kB' : 'is not a regular file'
    throw new Failure('authentication', `${path} ${why}`, { hints: ['Name the file that holds the secret.'] })
  }
  if (isOpen(file.stats)) {
    const mode = (file.stats.mode & 0o777).toString(8).padStart(4, '0')
    throw new Failure('refused', `${path} may be opened by other users (mode ${mode})`, {
      hints: [
        `Run \`chmod 600 ${shellWord(path)}\`. In Kubernetes, mount the secret with \`defaultMode: 0440\` and an \`fsGroup\`.`,
      ],
    })
  }
  return secretOf(file.bytes.toString('utf8'), reference)
}

async function fromProgram(
  reference: Extract<CredentialReference, { kind: 'exec' }>,
  { env, timeout = usualTimeout }: CredentialSurroundings,
): Promise<Secret> {
  const { line } = reference
  const [program = ''] = line
  const end = await runProgram({
    line,
    env: childEnvironment(env),
    timeout,
    install: `Install ${program}, or name it with its absolute path in the fleet file.`,
  })
  if (end.code !== 0) throw programFailure(program, 'print the secret', end, 'secret')
  if (end.cut || printedSecret(end.stdout) === null)
    throw missing(
      reference,
      end.cut ? 'it printed more than 1 MB' : 'it printed nothing',
      'Run it by hand to see.',
    )
  return secretOf(end.stdout, reference)
}

/**
 * The secret that a reference of the fleet file leads to. Rejects with a Failure whose texts hold no part of it where there is none, or
 * where it is not kept from others.
 */
export async function resolveCredential(
  reference: CredentialReference,
  surroundings: CredentialSurroundings,
): Promise<Secret> {
  switch (reference.kind) {
    case 'env': {
      const value = surroundings.env[reference.name]
      if (value === undefined)
        throw missing(reference, 'it is not set', 'Set it where `fleet run` is started.')
      return secretOf(value, reference)
    }
    case 'file':
      return await fromFile(reference)
    case 'exec':
      return await fromProgram(reference, surroundings)
    case 'keychain': {
      const stores = await surroundings.stores()
      const found = await stores.open(keychainSpec(reference)).get()
      if (found !== null) return found
      throw missing(
        reference,
        'there is no such entry',
        'Correct `service` and `account`, or store the secret there.',
      )
    }
  }
}
