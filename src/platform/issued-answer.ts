import { Secret } from '../model/secret.ts'
import { type Source, fieldOf, isKeyId, isRecord, sourceOf } from './reader.ts'

/** What the answer to create and regenerate holds: who the key is, its fields (not yet checked), and the secret. */
export interface IssuedAnswer {
  /** Null where the answer does not say, or says something that is not an id. */
  readonly id: string | null
  readonly key: unknown
  readonly secret: Secret | null
}

/** A secret has no space and is not masked: `flux_ci_****...mno34` stands in the same answers. */
function toSecret(value: unknown): Secret | null {
  return typeof value === 'string' && /^[!-)+-~]{8,4096}$/.test(value) && !value.includes('...')
    ? new Secret(value)
    : null
}

function inner(source: Source, name: string): Source {
  const value = fieldOf(source, name)
  return { ...source, record: isRecord(value) ? value : {} }
}

function idOf(holder: Source): string | null {
  const value = fieldOf(holder, 'id')
  return typeof value === 'string' && isKeyId(value) ? value : null
}

/**
 * Finds the secret where the platform's own client looks for it: `key`, `api_key`, `api_key.key`, `api_key_data.key`; and the
 * key in `api_key`, `api_key_data` or around it.
 */
export function readIssued(body: unknown, call: string): IssuedAnswer {
  const source = sourceOf(body, call)
  const places = [inner(source, 'api_key'), inner(source, 'api_key_data'), source]
  const holder =
    places.find(each => idOf(each) !== null) ??
    places.find(each => fieldOf(each, 'masked_key') !== undefined || fieldOf(each, 'name') !== undefined)
  const candidates = [
    fieldOf(source, 'key'),
    fieldOf(source, 'api_key'),
    ...places.map(each => fieldOf(each, 'key')),
  ]
  const secret = candidates.map(toSecret).find(each => each !== null) ?? null
  return { id: holder === undefined ? null : idOf(holder), key: holder?.record, secret }
}
