import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
import { readBounded } from '../files/bounded-file.ts'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure } from './file-failure.ts'
import { shellWord } from '../model/shell-word.ts'

/** Far above any file of identities. */
const largest = 1_048_576

/** A file that is only read, never written, so that a link to it is fine. */
async function textAt(path: string): Promise<string> {
  const file = await readBounded(path, largest).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw fileFailure('read', path, error)
    throw new Failure('not-found', `There is no age identity at ${path}.`, {
      hints: [
        `Make one with \`age-keygen -o ${shellWord(path)}\`, or name the file of yours as \`identity\`.`,
      ],
    })
  })
  if (file.ok) return file.bytes.toString('utf8')
  const why = file.why === 'too-large' ? 'larger than 1 MB' : 'not a regular file'
  throw new Failure('configuration', `The age identity ${path} is ${why}.`, {
    hints: ['Name a file that holds the private key: a pipe or a device is not read.'],
  })
}

/** Reads the identities of a file as `age-keygen` writes it: one a line, blank lines and comments between. */
export async function readIdentities(path: string): Promise<string[]> {
  const text = await textAt(path)
  if (text.startsWith('age-encryption.org/') || text.startsWith('-----BEGIN AGE ENCRYPTED FILE')) {
    throw new Failure('configuration', `The age identity ${path} is itself encrypted.`, {
      hints: [
        'Name an identity that needs no passphrase, or leave `identity` out: the file is then only written.',
      ],
    })
  }
  const identities: string[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (!(await isIdentity(line))) {
      throw new Failure('configuration', `Line ${index + 1} of ${path} is not an age identity.`, {
        hints: [`Each line is a comment or AGE-SECRET-KEY-1..., as \`age-keygen -o PATH\` writes it.`],
      })
    }
    identities.push(line)
  }
  if (identities.length > 0) return identities
  throw new Failure('configuration', `${path} holds no age identity.`, {
    hints: ['Make one with `age-keygen -o PATH` and name that file as `identity`.'],
  })
}

async function isIdentity(text: string): Promise<boolean> {
  try {
    await identityToRecipient(text)
    return true
  } catch {
    return false
  }
}

export function recipientsOf(identities: readonly string[]): Promise<string[]> {
  return Promise.all(identities.map(identity => identityToRecipient(identity)))
}

/** An encrypter for all of them. Recipients are public, so a wrong one may be named. */
export function encrypterFor(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter()
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient)
    } catch {
      throw new Failure('configuration', `${JSON.stringify(recipient)} is not an age recipient.`, {
        hints: [
          'A recipient starts with age1; `age-keygen -y IDENTITY` prints it. SSH keys are not supported.',
        ],
      })
    }
  }
  return encrypter
}

export function decrypterFor(identities: readonly string[]): Decrypter {
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return decrypter
}
