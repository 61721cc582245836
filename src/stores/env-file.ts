import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../model/failure.ts'
import { whyReserved } from '../model/reserved-variable.ts'
import { Secret } from '../model/secret.ts'
import { hasEnvFileName, isAllowedPath } from '../model/store-path.ts'
import { type StoreSpec, storeLabel, variablesOf } from '../model/store.ts'
import { fitsDotenv, readVariable, removeVariable, setVariable } from './dotenv.ts'
import { type FileStoreDeps, type LockedFile, withFileLock } from './file-lock.ts'
import { gitTracking } from './git-fate.ts'
import { refuseLinkedOut } from './linked-out.ts'
import { refuseMountPoint } from './mount-point.ts'
import { isMendable, mendMode } from './official-env-file.ts'
import { readRegularFile } from './read-file.ts'
import type { SecretStore } from './secret-store.ts'
import { ensureFolder, writeFileDurably } from './write-file.ts'
import { shellWord } from '../model/shell-word.ts'

export type EnvFileSpec = Extract<StoreSpec, { kind: 'env-file' }>

/**
 * A variable of a dotenv file, or several that hold the same. The file is edited as bytes (latin1), so what is not ours stays as it is, in any encoding
 * that contains ASCII. It is refused where git tracks it or where others than its owner may open it: a mode
 * that somebody chose is theirs to change. That of the platform's own client nobody chose.
 */
export function envFileStore(
  spec: EnvFileSpec,
  { env, locking, allowed, tryFolder }: FileStoreDeps & { readonly env: NodeJS.ProcessEnv },
): SecretStore {
  const { path } = spec
  const names = variablesOf(spec)

  const refusePlace = () => refuseEnvPlace(spec, allowed)

  return {
    backend: `env-file ${path}`,
    readable: true,

    async probe() {
      refuseNames(spec)
      refusePlace()
      await refuseTracked(spec, allowed, env)
      const text = readGuarded(path)
      for (const name of names) readVariable(text, name, path)
      await tryFolder(dirname(path))
    },

    async put(secret, fence) {
      refuseNames(spec)
      const value = valueFor(spec, secret)
      refusePlace()
      await refuseTracked(spec, allowed, env)
      await ensureFolder(dirname(path))
      const write = async (file: LockedFile) => {
        refusePlace()
        mendMode(path)
        const text = names.reduce((before, name) => setVariable(before, name, value, path), readGuarded(path))
        await writeFileDurably(file, Buffer.from(text, 'latin1'))
      }
      await withFileLock(path, write, { ...locking, fence })
      return storeLabel(spec)
    },

    get: () => Promise.resolve().then(() => secretIn(path, names)),

    async remove(fence) {
      if (readRegularFile(path) === null) return
      refusePlace()
      const write = async (file: LockedFile) => {
        const found = readRegularFile(path)
        const before = found === null ? '' : textOf(found.bytes, path)
        const after = names.reduce((text, name) => removeVariable(text, name, path), before)
        if (after !== before) await writeFileDurably(file, Buffer.from(after, 'latin1'))
      }
      await withFileLock(path, write, { ...locking, fence })
    },
  }
}

function secretIn(path: string, names: readonly string[]): Secret | null {
  const file = readRegularFile(path)
  if (file === null) return null
  const text = textOf(file.bytes, path)
  const values = names.map(name => readVariable(text, name, path))
  const value = values.find(each => each !== null) ?? null
  return value === null ? null : new Secret(Buffer.from(value, 'latin1').toString('utf8'))
}

/** The secret as it goes into the file, as latin1 over its UTF-8 bytes. */
function valueFor(spec: EnvFileSpec, secret: Secret): string {
  const value = secret.reveal()
  if (!fitsDotenv(value)) {
    throw new Failure('failed', `The secret has characters that cannot stand in ${storeLabel(spec)}.`, {
      hints: ['Use another store for this key, such as the keychain or an age-file.'],
    })
  }
  return Buffer.from(value, 'utf8').toString('latin1')
}

/** Throws a Failure (refused) where the user did not allow the file's name, the place that a link leads to, or a mount point. */
export function refuseEnvPlace(spec: EnvFileSpec, allowed: readonly string[]): void {
  refuseFileName(spec.path, allowed)
  refuseLinkedOut(spec, allowed)
  refuseMountPoint(spec.path)
}

function refuseFileName(path: string, allowed: readonly string[]): void {
  if (hasEnvFileName(path) || isAllowedPath(path, allowed)) return
  throw new Failure('refused', `${path} is not called .env, .env.NAME or NAME.env.`, {
    hints: [
      'Other files are read by programs that would make something else of a secret. Use such a name.',
      `If you want the secret in this very file: --allow-path ${shellWord(path)}`,
    ],
  })
}

function refuseNames(spec: EnvFileSpec): void {
  for (const name of variablesOf(spec)) refuseName(name)
}

function refuseName(name: string): void {
  const why = whyReserved(name)
  if (why !== null) {
    throw new Failure('configuration', `${name} ${why}, so no secret may be written to it.`, {
      hints: ['Give the variable a name of its own, such as FLUXLOOP_API_KEY.'],
    })
  }
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new Failure('configuration', `${JSON.stringify(name)} is not a name for a variable.`, {
      hints: ['Use letters, digits and underscores, with no digit first, such as FLUXLOOP_API_KEY.'],
    })
  }
}

async function refuseTracked(
  spec: EnvFileSpec,
  allowed: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { path } = spec
  const tracking = await gitTracking(spec, env)
  if (tracking === 'other-repository') {
    if (isAllowedPath(path, allowed)) return
    throw new Failure('refused', `${path} is in another git repository than the configuration.`, {
      hints: [
        'Nobody can tell whether it is tracked there: name a file in the repository of the configuration, or in none.',
        `If you want the secret in this very file: --allow-path ${shellWord(path)}`,
      ],
    })
  }
  if (tracking !== 'tracked') return
  throw new Failure('refused', `${path} is tracked by git, so a secret in it would be committed.`, {
    hints: [
      `Run \`git rm --cached ${shellWord(path)}\` and add it to .gitignore, or name another file.`,
      'An age-file may be committed: it is encrypted.',
    ],
  })
}

function readGuarded(path: string): string {
  const file = readRegularFile(path)
  if (file === null) return ''
  refuseOpen(path, file.stats)
  return textOf(file.bytes, path)
}

function refuseOpen(path: string, stats: Stats): void {
  if (process.platform === 'win32' || (stats.mode & 0o077) === 0 || isMendable(path, stats)) return
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  throw new Failure('refused', `${path} may be opened by other users (mode ${mode}).`, {
    hints: [`Run \`chmod 600 ${shellWord(path)}\`, or name another file.`],
  })
}

function textOf(bytes: Buffer, path: string): string {
  if (!bytes.includes(0)) return bytes.toString('latin1')
  throw new Failure('failed', `${path} is not a dotenv file: it holds NUL bytes.`, {
    hints: ['Save it as UTF-8 (not UTF-16), or name another file.'],
  })
}
