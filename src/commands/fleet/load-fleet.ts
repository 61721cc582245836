import manifest from '../../../package.json' with { type: 'json' }
import { Failure } from '../../model/failure.ts'
import { type FleetPackage, fleetProtocol } from './fleet-package.ts'

const name = 'fluxloop-keys-fleet'
const wanted = manifest.peerDependencies['fluxloop-keys-fleet']
const install = [
  `Install it in the same place as fluxloop-keys: npm install ${name}@${wanted}`,
  'Until that is published, install the one that you packed yourself: see docs/releases.md.',
]

function notLoaded(cause: unknown): Failure {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (text.includes(`Cannot find package '${name}'`)) {
    return new Failure('failed', `The package ${name} is not installed`, {
      hints: [...install, 'A fleet needs it, and so does every run with FLUXLOOP_KEYS_DATABASE_URL.'],
      cause,
    })
  }
  return new Failure('failed', `The package ${name} cannot be loaded: ${text}`, {
    hints: ['Its installation is not complete.', ...install],
    cause,
  })
}

/** What a loaded module says of itself, to tell it from a package of another version. */
function facts(loaded: unknown): { readonly protocol: unknown; readonly version: string } {
  const { protocol, version } = loaded as { readonly protocol?: unknown; readonly version?: unknown }
  return { protocol, version: typeof version === 'string' ? version : 'of an unknown version' }
}

/** The module that `load` resolves to, once it is known to fit this program. Rejects with a Failure. */
export async function checkFleetPackage(load: () => Promise<unknown>): Promise<FleetPackage> {
  let loaded: unknown
  try {
    loaded = await load()
  } catch (cause) {
    throw notLoaded(cause)
  }
  const { protocol, version } = facts(loaded)
  if (protocol === fleetProtocol) return loaded as FleetPackage
  const speaks = typeof protocol === 'number' ? `protocol ${protocol}` : 'no protocol'
  throw new Failure(
    'failed',
    `${name} ${version} does not fit fluxloop-keys ${manifest.version}: it has ${speaks}, and protocol ${fleetProtocol} is needed`,
    { hints: [...install, 'Upgrade both packages together.'] },
  )
}

/**
 * The package of fleets, which who has no fleet does not install. As an import of this module it is found from the place of the
 * program alone: never from the working directory, where a repository could have put one, nor by NODE_PATH. Rejects with a Failure.
 */
export async function loadFleetPackage(): Promise<FleetPackage> {
  return await checkFleetPackage(async () => (await import('fluxloop-keys-fleet')) as unknown)
}
