import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type StoreSpec, storeLabel } from '../model/store.ts'
import { type FileStoreDeps, type LockedFile, withFileLock } from './file-lock.ts'
import { refuseLinkedOut } from './linked-out.ts'
import { refuseMountPoint } from './mount-point.ts'
import { readRegularFile, regularFileAt } from './read-file.ts'
import type { SecretStore } from './secret-store.ts'
import { ensureFolder, removeFileDurably, writeFileDurably } from './write-file.ts'
import { shellWord } from '../model/shell-word.ts'

export type AgeFileSpec = Extract<StoreSpec, { kind: 'age-file' }>

const binary = 'age-encryption.org/v1\n'
const armored = '-----BEGIN AGE ENCRYPTED FILE-----'

/**
 * A file of its own, encrypted with age (https://age-encryption.org/v1) and armored: the secret and a line break. The
 * `age` program reads what this writes and the other way round. With no recipients it is encrypted for the identity's own.
 */
export function ageFileStore(spec: AgeFileSpec, { locking, allowed, tryFolder }: FileStoreDeps): SecretStore {
  const { path, identity } = spec
  const label = storeLabel(spec)

  async function recipients(): Promise<readonly string[]> {
    if (spec.recipients.length > 0) return spec.recipients
    if (identity === null) {
      throw new Failure('configuration', `${label} names nobody to encrypt for.`, {
        hints: ['Give it `recipients: [age1...]`, or an `identity` (`age-keygen -o PATH` makes one).'],
      })
    }
    const { readIdentities, recipientsOf } = await import('./age-keys.ts')
    return recipientsOf(await readIdentities(identity))
  }

  async function encrypt(text: string): Promise<Uint8Array> {
    const { encrypterFor } = await import('./age-keys.ts')
    const { armor } = await import('age-encryption')
    return Buffer.from(armor.encode(await encrypterFor(await recipients()).encrypt(`${text}\n`)))
  }

  async function decrypt(bytes: Buffer, identityPath: string): Promise<string> {
    const { decrypterFor, readIdentities } = await import('./age-keys.ts')
    const { armor } = await import('age-encryption')
    const decrypter = decrypterFor(await readIdentities(identityPath))
    try {
      const text = bytes.toString('latin1').trimStart()
      const plain = await decrypter.decrypt(text.startsWith(armored) ? armor.decode(text) : bytes, 'text')
      return plain.replace(/\r?\n$/, '')
    } catch {
      // The library's words are not ours to vouch for; these are the two things that can be wrong.
      throw new Failure('failed', `${path} cannot be decrypted with the identity ${identityPath}.`, {
        hints: [
          'Name the identity it was encrypted for; if the file is damaged, remove it: the next apply makes a new one.',
        ],
      })
    }
  }

  /** Recipients without the identity would be found out only when the secret is needed. */
  async function readBack(sealed: Buffer, identityPath: string): Promise<void> {
    const { readIdentities } = await import('./age-keys.ts')
    await readIdentities(identityPath)
    await decrypt(sealed, identityPath).catch(() => {
      throw new Failure(
        'configuration',
        `${label} could not be read back: its identity is none of its recipients.`,
        {
          hints: [
            `Add the output of \`age-keygen -y ${shellWord(identityPath)}\` to \`recipients\`, or leave \`identity\` out.`,
          ],
        },
      )
    })
  }

  return {
    backend: `age-file ${JSON.stringify([dirname(path), identity, ...spec.recipients])}`,
    readable: identity !== null,

    async probe() {
      const trial = randomBytes(8).toString('hex')
      const sealed = await encrypt(trial)
      if (identity !== null) await readBack(Buffer.from(sealed), identity)
      refuseAgePlace(spec, allowed)
      await tryFolder(dirname(path))
    },

    async put(secret, fence) {
      const sealed = await encrypt(secret.reveal())
      refuseAgePlace(spec, allowed)
      await ensureFolder(dirname(path))
      const write = async (file: LockedFile) => {
        refuseAgePlace(spec, allowed)
        await writeFileDurably(file, sealed)
      }
      await withFileLock(path, write, { ...locking, fence })
      return label
    },

    async get() {
      const file = readRegularFile(path)
      if (file === null) return null
      if (identity === null) {
        throw new Failure('failed', `${label} cannot be read: it names no identity.`, {
          hints: ['Give it an `identity`, the file with the private key.'],
        })
      }
      const value = await decrypt(file.bytes, identity)
      return value === '' ? null : new Secret(value)
    },

    async remove(fence) {
      if (regularFileAt(path) === null) return
      const remove = async (file: LockedFile) => {
        refuseAgePlace(spec, allowed)
        await removeFileDurably(file)
      }
      await withFileLock(path, remove, { ...locking, fence })
    },
  }
}

/** Throws a Failure (refused) where the file is led out of the repository, or is not an age file: such a one is neither overwritten nor removed. */
export function refuseAgePlace(spec: AgeFileSpec, allowed: readonly string[]): void {
  const { path } = spec
  refuseLinkedOut(spec, allowed)
  refuseMountPoint(path)
  const file = readRegularFile(path)
  if (file === null) return
  const text = file.bytes.toString('latin1')
  if (text.startsWith(binary) || text.trimStart().startsWith(armored)) return
  throw new Failure('refused', `${path} is not an age file, so it is left as it is.`, {
    hints: ['Name another path for this store, or remove the file.'],
  })
}
