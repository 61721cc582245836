import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '../../src/model/secret.ts'
import { type Sign, signerWith } from '../../src/platform/signature.ts'

/** A pair of keys that a team signs markers with. */
export interface SigningKey {
  /** SPKI in base64, as the configuration has it. */
  readonly publicKey: string
  /** PKCS#8 in base64. */
  readonly privateKey: string
  /** The same as a PEM file. */
  readonly pem: string
  readonly sign: Sign
}

export function signingKey(): SigningKey {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  return {
    publicKey,
    privateKey,
    pem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    sign: signerWith(new Secret(privateKey), 'the test', [publicKey]),
  }
}
