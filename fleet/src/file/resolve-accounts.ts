import { checkUrl } from '../../../src/platform/endpoint.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { FleetAccount } from './fleet.ts'
import type { RawAccount } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'
import { resolveSecret } from './resolve-secret.ts'

/** The platform itself. */
const production = 'https://api.fluxloop.ai'

/** The URL as it is called; null where it is reported as wrong. The file is the operator's, so it may say where credentials go. */
function apiUrlOf(name: string, text: string, document: FleetDocument): string | null {
  const path = ['accounts', name, 'api-url']
  if (text.trim().startsWith('sandbox:')) {
    const message = 'A sandbox within the process belongs to one replica alone'
    const hint = 'Serve one with `fluxloop-keys sandbox`, and name its http URL.'
    document.report(path, { code: 'bad-value', message, hint })
    return null
  }
  try {
    return checkUrl(text, `\`accounts.${name}\``)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    document.report(path, { code: 'bad-value', message: error.message, hint: `It looks like ${production}.` })
    return null
  }
}

/** The accounts by name; null for one whose declaration is wrong, so that nothing else is said of it. Null: no name can be trusted. */
export function resolveAccounts(document: FleetDocument): ReadonlyMap<string, FleetAccount | null> | null {
  const { accounts } = document.raw
  if (accounts === undefined || !document.isValidAt(['accounts'])) return null
  const resolved = new Map<string, FleetAccount | null>()
  for (const [name, raw] of Object.entries(accounts)) {
    resolved.set(name, document.isValidAt(['accounts', name]) ? resolveAccount(name, raw, document) : null)
  }
  return resolved
}

function resolveAccount(name: string, raw: RawAccount, document: FleetDocument): FleetAccount | null {
  const apiUrl = apiUrlOf(name, raw['api-url'] ?? production, document)
  const credential = resolveSecret(raw.credential, ['accounts', name, 'credential'], document)
  return apiUrl === null || credential === null ? null : { name, apiUrl, credential }
}
