import { type KeyObject, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { staleness } from '../lifecycle/health.ts'
import { signed } from '../lifecycle/transitions.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Secret } from '../model/secret.ts'
import { formatUnsigned } from './marker-text.ts'

/** Makes the marker that a live key gets one with a signature. */
export type Sign = (marker: Marker, liveId: string) => Marker

/** Where nobody signs. */
export const unsigned: Sign = marker => marker

/**
 * What a signature is over: the marker as it is written without one, and the live key's id. So a copy on another key never
 * verifies, and nothing of a marker can be edited.
 */
function signedText(marker: Marker, liveId: string): Buffer {
  return Buffer.from(`${formatUnsigned(marker)}\n${liveId}`)
}

/** `text`: SPKI in base64, as the schema has checked. */
function publicKeyOf(text: string): KeyObject {
  return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
}

/**
 * The public key that verifies a live key's signature, as its place in the list; -1 where none does. A signature is proof of
 * one thing: that this key is in use, by the secret that we delivered or adopted. In other states, and where the key was
 * regenerated since, it proves nothing.
 */
function signerOf({ id, ...live }: LiveKey, publicKeys: readonly KeyObject[]): number {
  const { ownership } = live
  if (ownership.kind !== 'managed') return -1
  const { marker } = ownership
  const { signature, state } = marker
  if (signature === null || (state.kind !== 'delivered' && state.kind !== 'external')) return -1
  if (staleness({ live: { id, ...live }, marker }) !== null) return -1
  const text = signedText(marker, id)
  const bytes = Buffer.from(signature, 'base64url')
  return publicKeys.findIndex(key => verify(null, text, key, bytes))
}

/** Does a signature by one of these public keys prove that a live key is ours? */
export function isSigned(live: LiveKey, publicKeys: readonly string[]): boolean {
  return signerOf(live, publicKeys.map(publicKeyOf)) >= 0
}

/** The ids of the live keys that a signature proves, and of those that the first public key verifies. */
export function signedKeys(
  keys: readonly LiveKey[],
  publicKeys: readonly string[],
): { readonly signed: ReadonlySet<string>; readonly signedNow: ReadonlySet<string> } {
  const known = publicKeys.map(publicKeyOf)
  const found = known.length === 0 ? [] : keys.map(live => ({ id: live.id, signer: signerOf(live, known) }))
  return {
    signed: new Set(found.filter(({ signer }) => signer >= 0).map(({ id }) => id)),
    signedNow: new Set(found.filter(({ signer }) => signer === 0).map(({ id }) => id)),
  }
}

/** Throws a usage `Failure`, which says nothing of what was read. */
function privateKeyOf(secret: Secret, source: string): KeyObject {
  const hints = ['It takes an Ed25519 key in PKCS#8, as: openssl genpkey -algorithm ed25519']
  let key: KeyObject
  try {
    key = createPrivateKey({ key: Buffer.from(secret.reveal(), 'base64'), format: 'der', type: 'pkcs8' })
  } catch {
    // What OpenSSL says may quote what it read.
    throw new Failure('usage', `${source} does not hold a private key`, { hints })
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new Failure('usage', `${source} holds a private key that is not Ed25519`, { hints })
}

/**
 * Signs with a private key: `secret` is PKCS#8 in base64, `source` says where it is from. Throws a usage `Failure` where it does
 * not belong to the first public key: nobody could verify what it signs.
 */
export function signerWith(secret: Secret, source: string, publicKeys: readonly string[]): Sign {
  const key = privateKeyOf(secret, source)
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
  if (own !== publicKeys[0]) {
    throw new Failure(
      'usage',
      `The private key in ${source} does not belong to the first of the public keys`,
      {
        hints: [`Its public key is ${own}. Put it first under marker.publicKeys, and keep the former one.`],
      },
    )
  }
  return (marker, liveId) => signed(marker, sign(null, signedText(marker, liveId), key).toString('base64url'))
}
