import type { Signing } from '../apply/run.ts'
import type { DesiredState } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { isSigned, signerWith, unsigned } from '../platform/signature.ts'

/** The base64 of a PEM file, or of what stands between its first and its last line. */
function withoutArmour(text: string): string {
  return text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '')
}

/**
 * How a run signs and verifies, as the configuration says. Throws a usage `Failure` where it names a signing key that is not here: to
 * go on would take the signatures off the keys that the run writes.
 */
export function signingOf({ marker }: DesiredState, env: NodeJS.ProcessEnv): Signing {
  if (marker === null) return { sign: unsigned, isSigned: () => false }
  const { publicKeys, signingKey } = marker
  const verifying = { isSigned: (live: Parameters<Signing['isSigned']>[0]) => isSigned(live, publicKeys) }
  if (signingKey === null) return { ...verifying, sign: unsigned }
  const text = withoutArmour(env[signingKey] ?? '')
  if (text === '') {
    throw new Failure(
      'usage',
      `The environment variable ${signingKey}, which holds the signing key, is not set`,
      {
        hints: [
          'The configuration says that apply signs (marker.signingKey). Run apply where the key is.',
          'Where the key is lost, take signingKey out of the configuration: what is signed stays proven.',
        ],
      },
    )
  }
  return { ...verifying, sign: signerWith(new Secret(text), signingKey, publicKeys) }
}
